"""Forms by which an admin looks after people, and the one by which somebody invited comes in."""

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from .forms import SeenForm
from .forms_zone import ZoneField
from .models import User
from .roles import Role

ROLES = [
    (Role.VIEWER, _("Viewer: reads everything, changes nothing")),
    (Role.CLERK, _("Clerk: customers, drafts, opens and sends invoices, records payments")),
    (Role.MANAGER, _("Manager: as a clerk, and voids, credits, refunds, templates and tax rates")),
    (Role.ADMIN, _("Admin: everything, with people, organization, bank accounts and number series")),
]


class PersonForm(SeenForm, forms.ModelForm):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = ZoneField()

    class Meta:
        model = User
        fields = ["name", "email", "role", "language", "time_zone"]

    def __init__(self, *args, by, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk == by.pk:
            self.fields["role"].disabled = True
            self.fields["role"].help_text = _("Nobody changes their own role. Ask another admin.")


class JoinForm(forms.Form):
    """Somebody invited chooses a password, typed twice."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        help_text=lazy(lambda: " ".join(password_validators_help_texts()), str)(),
    )
    again = forms.CharField(
        label=_("Password again"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self):
        said = super().clean()
        if not self.errors and said["password"] != said["again"]:
            self.add_error("again", _("The two passwords differ. Type the same one twice."))
        return said
