"""What admins type about us."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import choices
from config.common.forms import SeenForm
from config.common.once import OnceForm

from . import countries, identifiers
from .forms import PARTY_FIELDS, PartyForm
from .models import BankAccount, Organization, OrganizationEmail


class OrganizationForm(PartyForm):
    website = forms.URLField(label=gettext_lazy("Website"), required=False, max_length=200, assume_scheme="https")

    class Meta:
        model = Organization
        fields = [
            "legal_name", "trade_name", "street", "street2", "postcode", "city", "region", "country", "email", "phone",
            "website", *PARTY_FIELDS, "track_links", "track_opens",
            "portal_link_in_emails",
        ]  # fmt: skip
        help_texts = {
            "trade_name": gettext_lazy("As customers know you; the subject of emails uses it."),
            "email": gettext_lazy("Printed on invoices."),
            "registration_no": gettext_lazy("Commercial register, chamber of commerce; printed on invoices."),
            "time_zone": gettext_lazy("Decides which day it is: what is due today, and the date of an invoice."),
            "currency": gettext_lazy("Of the accounts. Invoices in another one show their VAT in this one too."),
            "portal_link_in_emails": gettext_lazy(
                "A button to a page with that one invoice and its PDF; each customer email gets a link of its own. "
                "It can be switched for each send."
            ),
            "track_links": gettext_lazy("A visit of the page behind the link counts as a click. It needs no pixel."),
            "track_opens": gettext_lazy(
                "A picture of one pixel in the mail. Many countries ask for the reader’s consent; each customer can be "
                "set otherwise. Turned off, nothing is recorded, of old mails neither."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.choose_from("country", countries.choices())
        for name in ("street", "city", "country"):
            self.fields[name].required = True


class OrganizationEmailForm(SeenForm, forms.ModelForm):
    class Meta:
        model = OrganizationEmail
        fields = ["email", "label", "preselected"]
        help_texts = {"label": gettext_lazy("What this mailbox is for, such as bookkeeping.")}


class RejectionForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class BankAccountForm(OnceForm, forms.ModelForm):
    class Meta:
        model = BankAccount
        fields = ["holder", "bank_name", "iban", "bic", "currency", "account_no", "routing"]
        help_texts = {
            "currency": gettext_lazy("Shown on invoices in this currency only; without one, on all others."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["iban"] = identifiers.spaced_iban(self.instance.iban)
        self.fields["iban"] = forms.CharField(label=_("IBAN"), max_length=42, required=False)
        self.fields["bic"] = forms.CharField(label=_("BIC"), max_length=14, required=False)
        self.fields["currency"] = forms.ChoiceField(
            label=_("Currency"),
            required=False,
            help_text=self.fields["currency"].help_text,
            choices=choices.with_present([("", _("Any")), *choices.currencies()], self.instance.currency),
        )

    def clean_iban(self):
        return identifiers.check_iban(self.cleaned_data["iban"])

    def clean_bic(self):
        return identifiers.check_bic(self.cleaned_data["bic"])

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("iban") and not cleaned.get("account_no") and "iban" not in self.errors:
            self.add_error("iban", _("A bank account needs an IBAN or an account number. Fill in one of them."))
        return cleaned

    def validate_constraints(self):
        """Said above, in words."""


class LogoForm(forms.Form):
    """The picture itself is judged by the service, from its own bytes."""

    logo = forms.FileField(
        label=gettext_lazy("PNG or JPEG"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=gettext_lazy("At most 2 MB. It is drawn anew, at most 600 pixels wide."),
    )
