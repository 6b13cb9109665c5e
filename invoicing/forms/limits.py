"""Write-off limits: how much each role may let go at a time, per currency."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.choices import currencies
from config.common.roles import Role

from .fields import AmountField

LIMITED = [(Role.CLERK.value, Role.CLERK.label), (Role.MANAGER.value, Role.MANAGER.label)]


class LimitForm(forms.Form):
    """`values()` is what letting_go.set_limit takes. An empty amount takes the limit away."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=LIMITED)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), choices=currencies)
    most = AmountField(
        label=gettext_lazy("At most"),
        required=False,
        help_text=gettext_lazy(
            "For one invoice at a time. Empty: no limit is set; then clerks may not let anything go."
        ),
    )

    def __init__(self, data=None, *, initial):
        super().__init__(data, initial=initial)
        self.fields["most"].currency = (data or initial).get("currency") or "EUR"

    def clean_most(self):
        most = self.cleaned_data["most"]
        if most is not None and most < 0:
            raise forms.ValidationError(_("A limit is zero or more."))
        return most

    def values(self) -> dict:
        return {"role": self.cleaned_data["role"], "currency": self.cleaned_data["currency"]}
