"""What the dialog of a batch asks: the settings all chosen invoices share."""

import secrets

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.addresses import LONGEST
from config.common.forms import EmailListField, SwitchInput

from .. import merge
from ..services import proposing
from ..services.batches.wishes import Action, Wishes
from ..services.mail import link_refusal
from .scheduling import EACH, WHEN_FIELDS, LaterFields
from .sending import WayForm

MAIL_FIELDS = ("subject", "reply_to", "cc", "message")
DEFAULT = gettext_lazy("Blank: each invoice’s template default.")


class BatchForm(forms.Form):
    """`wishes()` is what the services take. `request_id` is the dialog's own token: the same submit twice is one
    operation.
    """

    leaves_out = forms.ChoiceField(
        choices=[("yes", gettext_lazy("Leave those out")), ("no", gettext_lazy("Run all the same"))], required=False
    )
    request_id = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, data=None, *, action: str, opens_drafts: bool, initial=None, **kwargs):
        """`opens_drafts`: chosen in Invoices to be sent, where sending opens a draft on the way."""
        self.action = Action(action)
        self.opens_drafts = opens_drafts and action in (Action.SEND, Action.SUBMIT)
        super().__init__(data, initial={"request_id": secrets.token_urlsafe(24), **(initial or {})}, **kwargs)

    @property
    def leaving(self) -> bool:
        """Whether what would fail is left out; so unless somebody chose otherwise."""
        return self.data.get("leaves_out", "yes") != "no"

    @property
    def mails(self) -> bool:
        return False

    def shown(self) -> dict:
        """What a browser would send of it if nobody touched anything."""
        values = {name: self[name].value() for name in self.fields}
        return {name: value for name, value in values.items() if value not in (None, False)}

    def wishes(self) -> Wishes:
        raise NotImplementedError


class MailBatchForm(LaterFields, BatchForm):
    """Open, Send and Submit E-Invoice; with both switches off nobody looks at what stands in the mail's fields."""

    send_email = forms.BooleanField(
        label=gettext_lazy("Send Email"),
        help_text=gettext_lazy("With the PDF, in the background, to the contacts of each customer."),
        required=False,
        widget=SwitchInput,
    )
    submit_einvoice = forms.BooleanField(
        label=gettext_lazy("Submit E-Invoice"),
        help_text=gettext_lazy(
            "No customer has an e-invoice address yet: each invoice goes by ordinary email instead, once, and its "
            "record says why."
        ),
        required=False,
        widget=SwitchInput,
    )
    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        max_length=200,
        required=False,
        validators=[merge.check_subject],
        help_text=DEFAULT,
    )
    reply_to = forms.EmailField(max_length=LONGEST, label=gettext_lazy("Reply-To"), required=False, help_text=DEFAULT)
    cc = EmailListField(label=gettext_lazy("CC"), required=False, help_text=DEFAULT)
    message = forms.CharField(
        label=gettext_lazy("Custom Message"),
        required=False,
        max_length=10_000,
        validators=[merge.check],
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=DEFAULT,
    )
    portal_link = forms.BooleanField(
        label=gettext_lazy("Portal link"),
        help_text=gettext_lazy("A button to the page of the invoice; each customer email gets a link of its own."),
        required=False,
        widget=SwitchInput,
    )
    field_order = ["send_email", "submit_einvoice", *MAIL_FIELDS, "portal_link", "later", *WHEN_FIELDS]

    def __init__(self, data=None, *, action: str, person, initial=None, **kwargs):
        asked = {"send_email": action == Action.SEND, "submit_einvoice": action == Action.SUBMIT}
        if data is None:
            asked["portal_link"] = proposing.puts_link()
        super().__init__(data, action=action, initial={**asked, **(initial or {})}, **kwargs)
        self.initial = {**self.offer_each(person), **self.initial}
        self.mark_optional = False  # they all are; what blank means is said at each

    @property
    def mails(self) -> bool:
        return bool(self["send_email"].value() or self["submit_einvoice"].value())

    def full_clean(self):
        super().full_clean()
        self.overlook_when()
        if self.is_bound and not self.mails:
            for name in (*MAIL_FIELDS, *WHEN_FIELDS):
                self._errors.pop(name, None)

    @property
    def waits(self) -> bool:
        return self.mails and super().waits

    def clean(self):
        if self.action != Action.OPEN and not self.mails:
            self.add_error(None, _("Nothing would be sent. Turn on Send Email or Submit E-Invoice."))
        typed = super().clean()
        if refusal := link_refusal(typed.get("message", ""), portal_link=typed.get("portal_link", False)):
            self.add_error("message", refusal)
        return typed

    def wishes(self) -> Wishes:
        typed = self.cleaned_data
        return Wishes(
            action=self.action.value,
            opens_drafts=self.opens_drafts,
            send_email=typed["send_email"],
            submit_einvoice=typed["submit_einvoice"],
            subject=typed.get("subject", ""),
            reply_to=typed.get("reply_to", ""),
            cc=", ".join(typed.get("cc", ())),
            message=typed.get("message", ""),
            portal_link=typed["portal_link"],
            **(self._when() if self.waits else {}),
        )

    def _when(self) -> dict:
        wall = self.wall()
        return {"send_on": wall.on, "send_at": wall.at, "zone": "" if wall.zone == EACH else wall.zone}


class MarkBatchForm(BatchForm, WayForm):
    """Mark as Sent: one way and one day for all of them."""

    field_order = ["how", "sent_on", "note"]

    def __init__(self, data=None, *, today, **kwargs):
        self.today = today
        super().__init__(data, today=today, **kwargs)
        self.fields["how"].label = _("How were they sent?")

    def clean_sent_on(self):
        day = self.cleaned_data["sent_on"]
        if day > self.today:
            raise forms.ValidationError(_("It cannot have been sent on a day that has not come yet. Check the date."))
        return day

    def wishes(self) -> Wishes:
        return Wishes(action=self.action.value, **self.values())


def form_of(action: str, data=None, *, today, person, **kwargs) -> BatchForm:
    """The form of an action; `today` in the organization's time zone, `person` is who looks at it."""
    if action == Action.MARK:
        return MarkBatchForm(data, action=action, today=today, **kwargs)
    return MailBatchForm(data, action=action, person=person, **kwargs)
