"""Customers: made, changed, archived. Every change checks the role and leaves an event."""

from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from config.common import audit, edits, roles
from config.common.errors import DomainError, Stale
from customers.models import Address, Customer

from .contacts import add_contact

ACT = "customer.write"
FIELDS = {
    "name", "latin_name", "kind", "vat_id", "tax_number", "registration_no", "registration_scheme", "endpoint_scheme",
    "endpoint_id", "language", "time_zone", "currency", "terms_days", "discount_percent", "discount_days",
    "buyer_reference", "notes", "track_links", "track_opens",
}  # fmt: skip
ADDRESS_FIELDS = {"attention", "street", "street2", "postcode", "city", "region", "country"}
WORDS = {"billing_address": _lazy("Billing address"), "delivery_address": _lazy("Delivery address")}
_PREFIX, _DIGITS, _TRIES = "C-", 5, 5


def create_customer(
    *,
    by,
    name: str,
    number: str = "",
    contacts: Iterable[Mapping] = (),
    address: Mapping | None = None,
    delivery_address: Mapping | None = None,
    **fields,
) -> Customer:
    """Make a customer with its contacts (dicts as add_contact takes them) and addresses.

    An empty number means the next free one, C-00001 and so on. Refused with DomainError: a number that is taken, an
    empty name, a value its field cannot hold.
    """  # fmt: skip
    roles.require(by, ACT)
    _known(fields)
    number = number.strip()
    if number and Customer.objects.filter(number=number).exists():
        raise DomainError(_taken(number))
    customer = edits.fill(Customer(), {**_tidy(fields), "name": name.strip()})
    with transaction.atomic():
        _insert(customer, number)
        audit.record("customer.created", customer, by=by, after={"number": customer.number, "kind": customer.kind})
        for kind, given in (("billing", address), ("delivery", delivery_address)):
            _put_address(customer, kind, given)
        for contact in contacts:
            add_contact(customer, by=by, **contact)
    return customer


def change_customer(
    customer: Customer,
    *,
    by,
    version: int,
    number: str | None = None,
    address: Mapping | None = None,
    delivery_address: Mapping | None = None,
    **fields,
) -> Customer:
    """Change the given fields; `version` is the one the person saw. An address of empty parts is taken away.

    Refused with Stale, naming what a colleague changed, if it is no longer that version; with DomainError a number
    that is taken or a value its field cannot hold.
    """  # fmt: skip
    roles.require(by, ACT)
    _known(fields)
    values = _tidy(fields)
    if number is not None:
        values["number"] = number.strip() or customer.number
        if Customer.objects.filter(number=values["number"]).exclude(pk=customer.pk).exists():
            raise DomainError(_taken(values["number"]))
    with transaction.atomic():
        was, now = {}, {}
        for kind, given in (("billing", address), ("delivery", delivery_address)):
            before, after = _put_address(customer, kind, given)
            was |= {f"{kind}_address": edits.CHANGED} if before else {}
            now |= {f"{kind}_address": edits.CHANGED} if after or before else {}
        hide = {"name", "latin_name", "notes"} if customer.kind == Customer.Kind.CONSUMER else {"notes"}
        edits.change(
            customer, values, by=by, action="customer.changed", version=version, hide=hide, also=(was, now), words=WORDS
        )
    return customer


def archive_customer(customer: Customer, *, by, at) -> Customer:
    """No new invoices from now on; what is owed stays owed. Stale if a colleague did it already."""
    roles.require(by, ACT)
    return _mark(customer, by=by, at=at, was=None, action="customer.archived")


def restore_customer(customer: Customer, *, by) -> Customer:
    """Take it back from the archive. Stale if it is not there."""
    roles.require(by, ACT)
    return _mark(customer, by=by, at=None, was=customer.archived_at, action="customer.restored")


def _mark(customer, *, by, at, was, action):
    rows = Customer.objects.archived() if at is None else Customer.objects.current()
    with transaction.atomic():
        if not rows.filter(pk=customer.pk).update(archived_at=at):
            customer.refresh_from_db(fields=["archived_at"])
            state = _("archived") if customer.is_archived else _("not archived")
            raise Stale(
                _("%(name)s is %(state)s already, so there was nothing to do.") % {"name": customer, "state": state}
            )
        customer.archived_at = at
        audit.record(action, customer, by=by, before={"archived_at": was}, after={"archived_at": at})
    return customer


def next_number() -> str:
    """The next free number of the form C-00001; wider once five digits are used up."""
    digits = _DIGITS
    while True:
        numbers = Customer.objects.filter(number__startswith=_PREFIX, number__regex=rf"^{_PREFIX}[0-9]{{{digits}}}$")
        highest = numbers.order_by("-number").values_list("number", flat=True).first()
        if highest is None:
            return f"{_PREFIX}{1 if digits == _DIGITS else 10 ** (digits - 1):0{digits}}"
        following = int(highest.removeprefix(_PREFIX)) + 1
        if following < 10**digits:
            return f"{_PREFIX}{following:0{digits}}"
        digits += 1


def _insert(customer, number):
    """Save with the number, or with the next free one: two who draw the same at once both get one."""
    for attempt in range(1, _TRIES + 1):
        customer.number = number or next_number()
        try:
            with transaction.atomic():
                edits.fill(customer, {"number": customer.number})
                customer.save(force_insert=True)
        except IntegrityError:
            if number or attempt == _TRIES:
                raise DomainError(_taken(customer.number)) from None
        else:
            return


def _put_address(customer, kind, given):
    """Write one address (None leaves it alone); what was there and what is there now."""
    if given is None:
        return {}, {}
    unknown = set(given) - ADDRESS_FIELDS
    if unknown:
        raise TypeError(f"an address has no {sorted(unknown)}")
    values = {name: str(given.get(name) or "").strip() for name in ADDRESS_FIELDS}
    row = customer.addresses.filter(kind=kind).first()
    if not any(values.values()):
        if row is None:
            return {}, {}
        row.delete()
        return {"address": str(row)}, {}
    row = row or Address(customer=customer, kind=kind)
    before, after = audit.changes({name: getattr(row, name) for name in ADDRESS_FIELDS}, values)
    if after:
        edits.fill(row, values).save()
    return before, after


def _known(fields):
    unknown = set(fields) - FIELDS
    if unknown:
        raise TypeError(f"a customer has no {sorted(unknown)}")


def _tidy(fields):
    return {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}


def _taken(number):
    holder = Customer.objects.filter(number=number).first()
    return _("Customer number %(number)s belongs to %(name)s already. Use another, or leave it empty for the next.") % {
        "number": number,
        "name": holder.name if holder else _("another customer"),
    }
