"""Whose invoice a file is: the customer found by VAT id, e-invoice address or number, proposed by name, or none."""

import re
from dataclasses import dataclass, field

from django.db.models import F, Func, Q, Value
from django.db.models.functions import Replace, Upper
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Customer

from ..einvoice.model import Identifier, Party

PROPOSALS = 5
HOW = {
    "vat": gettext_lazy("VAT id"),
    "endpoint": gettext_lazy("e-invoice address"),
    "number": gettext_lazy("customer number"),
    "registration": gettext_lazy("registration number"),
    "name": gettext_lazy("proposed by name"),
    "several": gettext_lazy("several have this"),
    "new": gettext_lazy("would be made"),
    "made": "",
}


@dataclass
class Match:
    """`customer` is certain. Without one, `options` are to be asked about; with neither a new customer is made."""

    how: str
    customer: Customer | None = None
    options: list[Customer] = field(default_factory=list)

    @property
    def asks(self) -> bool:
        return self.customer is None and bool(self.options)

    @property
    def how_text(self) -> str:
        return str(HOW[self.how])


def find_customer(buyer: Party, *, numbers_are_ours: bool) -> Match:
    """Customers not archived come first. `numbers_are_ours`: the file's seller is us, so its customer numbers are too;
    otherwise a number counts only together with the name."""
    for how, found in _by_identity(buyer, numbers_are_ours):
        found = [customer for customer in found if not customer.is_archived] or found
        if len(found) == 1:
            return Match(how, found[0])
        if found:
            return _one_of(buyer, how, found)
    names = [name for name in (buyer.name, buyer.trade_name) if name]
    same_name = Q()
    for name in names:
        same_name |= Q(name__iexact=name) | Q(latin_name__iexact=name)
    options = list(Customer.objects.current().filter(same_name).order_by("pk")[:PROPOSALS]) if names else []
    return Match("name", options=options) if options else Match("new")


def identity(buyer: Party) -> tuple:
    """Two files of one run with the same identity mean the same new customer."""
    place = (buyer.address.postcode, buyer.address.city, buyer.address.country)
    return _compact(buyer.vat_id), buyer.endpoint, buyer.registration, buyer.name.casefold(), place


def same_party(one: Party, other: Party) -> bool:
    """Whether two files speak of the same company: the first identifier both have decides, else the name."""
    if one.vat_id and other.vat_id:
        return _compact(one.vat_id) == _compact(other.vat_id)
    for name in ("registration", "endpoint"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours.value and theirs.value:
            return _compact(ours.value) == _compact(theirs.value)
    return one.name.casefold() == other.name.casefold()


def is_us(seller: Party, organization) -> bool:
    us = Party(
        name=organization.legal_name,
        vat_id=organization.vat_id,
        registration=Identifier(organization.registration_no, organization.registration_scheme),
        endpoint=Identifier(organization.endpoint_id, organization.endpoint_scheme),
    )
    return same_party(seller, us) or seller.trade_name.casefold() == organization.legal_name.casefold()


def differences(buyer: Party, customer: Customer) -> list[str]:
    """What the file says of the customer otherwise than our record, in words."""
    billing = next((a for a in customer.addresses.all() if a.kind == "billing"), None)
    pairs = [
        (_("name"), buyer.name, customer.name),
        (_("VAT id"), _compact(buyer.vat_id), _compact(customer.vat_id)),
        (_("street"), buyer.address.street, billing.street if billing else ""),
        (_("city"), buyer.address.city, billing.city if billing else ""),
        (_("country"), buyer.address.country, billing.country if billing else ""),
    ]
    return [
        _("%(what)s “%(theirs)s” (here: %(ours)s)") % {"what": what, "theirs": theirs, "ours": ours or "–"}
        for what, theirs, ours in pairs
        if theirs and theirs.casefold() != ours.casefold()
    ]


def _by_identity(buyer, numbers_are_ours):
    customers = Customer.objects.order_by("pk")
    if buyer.vat_id:
        yield "vat", list(customers.filter(vat_id__in={buyer.vat_id, _compact(buyer.vat_id)}) or _by_loose_vat(buyer))
    if buyer.endpoint.value:
        yield (
            "endpoint",
            list(customers.filter(endpoint_scheme=buyer.endpoint.scheme, endpoint_id__iexact=buyer.endpoint.value)),
        )
    numbers = [found.value for found in buyer.identifiers if not found.scheme]
    if numbers:
        found = customers.filter(number__in=numbers)
        yield "number", [c for c in found if numbers_are_ours or c.name.casefold() == buyer.name.casefold()]
    if buyer.registration.value:
        same = customers.filter(registration_no=buyer.registration.value)
        yield (
            "registration",
            [c for c in same if buyer.registration.scheme in ("", c.registration_scheme) or not c.registration_scheme],
        )


def _by_loose_vat(buyer: Party):
    """Written with blanks, dots or dashes here."""
    plain: Func | F = Upper("vat_id")
    for sign in " .-":
        plain = Replace(plain, Value(sign), Value(""))
    return Customer.objects.exclude(vat_id="").annotate(plain=plain).filter(plain=_compact(buyer.vat_id)).order_by("pk")


def _one_of(buyer, how, found) -> Match:
    """Several share the VAT id (branches, say): the e-invoice address or the name may still tell which."""
    for same in (
        [c for c in found if buyer.endpoint.value and c.endpoint_id == buyer.endpoint.value],
        [c for c in found if c.name.casefold() == buyer.name.casefold()],
    ):
        if len(same) == 1:
            return Match(how, same[0])
    return Match("several", options=found[:PROPOSALS])


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text).upper()
