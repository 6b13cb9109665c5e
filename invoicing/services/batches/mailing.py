"""The mail of each invoice in a batch: readers from its customer's contacts, words shared or from its template."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from config.common.addresses import mailbox
from config.common.errors import DomainError
from customers.models import Contact, Organization

from ...models import BatchItem, BatchOperation, Delivery, DeliveryDocument, Invoice
from .. import proposing, settling, troubled
from ..delivering import recipient_hash
from ..delivering_groups import Letter, queue_deliveries
from ..mail import Mail, check_mail
from .wishes import Wishes


@dataclass(frozen=True)
class Refusal:
    """Why the mail of an invoice cannot go, and where that is mended (a key of BatchItem.mend).

    `asks`: it could, but somebody has to say so first.
    """

    sentence: str
    mend: str
    asks: bool = False


def contacts_of(invoices) -> dict[int, list[Contact]]:
    """The contacts with an address of these invoices' customers, by customer; one query."""
    found: dict[int, list[Contact]] = {}
    customers = {invoice.customer_id for invoice in invoices if invoice.customer_id}
    for contact in Contact.objects.mailable().filter(customer_id__in=customers).order_by("pk"):
        found.setdefault(contact.customer_id, []).append(contact)
    return found


def letter_of(
    invoice: Invoice,
    *,
    wishes: Wishes,
    contacts: list[Contact],
    organization: Organization,
    occasion: str = "",
    item: BatchItem | None = None,
) -> Letter | Refusal:
    """The mail that would go out for this invoice, or why none can."""
    text = proposing.words_of(invoice)
    to = [contact.email for contact in proposing.by_default(contacts)]
    if not to:
        return Refusal(no_address(contacts), "contact")
    if trouble := troubled.sentence(contact for contact in proposing.by_default(contacts) if contact.is_troubled):
        return Refusal(trouble, "contact", asks=True)
    cc = proposing.split(wishes.cc or text.cc)
    mail = Mail(
        readers=proposing.as_readers(contacts, to=to, cc=cc),
        subject=wishes.subject or text.subject,
        reply_to=wishes.reply_to or text.reply_to or organization.email,
        message=wishes.message or text.message,
        occasion=occasion,
        portal_link=wishes.portal_link,
    )
    try:
        readers = check_mail(mail)
    except DomainError as refusal:
        return Refusal(str(refusal), "template" if invoice.template_id else "draft")
    return Letter(
        invoice=invoice,
        mail=mail,
        readers=readers,
        batch_item=item.pk if item else None,
        fallback_reason=fallback_reason(wishes),
    )


def no_address(contacts) -> str:
    if contacts:
        return _("No contact of the customer is marked to get invoices by email.")
    return _("The customer has no contact with an email address.")


def fallback_reason(wishes: Wishes) -> str:
    """Why an invoice goes by email though an e-invoice was asked for; "" where none was."""
    return _("The customer has no e-invoice address, so it goes by email.") if wishes.submit_einvoice else ""


def send(letters: list[tuple[BatchItem, Letter]], *, operation: BatchOperation, by, on: date) -> dict[int, Refusal]:
    """Queue the letters of a group, inside its transaction; refusals by item.

    What an earlier round of the same operation sent is not sent again: only readers whom nothing has reached get it,
    and what failed for an address that still stands goes out once more as the same delivery.
    """
    invoices = [letter.invoice.pk for _item, letter in letters]
    hold(invoices)
    earlier = _earlier([item for item, _letter in letters])
    newer = _sent_by_others(invoices, operation)
    live = _live_addresses(invoices)
    fresh, refusals = [], {}
    for item, letter in letters:
        before = earlier.get(item.pk, [])
        if refusal := newer.get(letter.invoice.pk):
            refusals[item.pk] = refusal
            continue
        try:
            with transaction.atomic():
                _again(before, letter, by=by)
        except DomainError as refusal:  # of this one alone: the others of its group go out
            refusals[item.pk] = Refusal(str(refusal), "history")
            continue
        known = {delivery.recipient_hash for delivery in before}
        readers = [reader for reader in letter.readers if recipient_hash(reader.email) not in known]
        if any((letter.invoice.pk, recipient_hash(reader.email)) in live for reader in readers):
            refusals[item.pk] = Refusal(
                _("An email with it is still under way or of unknown outcome. Decide about that one first."), "history"
            )
        elif readers:
            fresh.append(Letter(letter.invoice, letter.mail, readers, item.pk, letter.fallback_reason))
    queue_deliveries(fresh, by=by, on=on)
    return refusals


def hold(invoices: list[int]) -> None:
    """Lock them (keys) until the transaction ends, in the order everybody locks them."""
    list(Invoice.objects.select_for_update().filter(pk__in=invoices).order_by("pk").values_list("pk"))


def mailed_before(items) -> set[int | None]:
    """Those (keys) whose mail was made in an earlier round, whatever became of it."""
    return set(_earlier(items))


def _earlier(items) -> dict[int | None, list[Delivery]]:
    found: dict[int | None, list[Delivery]] = {}
    retried = [item.pk for item in items if item.tries > 1]
    for delivery in Delivery.objects.filter(batch_item__in=retried).order_by("pk") if retried else ():
        found.setdefault(delivery.batch_item_id, []).append(delivery)
    return found


def _again(deliveries, letter, *, by):
    """What failed goes out again where its reader is still one; where it is not, the problem is put to rest."""
    wanted = {mailbox(reader.email) for reader in letter.readers}
    for delivery in deliveries:
        if delivery.status != Delivery.Status.FAILED or delivery.settled_at:
            continue
        if mailbox(delivery.recipient) in wanted:
            settling.settle_delivery(delivery, by=by, decision="again")
        else:
            settling.settle_delivery(delivery, by=by, decision="rest")


def _sent_by_others(invoices, operation) -> dict[int, Refusal]:
    """Where somebody sent one since the operation was asked for."""
    rows = (
        DeliveryDocument.objects.filter(
            invoice__in=invoices,
            kind="invoice",
            delivery__pk__gt=operation.seen,
            delivery__status__in=[*Delivery.LIVE, "sent"],
        )
        .exclude(delivery__batch_item__operation=operation)
        .select_related("delivery__asked_by")
        .order_by("pk")
    )
    return {
        row.invoice_id: Refusal(
            _("%(who)s sent it meanwhile. Look at its Email History, and send it once more only if that is wanted.")
            % {"who": row.delivery.asked_by or _("Dunlin")},
            "history",
        )
        for row in rows
    }


def _live_addresses(invoices) -> set[tuple[int, str]]:
    rows = DeliveryDocument.objects.filter(invoice__in=invoices, kind="invoice", channel="email", live=True)
    return set(rows.values_list("invoice_id", "recipient_hash"))
