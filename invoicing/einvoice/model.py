"""One invoice as EN 16931 means it, whatever syntax it is written in. Pure data; BT and BG are the norm's numbers.

Amounts are Decimal in major units exactly as stated: nothing here rounds, adds up or knows the database.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Identifier:
    value: str
    scheme: str = ""  # ISO 6523 or EAS code


@dataclass(frozen=True)
class Address:  # BG-5, BG-8, BG-12, BG-15
    street: str = ""  # BT-35, BT-50
    street2: str = ""  # BT-36, BT-51
    line3: str = ""  # BT-162, BT-163
    postcode: str = ""  # BT-38, BT-53
    city: str = ""  # BT-37, BT-52
    region: str = ""  # BT-39, BT-54
    country: str = ""  # BT-40, BT-55

    def __str__(self):
        place = f"{self.postcode} {self.city}".strip()
        return ", ".join(p for p in (self.street, self.street2, self.line3, place, self.region, self.country) if p)


@dataclass(frozen=True)
class Contact:  # BG-6, BG-9
    name: str = ""  # BT-41, BT-56
    phone: str = ""  # BT-42, BT-57
    email: str = ""  # BT-43, BT-58


@dataclass(frozen=True)
class Party:  # BG-4 seller, BG-7 buyer
    name: str = ""  # BT-27, BT-44
    trade_name: str = ""  # BT-28, BT-45
    identifiers: tuple[Identifier, ...] = ()  # BT-29, BT-46
    registration: Identifier = Identifier("")  # BT-30, BT-47
    vat_id: str = ""  # BT-31, BT-48
    tax_number: str = ""  # BT-32
    endpoint: Identifier = Identifier("")  # BT-34, BT-49
    address: Address = Address()
    contact: Contact = Contact()


@dataclass(frozen=True)
class Period:  # BG-14, BG-26
    start: date | None = None  # BT-73, BT-134
    end: date | None = None  # BT-74, BT-135
    tax_point_code: str = ""  # BT-8, of the document's period


@dataclass(frozen=True)
class Tax:
    category: str  # BT-151, BT-95, BT-102, BT-118
    percent: Decimal  # BT-152, BT-96, BT-103, BT-119; 0 where category O states none
    exemption_text: str = ""  # BT-120
    exemption_code: str = ""  # BT-121


@dataclass(frozen=True)
class Adjustment:
    """An allowance or charge of the document (BG-20, BG-21) or of a line (BG-27, BG-28, then without tax)."""

    is_charge: bool
    amount: Decimal  # BT-92, BT-99, BT-136, BT-141
    base: Decimal | None = None  # BT-93, BT-100, BT-137, BT-142
    percent: Decimal | None = None  # BT-94, BT-101, BT-138, BT-143
    reason: str = ""  # BT-97, BT-104, BT-139, BT-144
    reason_code: str = ""  # BT-98, BT-105, BT-140, BT-145
    tax: Tax | None = None


@dataclass(frozen=True)
class Line:  # BG-25
    id: str  # BT-126
    name: str  # BT-153
    quantity: Decimal  # BT-129
    unit: str  # BT-130
    price: Decimal  # BT-146
    net: Decimal  # BT-131
    tax: Tax
    price_base: Decimal = Decimal(1)  # BT-149
    description: str = ""  # BT-154
    notes: tuple[str, ...] = ()  # BT-127
    period: Period = Period()
    adjustments: tuple[Adjustment, ...] = ()
    seller_item: str = ""  # BT-155
    buyer_item: str = ""  # BT-156
    attributes: tuple[tuple[str, str], ...] = ()  # BG-32


@dataclass(frozen=True)
class TaxGroup:  # BG-23
    tax: Tax
    taxable: Decimal  # BT-116
    amount: Decimal  # BT-117


@dataclass(frozen=True)
class Totals:  # BG-22
    lines: Decimal  # BT-106
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    gross: Decimal  # BT-112
    due: Decimal  # BT-115
    allowances: Decimal = Decimal(0)  # BT-107
    charges: Decimal = Decimal(0)  # BT-108
    prepaid: Decimal = Decimal(0)  # BT-113
    rounding: Decimal = Decimal(0)  # BT-114
    tax_in_accounting_currency: Decimal | None = None  # BT-111


@dataclass(frozen=True)
class Preceding:  # BG-3
    number: str  # BT-25
    issued_on: date | None = None  # BT-26


@dataclass(frozen=True)
class Invoice:
    number: str  # BT-1
    issued_on: date  # BT-2
    is_credit_note: bool  # BT-3: 381, else 380
    currency: str  # BT-5
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    totals: Totals
    tax_groups: tuple[TaxGroup, ...]
    adjustments: tuple[Adjustment, ...] = ()
    accounting_currency: str = ""  # BT-6
    tax_point: date | None = None  # BT-7
    due_on: date | None = None  # BT-9
    buyer_reference: str = ""  # BT-10
    order_number: str = ""  # BT-13
    payment_terms: str = ""  # BT-20
    notes: tuple[str, ...] = ()  # BT-22
    preceding: tuple[Preceding, ...] = ()
    delivered_on: date | None = None  # BT-72
    deliver_to: Address = Address()
    deliver_to_name: str = ""  # BT-70
    period: Period = Period()
    tax_representative: Party | None = None  # BG-11
    references: tuple[tuple[str, str], ...] = ()  # what only people read: (what it is, its text)
