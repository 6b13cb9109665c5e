"""What people type about customers and their contacts."""

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import choices
from config.common.addresses import LONGEST
from config.common.forms import SeenForm, VersionedForm
from config.common.once import OnceForm

from . import countries, identifiers
from .models import Address, Contact, Customer

ADDRESS_PARTS = ["attention", "street", "street2", "postcode", "city", "region", "country"]
PARTY_FIELDS = [
    "vat_id", "tax_number", "registration_no", "registration_scheme", "endpoint_scheme", "endpoint_id", "language",
    "time_zone", "currency",
]  # fmt: skip


class PartyForm(VersionedForm):
    """What both sides have: proven numbers, and choices instead of codes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        schemes = [("", "—"), *identifiers.SCHEMES]
        for name, offered in {
            "registration_scheme": [pair for pair in schemes if pair[0] < "1"],
            "endpoint_scheme": schemes,
            "time_zone": choices.time_zones(),
            "currency": choices.currencies(),
        }.items():
            self.choose_from(name, offered)

    def choose_from(self, name, offered):
        """Turn a text field into a select that also holds what the row has now."""
        old = self.fields[name]
        self.fields[name] = forms.ChoiceField(
            choices=choices.with_present(list(offered), self.initial.get(name)),
            required=old.required,
            label=old.label,
            help_text=old.help_text,
        )

    def clean_vat_id(self):
        """Checked when typed; what is there already (from a file, say) does not stand in the way of other changes."""
        value = self.cleaned_data["vat_id"].strip()
        return value if value == self.initial.get("vat_id") else identifiers.check_vat_id(value)

    def clean(self):
        cleaned = super().clean()
        scheme, address = cleaned.get("endpoint_scheme", ""), cleaned.get("endpoint_id", "").strip()
        if bool(scheme) != bool(address):
            missing = "endpoint_id" if scheme else "endpoint_scheme"
            self.add_error(missing, _("An e-invoice address is a scheme and an address. Fill in both, or neither."))
        elif address and {"endpoint_scheme", "endpoint_id"} & set(self.changed_data):
            try:
                cleaned["endpoint_id"] = identifiers.check_endpoint(scheme, address)
            except forms.ValidationError as error:
                self.add_error("endpoint_id", error)
        if cleaned.get("registration_scheme") and not cleaned.get("registration_no"):
            self.add_error("registration_no", _("A scheme was chosen: type the number too, or take the scheme away."))
        return cleaned


class AsOursSelect(forms.NullBooleanSelect):
    """Yes, no, or as the organization has it."""

    def __init__(self, attrs=None):
        super().__init__(attrs)
        self.choices[0] = ("unknown", gettext_lazy("As the organization"))


class CustomerForm(PartyForm):
    """Everything about a customer but its contacts, with both addresses."""

    class Meta:
        model = Customer
        fields = [
            "name", "kind", "number", "latin_name", *PARTY_FIELDS, "terms_days", "discount_percent", "discount_days",
            "buyer_reference", "notes", "track_links", "track_opens",
        ]  # fmt: skip
        widgets = {
            "notes": forms.Textarea(attrs={"rows": 3}),
            "track_links": AsOursSelect,
            "track_opens": AsOursSelect,
        }
        labels = {
            "terms_days": gettext_lazy("Payment terms, days net"),
            "latin_name": gettext_lazy("Name in Latin letters"),
        }
        help_texts = {
            "latin_name": gettext_lazy("For documents and files that cannot show the name as it is."),
            "buyer_reference": gettext_lazy("What they want quoted on every invoice, such as a Leitweg-ID."),
            "notes": gettext_lazy("For colleagues; never on a document."),
            "track_opens": gettext_lazy(
                "Only with their consent. Turned off, nothing is recorded, of old mails neither."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["discount_percent"].required = self.fields["discount_days"].required = False
        addresses = {row.kind: row for row in self.instance.addresses.all()} if self.instance.pk else {}
        for kind in ("billing", "delivery"):
            self._add_address(kind, addresses.get(kind))

    def _add_address(self, kind, row):
        for name, field in fields_for_model(Address, ADDRESS_PARTS).items():
            key = f"{kind}_{name}"
            self.fields[key] = field
            if row:
                self.initial[key] = getattr(row, name)
            if name == "country":
                self.choose_from(key, countries.choices())

    def clean_discount_percent(self):
        return self.cleaned_data["discount_percent"] or 0

    def clean_discount_days(self):
        return self.cleaned_data["discount_days"] or 0

    def clean(self):
        cleaned = super().clean()
        for kind in ("billing", "delivery"):
            parts = self._address(kind)
            if any(parts.values()) and not parts["country"]:
                self.add_error(f"{kind}_country", _("Choose the country; tax and postage depend on it."))
        if bool(cleaned.get("discount_percent")) != bool(cleaned.get("discount_days")):
            sentence = _("A cash discount needs a percent and a number of days. Fill in both, or neither.")
            self.add_error("discount_percent", sentence)
        return cleaned

    def _address(self, kind):
        return {name: self.cleaned_data.get(f"{kind}_{name}") or "" for name in ADDRESS_PARTS}

    def values(self) -> dict:
        """As the services take them: own fields, and an address of each kind."""
        own = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return {**own, "address": self._address("billing"), "delivery_address": self._address("delivery")}


class NewCustomerForm(OnceForm, CustomerForm):
    """A customer and the first contact in one go."""

    contact_name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    contact_email = forms.EmailField(
        max_length=LONGEST,
        label=gettext_lazy("Email"),
        required=False,
        help_text=gettext_lazy("Invoices go to this address."),
    )
    contact_phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    version = None  # nobody else can have changed what is not there yet

    def __init__(self, *args, organization=None, **kwargs):
        super().__init__(*args, instance=Customer(), **kwargs)
        self.fields["number"].required = False
        self.fields["number"].help_text = _("Left empty, it gets the next free one.")
        if organization:
            ours = ("language", "time_zone", "currency")
            self.initial |= {name: getattr(organization, name) for name in ours}
            self.initial["billing_country"] = organization.country

    def values(self) -> dict:
        contact = {name: self.cleaned_data[f"contact_{name}"] for name in ("name", "email", "phone")}
        given = contact["name"] or contact["email"]
        return {**super().values(), "contacts": [contact] if given else []}

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("contact_phone") and not (cleaned.get("contact_name") or cleaned.get("contact_email")):
            self.add_error("contact_name", _("Whose phone is it? Type a name or an email address."))
        parts = {name: value for name, value in self._address("billing").items() if name != "country"}
        if not any(parts.values()) and "billing_country" not in self.changed_data:
            cleaned["billing_country"] = ""  # the proposal alone is no address
        return cleaned


class ContactForm(OnceForm, SeenForm, forms.ModelForm):
    class Meta:
        model = Contact
        fields = ["name", "email", "phone", "role", "gets_invoices"]
        help_texts = {"gets_invoices": gettext_lazy("Takes effect where an email address is given.")}

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("name") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", _("A contact needs a name or an email address. Fill in one of them."))
        return cleaned

    def validate_constraints(self):
        """A second use of an address is refused by the service, in a sentence."""
