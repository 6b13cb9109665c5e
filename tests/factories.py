"""Things tests need, made the way people make them: through the services."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

from config.common.roles import SYSTEM
from customers.models import Organization
from customers.services.customers import create_customer
from customers.services.organization import add_bank_account, add_organization_email, set_up_organization
from invoicing.models import Delivery, Invoice, TaxRate
from invoicing.services import delivering, drafting, marking, opening, paying, scheduling, scheduling_many
from invoicing.services.batches import selecting, starting
from invoicing.services.batches.wishes import Wishes
from invoicing.services.mail import Mail, Reader
from invoicing.wall_time import WallTime

TODAY = date(2026, 11, 20)


def organization(**fields):
    """Ours: made once a test, with series, templates and tax rates."""
    if found := Organization.objects.first():
        return found
    ours = set_up_organization(
        by=SYSTEM,
        **{
            "legal_name": "Kelpworks Instruments B.V.",
            "street": "Maashaven 14",
            "postcode": "3072 AE",
            "city": "Rotterdam",
            "country": "NL",
            "vat_id": "NL859302117B01",
            "registration_no": "24198830",
            "email": "receivables@kelpworks.example",
            "time_zone": "Europe/Amsterdam",
            "currency": "EUR",
            **fields,
        },
    )
    add_organization_email(ours, by=SYSTEM, email="receivables@kelpworks.example", label="Receivables")
    add_bank_account(
        ours,
        by=SYSTEM,
        holder=ours.legal_name,
        iban="NL91ABNA0417164300",
        bic="ABNANL2A",
        bank_name="Bank",
        currency="",
    )
    return ours


def customer(name="Harbour Café GmbH", *, email="ap@harbour.example", contacts=None, **fields):
    """A business customer in Hamburg with one primary contact; `email=""` for none."""
    organization()
    if contacts is None:
        contacts = [{"name": "Dagny Halvorsen", "email": email}] if email else []
    address = {"street": "Elbchaussee 1", "postcode": "22765", "city": "Hamburg", "country": "DE"}
    return create_customer(by=SYSTEM, name=name, contacts=contacts, address=address, **{"currency": "EUR", **fields})


def tax(percent="21", category="S", **fields):
    """A tax rate by category and percent."""
    organization()
    found = TaxRate.objects.filter(category=category, percent=Decimal(percent)).first()
    return found or TaxRate.objects.create(name=f"{category} {percent}", category=category, percent=percent, **fields)


def line(name="Calibration", quantity="2", unit_price="100", **fields):
    return {
        "name": name,
        "quantity": Decimal(quantity),
        "unit_price": Decimal(unit_price),
        **fields,
        "tax": fields.get("tax") or tax(),
    }


def draft(buyer=None, *, by=SYSTEM, lines=None, adjustments=(), **fields):
    """A draft that is ready to be opened: 2 × 100 at 21 % = 242.00 EUR."""
    buyer = buyer or customer()
    return drafting.draft_invoice(buyer, by=by, lines=lines or [line()], adjustments=adjustments, **fields)


def opened(buyer=None, *, by=SYSTEM, on=TODAY, **fields):
    return opening.open_invoice(draft(buyer, **fields), by=by, on=on)


def billed(invoice, *, by=SYSTEM, on=TODAY):
    """The same invoice, sent by other means."""
    marking.mark_as_sent(invoice, by=by, how="Post", sent_on=on, on=on)
    invoice.refresh_from_db()
    return invoice


def mail(*to, cc=(), copies=(), **fields):
    """What a send dialog gives."""
    readers = [Reader(email) for email in to or ("ap@harbour.example",)]
    readers += [Reader(email, Delivery.Role.CC) for email in cc]
    readers += [Reader(email, Delivery.Role.COPY) for email in copies]
    return Mail(
        readers=readers,
        **{"subject": "Invoice {number}", "message": "Hello", "reply_to": "receivables@kelpworks.example", **fields},
    )


def queued(invoice=None, *, by=SYSTEM, **fields):
    """One delivery waiting for the worker."""
    invoice = invoice or opened()
    return delivering.queue_delivery(invoice, by=by, mail=mail(**fields))[0]


def scheduled(invoice=None, *, by, wall: WallTime, now=None, to=("ap@harbour.example",), **fields):
    """An email that waits for that local time: its first delivery. Asked for a day before, unless `now` says when."""
    now = now or wall.instant - timedelta(days=1)
    given = {"mail": mail(*to, **fields), "wall": wall, "now": now}
    return scheduling.schedule_delivery(invoice or draft(), by=by, **given)[0]


def payment(invoice, amount=None, *, by=SYSTEM, **fields):
    """Money for an invoice, minor units; the whole amount due when not given."""
    return paying.pay_invoice(
        invoice,
        by=by,
        amount=invoice.amount_due if amount is None else amount,
        **{
            "paid_on": TODAY,
            "received_on": TODAY,
            "method": "transfer",
            "occasion": uuid.uuid4().hex,
            **fields,
        },
    )


def selection(*invoices, by, page="list", query=""):
    """These invoices chosen in a list, as they are now."""
    chosen = Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices])
    return selecting.select_invoices(chosen, by=by, page=page, query=query)


def chosen_scheduled(*invoices, by):
    """These invoices chosen in Scheduled, each with when it goes out."""
    return scheduling_many.choose_scheduled(Invoice.objects.filter(pk__in=[each.pk for each in invoices]), by=by)


def operation(*invoices, by, page="list", query="", leaves_out=False, **wishes):
    """A batch operation of them, begun; opening them where nothing else is said."""
    return starting.start_operation(
        selection(*invoices, by=by, page=page, query=query),
        by=by,
        wishes=Wishes(**{"action": "open", **wishes}),
        request_id=uuid.uuid4().hex,
        leaves_out=leaves_out,
    )
