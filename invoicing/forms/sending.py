"""What people type when they open, send or mark an invoice."""

import uuid

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.addresses import LONGEST, mailbox
from config.common.forms import DateInput, EmailListField, EmailListInput, SwitchInput

from .. import merge
from ..services import proposing, scheduling
from ..services.delivering import newest_delivery
from ..services.mail import Mail, link_refusal
from .scheduling import WHEN_FIELDS, LaterFields

MAIL_FIELDS = ("to", "copies", "subject", "reply_to", "cc", "message")


class SendForm(LaterFields, forms.Form):
    """The mail, pre-filled from contacts and template. `mail()` is what the service takes, `wall()` when it goes.

    `occasion` is the dialog's own token (the same submit twice is one send), `seen` the newest delivery when it was
    drawn, `version` the draft as it was looked at.
    """

    to = EmailListField(label=gettext_lazy("Customer Emails"))
    copies = EmailListField(label=gettext_lazy("Organization Emails"), required=False)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200, validators=[merge.check_subject])
    reply_to = forms.EmailField(max_length=LONGEST, label=gettext_lazy("Reply-To"))
    cc = EmailListField(label=gettext_lazy("CC"), required=False)
    message = forms.CharField(
        label=gettext_lazy("Custom Message"),
        required=False,
        max_length=10_000,
        validators=[merge.check],
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    portal_link = forms.BooleanField(
        label=gettext_lazy("Portal link"),
        help_text=gettext_lazy("A button to the page of this invoice; each customer email gets a link of its own."),
        required=False,
        widget=SwitchInput,
    )
    lift_mark = forms.BooleanField(
        label=gettext_lazy("Lift the mark “sent some other way”"),
        help_text=gettext_lazy("Then reminders and autopayment apply to this invoice again."),
        required=False,
    )
    anyway = forms.BooleanField(label=gettext_lazy("Send to it anyway"), required=False)
    occasion = forms.CharField(max_length=60, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, invoice, proposal, person, later=False):
        self.invoice, self.proposal = invoice, proposal
        super().__init__(data)
        self.initial = {"later": later, **self.offer_zones(invoice, person), **self._initial()}
        if not invoice.is_draft and scheduling.too_late(invoice):
            self.leave_now()
        self.fields["to"].error_messages["required"] = _(
            "Nobody would get this email. Add at least one customer email."
        )
        self._offer("to", "known", proposal.known)
        self._offer("cc", "known", proposal.known)
        self._offer("copies", "own", proposal.own)
        for name in ("subject", "message"):
            self.fields[name].widget.attrs["data-wording"] = True
        self.fields["message"].help_text = (
            _("Replaces the message of the template “%(template)s” for this send only.")
            % {"template": proposal.template}
            if proposal.template
            else ""
        )
        if not invoice.marked_sent_at:
            del self.fields["lift_mark"]
        if not proposal.trouble:
            del self.fields["anyway"]

    def mail(self) -> Mail:
        typed = self.cleaned_data
        return Mail(
            readers=proposing.readers(self.invoice, to=typed["to"], cc=typed["cc"], copies=typed["copies"]),
            subject=typed["subject"],
            reply_to=typed["reply_to"],
            message=typed["message"],
            occasion=typed["occasion"],
            seen=typed["seen"],
            portal_link=typed["portal_link"],
            lift_mark=typed.get("lift_mark", False),
            anyway=typed.get("anyway", False),
        )

    def clean(self):
        typed = super().clean()
        if refusal := link_refusal(typed.get("message", ""), portal_link=typed.get("portal_link", False)):
            self.add_error("message", refusal)
        return typed

    def full_clean(self):
        super().full_clean()
        self.overlook_when()

    def catch_up(self, refusal):
        """After its reader was told that the draft changed, the dialog shows it as it is now: opening it is meant."""
        self.data = self.data.copy()
        self.data["version"] = type(self.invoice).objects.values_list("version", flat=True).get(pk=self.invoice.pk)

    @property
    def reader_count(self) -> int:
        return len({mailbox(email) for name in ("to", "cc", "copies") for email in self._addresses(name)})

    def _addresses(self, name):
        return self.fields[name].to_python(self[name].value())

    def _initial(self):
        return {
            **{name: getattr(self.proposal, name) for name in MAIL_FIELDS},
            "portal_link": self.proposal.portal_link,
            "occasion": uuid.uuid4().hex,
            "seen": newest_delivery(self.invoice),
            "version": self.invoice.version,
        }

    def _offer(self, name, source, addresses):
        """The widget names the list of addresses it offers; the template writes that list."""
        attrs = {"placeholder": _("Add an address")}
        if addresses:
            attrs["list"] = f"{source}-{self.invoice.pk}"
        self.fields[name].widget = EmailListInput(attrs)
        self.fields[name].widget.is_required = self.fields[name].required


class OpenForm(SendForm):
    """Opening, with the mail beside it where Send Email is on; off, nobody looks at what stands in its fields."""

    send_email = forms.BooleanField(
        label=gettext_lazy("Send Email"),
        help_text=gettext_lazy("With the PDF, in the background, once it is open"),
        required=False,
        widget=SwitchInput,
    )
    field_order = ["send_email"]

    def _initial(self):
        return {**super()._initial(), "send_email": self.proposal.has_address}

    def full_clean(self):
        super().full_clean()
        if self.is_bound and not self.sends:
            for name in (*MAIL_FIELDS, *WHEN_FIELDS):
                self._errors.pop(name, None)

    @property
    def sends(self) -> bool:
        return bool(self["send_email"].value())

    @property
    def waits(self) -> bool:
        return self.sends and super().waits


class WayForm(forms.Form):
    """How, and when, something was sent by other means."""

    OTHER = "other"
    WAYS = {
        "post": gettext_lazy("By post"),
        "portal": gettext_lazy("Uploaded to the customer’s portal"),
        "hand": gettext_lazy("Handed over"),
        "email": gettext_lazy("From another mailbox"),
        OTHER: gettext_lazy("Some other way"),
    }
    how = forms.ChoiceField(label=gettext_lazy("How was it sent?"), choices=list(WAYS.items()), initial="post")
    sent_on = forms.DateField(label=gettext_lazy("When?"), widget=DateInput)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("Kept in the activity, for example a tracking number."),
        max_length=500,
        required=False,
    )

    def __init__(self, data=None, *, today, initial=None):
        super().__init__(data, initial={"sent_on": today, **(initial or {})})
        self.fields["sent_on"].widget.attrs["max"] = today.isoformat()

    def clean(self):
        typed = super().clean()
        if typed.get("how") == self.OTHER and not typed.get("note"):
            self.add_error("note", _("Say in a few words how it was sent."))
        return typed

    def values(self) -> dict:
        """What mark_as_sent takes; the way of sending in the words of today's language."""
        typed = self.cleaned_data
        return {"how": str(self.WAYS[typed["how"]]), "sent_on": typed["sent_on"], "note": typed["note"]}


class MarkForm(WayForm):
    """One invoice, as it was looked at."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, invoice, today):
        self.invoice = invoice
        super().__init__(data, today=today, initial={"version": invoice.version})

    def catch_up(self, refusal):
        self.data = self.data.copy()
        self.data["version"] = type(self.invoice).objects.values_list("version", flat=True).get(pk=self.invoice.pk)


class SettleForm(forms.Form):
    """A person's word about a delivery that failed or whose outcome is not known."""

    decision = forms.ChoiceField(choices=[("arrived", ""), ("again", ""), ("rest", "")])
    address = forms.EmailField(max_length=LONGEST, label=gettext_lazy("Send again to"), required=False)
