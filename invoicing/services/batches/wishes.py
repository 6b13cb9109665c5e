"""What was asked for in the dialog of a batch, and what that means for one invoice. Pure: no query."""

from dataclasses import dataclass
from datetime import date, time

from django.utils.translation import gettext as _

from ...models import BatchOperation, Invoice
from ...wall_time import WallTime

Action = BatchOperation.Action


@dataclass(frozen=True)
class Wishes:
    """The settings all invoices of the batch share; a blank text means each one's template default.

    `opens_drafts`: Send in Invoices to be sent, where a draft is opened on the way. `sent_on` is a day in the
    organization's time zone. `send_on`, `send_at`, `zone`: Schedule for Later; a blank zone is each customer's own.
    """

    action: str
    opens_drafts: bool = False
    send_email: bool = False
    submit_einvoice: bool = False
    subject: str = ""
    reply_to: str = ""
    cc: str = ""  # comma-separated
    message: str = ""
    send_on: date | None = None
    send_at: time | None = None
    zone: str = ""
    portal_link: bool = False
    how: str = ""
    sent_on: date | None = None
    note: str = ""

    @property
    def mails(self) -> bool:
        """Whether an email goes out: asked for, or because an e-invoice has no address to go to."""
        return self.send_email or self.submit_einvoice

    @property
    def waits(self) -> bool:
        """Whether its emails are scheduled for later, and its drafts opened then."""
        return self.mails and self.send_on is not None

    def wall(self, customer_zone: str) -> WallTime | None:
        """When the email to a customer of that time zone goes out; None: at once."""
        if not self.waits or self.send_on is None or self.send_at is None:
            return None
        return WallTime(self.send_on, self.send_at, self.zone or customer_zone)

    @property
    def opens(self) -> bool:
        """Whether a draft is opened by it, at once or when its email goes out."""
        return self.opens_drafts or self.action in (Action.OPEN, Action.MARK)


def of(operation: BatchOperation) -> Wishes:
    return Wishes(**{name: getattr(operation, name) for name in Wishes.__dataclass_fields__})


def not_meant(wishes: Wishes, *, status: str, billed: bool) -> str:
    """Why an invoice in this state has no part in it, as a sentence; "" where it has. Skipped is not failed."""
    if status == Invoice.Status.VOID:
        return _("It is void.")
    if wishes.action == Action.OPEN:
        return "" if status == Invoice.Status.DRAFT else _("It is open already.")
    if wishes.action == Action.MARK:
        return _("It was sent already.") if billed else ""
    if status == Invoice.Status.DRAFT:
        return "" if wishes.opens_drafts else _("It is a draft. Open it first; Open can send it in the same step.")
    if status == Invoice.Status.PAID and billed:
        return _("It is paid. A copy can be sent from its own page.")
    return ""
