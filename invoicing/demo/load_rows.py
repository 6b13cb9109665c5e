"""The rows that a fate of ledger.py comes to.

Lines are written before their invoice: the triggers refuse rows of an opened one, and foreign keys are checked when
the batch commits.
"""

import json
import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from config.common.currency import digits
from config.common.models import AuditEvent, User
from customers.models import Address, Contact, Customer

from .. import money, snapshots
from ..models import (
    Allocation,
    Counter,
    Delivery,
    DeliveryDocument,
    Invoice,
    Line,
    Payment,
    Series,
    TaxLine,
    TaxRate,
)
from ..services.delivering import recipient_hash
from ..services.profiles import template_for
from .bulk import Table, next_key, set_sequences
from .ledger import RATES, Buyer, Fate
from .mails import became

MAILED_SINCE = timedelta(days=120)  # older invoices were sent too, but those mails are no longer kept
WRITTEN = (Line, TaxLine, Invoice, Payment, Allocation, Delivery, DeliveryDocument, AuditEvent)


class Writer:
    """Turns fates into rows, batch by batch; holds the next keys and numbers between batches."""

    def __init__(self, organization, people: list[Buyer], *, today: date):
        self.home, self.people, self.today = organization, people, today
        rates = TaxRate.objects.current().order_by("percent", "-pk")
        self.taxes = {rate.category: rate for rate in rates}  # the highest of each category stays
        self.template = template_for(None)
        self.series = {series.kind: series for series in Series.objects.all()}
        self.clerk = User.objects.filter(role="clerk").order_by("pk").values_list("pk", "name").first() or (None, "")
        self.counters: dict[tuple[str, int], Counter] = {}
        self.tables = {model: Table(model) for model in WRITTEN}
        self.keys = {model: next_key(model) for model in WRITTEN}
        self.first_customer = next_key(Customer)
        self.seller = json.dumps(snapshots.seller_of(organization))
        self.papers = {code: self._paper(code) for code in {person.currency for person in people}}
        with transaction.atomic():
            self.frozen = self._customers()
        set_sequences([Customer, Address, Contact])

    def write(self, fates: list[Fate]) -> None:
        """One batch, in the transaction of the caller."""
        for fate in fates:
            self._document(fate)
        for table in self.tables.values():
            table.write()
        Counter.objects.bulk_update(self.counters.values(), ["next_no"])

    def _customers(self) -> list[str]:
        """Write the customers; gives the frozen copy of each, as text."""
        customers, addresses, contacts, frozen = Table(Customer), Table(Address), Table(Contact), []
        address, contact, blank = next_key(Address), next_key(Contact), _blank_buyer()
        for n, person in enumerate(self.people):
            pk, now = self.first_customer + n, _at(self.today)
            facts = {"name": person.name, "number": f"L-{n + 1:06}", "vat_id": f"{person.country}{n:09}"}
            place = {"street": f"Quay {n % 97 + 1}", "postcode": person.postcode, "city": person.city}
            place["country"] = person.country
            terms = {"currency": person.currency, "time_zone": person.zone, "terms_days": person.terms}
            customers.add(id=pk, created_at=now, **facts, **terms)
            addresses.add(id=address + n, customer_id=pk, **place)
            if not person.is_mute:
                contacts.add(id=contact + n, customer_id=pk, name="Accounts payable", email=_email(n))
            frozen.append(json.dumps({**blank, **facts, **place}))
        for table in (customers, addresses, contacts):
            table.write()
        return frozen

    def _paper(self, currency):
        return json.dumps(snapshots.paper_of(Invoice(currency=currency, template=self.template), self.home))

    def _add(self, model, **values) -> int:
        key = self.keys[model]
        self.keys[model] += 1
        self.tables[model].add(**{model._meta.pk.attname: key}, **values)
        return key

    def _document(self, fate):
        pk, person = self.keys[Invoice], self.people[fate.buyer]
        self._lines(fate, pk, self._tax(fate, person))
        numbered = {} if fate.state == "draft" else self._opened(fate, person)
        billed = _at(fate.billed)
        self._add(
            Invoice,
            kind=fate.kind,
            status=fate.state,
            customer_id=self.first_customer + fate.buyer,
            customer_name=person.name,
            template_id=self.template.pk,
            currency=person.currency,
            issued_on=fate.issued,
            due_on=fate.due,
            terms_days=0 if fate.corrects else person.terms,
            corrects_id=pk - 1 if fate.corrects else None,
            net_total=fate.net,
            tax_total=fate.tax,
            total=fate.total,
            settled=fate.total if fate.state == "paid" else fate.paid,
            credited=fate.credited,
            settled_by_credit=fate.by_credit,
            settled_on=fate.ended if fate.state == "paid" else None,
            voided_on=fate.ended if fate.state == "void" else None,
            uncollectible_on=fate.ended if fate.state == "uncollectible" else None,
            billed_at=billed,
            marked_sent_at=billed if fate.by_hand else None,
            created_at=_at(fate.issued or self.today),
            **self._accounted(fate, person),
            **numbered,
        )
        self._event("invoice.open" if numbered else "invoice.draft", fate, pk, number=numbered.get("number", ""))
        if fate.billed and fate.billed > self.today - MAILED_SINCE:
            self._delivery(fate, pk)
        if fate.paid:
            self._payment(fate, pk, person, numbered["number"])
        if fate.corrects and fate.state == "paid":
            self._allocation("credit", pk - 1, fate.total, fate.ended, credit_note_id=pk)

    def _tax(self, fate, person):
        if fate.kind == "claim":
            return self.taxes["O"]
        inside = "AE" if person.currency in ("EUR", "PLN", "SEK") else "G"
        return self.taxes["S" if person.country == self.home.country else inside]

    def _lines(self, fate, pk, rate):
        reason = {"exemption_text": rate.exemption_text, "exemption_code": rate.exemption_code}
        for position, (name, unit, quantity, price, net) in enumerate(fate.lines, start=1):
            self._add(
                Line,
                invoice_id=pk,
                position=position,
                name=name,
                unit=unit,
                quantity=quantity,
                unit_price=price,
                net=net,
                tax_id=rate.pk,
                tax_category=rate.category,
                tax_percent=rate.percent,
                **reason,
            )
        group = {"category": rate.category, "percent": rate.percent, "taxable": fate.net, "tax": fate.tax}
        self._add(TaxLine, invoice_id=pk, **group, **reason)

    def _opened(self, fate, person) -> dict:
        """Number and frozen parties."""
        series = self.series[fate.kind]
        key = fate.kind, fate.issued.year if series.restarts_yearly else 0
        if key not in self.counters:
            self.counters[key] = Counter.objects.get_or_create(series=series, year=key[1])[0]
        counter = self.counters[key]
        seq, counter.next_no = counter.next_no, counter.next_no + 1
        return {
            "counter_id": counter.pk,
            "seq": seq,
            "number": series.text(fate.issued.year, seq),
            "opened_at": _at(fate.issued),
            "seller": self.seller,
            "buyer": self.frozen[fate.buyer],
            "paper": self.papers[person.currency],
        }

    def _accounted(self, fate, person) -> dict:
        own, rate = self.home.currency, RATES.get(person.currency)
        if person.currency == own or rate is None:
            return {}
        tax = money.convert(fate.tax, Decimal(rate), digits(person.currency), digits(own))
        return {"accounting_currency": own, "accounting_rate": Decimal(rate), "accounting_tax": tax}

    def _delivery(self, fate, pk):
        """The mail that billed it, accepted that day; or the act of marking it as sent."""
        public_id, at = _public_id(pk), _at(fate.billed)
        email = _email(fate.buyer)
        by_hand = {"channel": "manual", "sent_on": fate.billed, "subject": "Post"}
        by_mail = {"channel": "email", "recipient": email, "recipient_hash": recipient_hash(email)} | became(pk, at)
        how = by_hand if fate.by_hand or self.people[fate.buyer].is_mute else by_mail
        key = self._add(
            Delivery,
            public_id=public_id,
            occasion=public_id.hex,
            dedupe_key=f"{pk}:invoice:{how['channel']}:{public_id.hex}",
            status="sent",
            customer_id=self.first_customer + fate.buyer,
            asked_by_id=self.clerk[0],
            created_at=at,
            queued_at=at,
            sent_at=at,
            response="250 2.0.0 accepted",
            message_id=f"<{public_id}@load>",
            **how,
        )
        hashed = how.get("recipient_hash", "")
        self._add(
            DeliveryDocument,
            delivery_id=key,
            invoice_id=pk,
            kind="invoice",
            channel=how["channel"],
            recipient_hash=hashed,
            live=False,
        )

    def _payment(self, fate, pk, person, number):
        day = fate.ended if fate.state == "paid" else min(fate.issued + timedelta(days=10), self.today)
        key = self._add(
            Payment,
            customer_id=self.first_customer + fate.buyer,
            currency=person.currency,
            amount=fate.paid + fate.extra,
            allocated=fate.paid,
            paid_on=day,
            received_on=day,
            reference=number,
            occasion=f"load-{pk}",
            recorded_by_id=self.clerk[0],
            recorded_at=_at(day),
        )
        self._allocation("payment", pk, fate.paid, day, payment_id=key)

    def _allocation(self, kind, invoice, amount, day, **source):
        values = {"amount": amount, "on": day, "recorded_by_id": self.clerk[0], "at": _at(day)}
        self._add(Allocation, kind=kind, invoice_id=invoice, **values, **source)

    def _event(self, action, fate, pk, *, number):
        self._add(
            AuditEvent,
            at=_at(fate.issued or self.today),
            actor_type="user" if self.clerk[0] else "system",
            actor_id=self.clerk[0],
            actor_name=self.clerk[1] or "Dunlin",
            source="command",
            action=action,
            object_type="invoice",
            object_id=pk,
            thread=f"invoice:{pk}",
            after=json.dumps({"number": number} if number else {"total": fate.total}),
        )


def _at(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(9, 30), UTC)


def _email(n):
    return f"ap{n + 1}@buyers.example"


def _public_id(pk):
    """Of the invoice's key, so that the same load gives the same ids."""
    return uuid.UUID(int=random.Random(pk).getrandbits(128), version=4)


def _blank_buyer() -> dict:
    address = dict.fromkeys(("attention", "street", "street2", "postcode", "city", "region", "country"), "")
    names = ("name", "latin_name", "kind", "number", "vat_id", "tax_number", "registration_no", "registration_scheme")
    return {**{name: getattr(Customer(), name) for name in (*names, "endpoint_scheme", "endpoint_id")}, **address}
