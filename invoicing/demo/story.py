"""Makes the demo come true through the services, each step on its own day of the past."""

import uuid
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from django.utils import timezone

from config.common import clock
from config.common.models import User
from config.common.roles import SYSTEM
from customers.services.customers import create_customer
from customers.services.logos import store_logo
from customers.services.organization import add_bank_account, add_organization_email, set_up_organization

from ..models import Delivery, Invoice, Payment, TaxRate
from ..services import (
    carrying,
    delivering,
    drafting,
    marking,
    opening,
    paying,
    profiles,
    proposing,
    scheduling,
    templates,
)
from ..services.mail import Mail, Reader
from ..wall_time import WallTime
from . import batches, cast, heard, logo, money

ZONE = cast.ORGANIZATION["time_zone"]
TAXES = {
    "standard": {"category": "S"},
    "reverse": {"category": "AE"},
    "export": {"category": "G"},
    "out": {"category": "O"},
}


def load(accounts) -> None:
    """Make people, company, customers and a quarter of a year of invoices. `accounts`: settings.DEMO_ACCOUNTS."""
    people = {
        role: User.objects.create_user(email, password, name=name, role=role, time_zone=ZONE)
        for email, name, role, password in accounts
    }
    organization = set_up_organization(by=SYSTEM, **cast.ORGANIZATION)
    store_logo(organization, by=SYSTEM, data=logo.png())
    for email in cast.ORGANIZATION_EMAILS:
        add_organization_email(organization, by=SYSTEM, email=email[0], label=email[1], preselected=email[2])
    for account in cast.BANK_ACCOUNTS:
        add_bank_account(organization, by=SYSTEM, **account)
    customers = {key: create_customer(by=SYSTEM, **fields) for key, fields in cast.CUSTOMERS.items()}
    for name, look, whose in cast.TEMPLATES:
        template = templates.create_template(by=SYSTEM, name=name)
        templates.change_template(template, by=SYSTEM, version=template.version, **look)
        for key in whose:
            profiles.choose_template(customers[key], by=SYSTEM, template=template)
    today = clock.today(ZONE)
    for key, days_ago, terms, lines, tax, fate in cast.STORY:
        day = today - timedelta(days=days_ago or 0)
        stated = day if days_ago is not None else None
        with clock.at(_morning(day)):
            happened = cast.HEARD.get(key, [])
            _tell(customers[key], stated, terms, lines, tax, fate, people["clerk"], today, happened)
    money.tell(customers, people["clerk"], today, morning=_morning)
    _credit_note(customers["harrow"], people["clerk"])
    batches.tell(customers, people["clerk"], today, morning=_morning, draft=partial(_draft, clerk=people["clerk"]))


def _morning(day):
    """Half past nine on that day; nothing happens later than now, however early the company is loaded."""
    return min(datetime.combine(day, time(9, 30), ZoneInfo(ZONE)), timezone.now())  # of the wall, not of the story


def _tell(customer, day, terms, lines, tax, fate, clerk, today, happened):
    draft = _draft(customer, day, terms, lines, tax, clerk)
    if fate == "draft":
        return
    if fate == "scheduled":  # for the day after tomorrow, at nine on the customer's clock
        wall = WallTime(today + timedelta(days=2), time(9), customer.time_zone)
        mail = _mail(draft, refused=False)
        scheduling.schedule_delivery(draft, by=clerk, mail=mail, wall=wall, now=clock.now())
        return
    if fate == "open":
        opening.open_invoice(draft, by=clerk, on=day)
        return
    if fate == "marked":
        marking.mark_as_sent(draft, by=clerk, how="Post", sent_on=day, on=day, note="Paper copy on request")
        return
    delivering.open_and_send(draft, by=clerk, on=day, mail=_mail(draft, refused=fate == "refused"))
    carrying.carry_waiting()
    invoice = Invoice.objects.get(pk=draft.pk)
    heard.tell(invoice, happened)
    if fate in ("paid", "part"):
        _pay(invoice, min(day + timedelta(days=20), today), clerk, whole=fate == "paid")


def _draft(customer, day, terms, lines, tax, clerk, **fields):
    rate = TaxRate.objects.current().filter(**TAXES[tax]).order_by("-percent").first()
    euro = cast.EURO_RATES.get(customer.currency)
    return drafting.draft_invoice(
        customer,
        by=clerk,
        issued_on=day,
        **({"terms_days": terms} if terms is not None else {}),
        **({"accounting_rate": Decimal(euro)} if euro else {}),
        **fields,
        lines=[
            {"name": name, "quantity": Decimal(quantity), "unit": unit, "unit_price": Decimal(price), "tax": rate}
            for name, quantity, unit, price in lines
        ],
    )


def _mail(invoice, *, refused):
    contacts = [each for each in invoice.customer.contacts.mailable() if refused == each.email.startswith("nobody@")]
    readers = [Reader(each.email, name=each.name, contact_id=each.pk) for each in contacts]
    words = proposing.words_of(invoice)
    return Mail(
        readers=[*readers, Reader("receivables@kelpworks.example", Delivery.Role.COPY)],
        subject=words.subject,
        message=words.message,
        reply_to="receivables@kelpworks.example",
        portal_link=True,
    )


def _pay(invoice, day, clerk, *, whole):
    with clock.at(_morning(day)):
        paying.pay_invoice(
            invoice,
            by=clerk,
            amount=invoice.amount_due if whole else invoice.amount_due // 3 // 100 * 100,
            paid_on=day,
            received_on=day,
            method=Payment.Method.TRANSFER,
            reference=f"{invoice.number} / {invoice.customer.number}",
            occasion=uuid.uuid4().hex,
        )


def _credit_note(customer, clerk):
    """A draft credit note that refers to an invoice this customer has paid."""
    paid = Invoice.objects.paid().filter(customer=customer).first()
    _draft(customer, None, None, [cast.KIT], "export", clerk, kind="credit_note", corrects=paid)
