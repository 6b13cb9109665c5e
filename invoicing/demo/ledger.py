"""A large, believable ledger: what becomes of each of its documents. Pure invention, no database.

The same seed, size and day tell the same story. Amounts are minor units; days count back from `today`.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from config.common.currency import digits

from .. import money

YEARS = 4
DAYS = YEARS * 365
OPEN_BY_AGE = [(30, 950), (60, 800), (90, 500), (150, 300), (365, 70), (DAYS + 1, 40)]  # younger than: still open
DRAFTS_SINCE = 146  # days; every tenth document of that time is still a draft
CREDITED, CREDIT_LEFT, VOID, GIVEN_UP, CLAIM = 10, 100, 2, 3, 1  # of a thousand, like those above
UNSENT, PART_PAID, OVERPAID, BY_OTHER_MEANS, MUTE, HALF = 30, 80, 5, 50, 20, 500

CURRENCIES = ["EUR"] * 82 + ["USD"] * 7 + ["GBP"] * 4 + ["CHF"] * 3 + ["PLN"] * 2 + ["SEK", "JPY"]
RATES = {"USD": "0.92", "GBP": "1.17", "CHF": "1.05", "PLN": "0.235", "SEK": "0.088", "JPY": "0.0061"}
LANDS = {  # currency: (country, place, postcode, time zone)
    "EUR": [
        ("NL", "Rotterdam", "3011 AA", "Europe/Amsterdam"),
        ("DE", "Emden", "26721", "Europe/Berlin"),
        ("FR", "Brest", "29200", "Europe/Paris"),
        ("PT", "Porto", "4000-001", "Europe/Lisbon"),
    ],
    "USD": [("US", "Duluth, MN", "55802", "America/Chicago")],
    "GBP": [("GB", "Plymouth", "PL1 3RE", "Europe/London")],
    "CHF": [("CH", "Horn", "9326", "Europe/Zurich")],
    "PLN": [("PL", "Łódź", "90-360", "Europe/Warsaw")],
    "SEK": [("SE", "Lysekil", "453 30", "Europe/Stockholm")],
    "JPY": [("JP", "Hakodate", "040-0053", "Asia/Tokyo")],
}
FIRST = [
    "Harbour", "Tide", "Delta", "Quay", "Anchor", "Beacon", "Sluice", "Lagoon", "Estuary", "Weir", "Polder", "Reef",
    "Dune", "Fjord", "Skerry", "Shoal",
]  # fmt: skip
SECOND = [
    "Instruments", "Foods", "Marine", "Utilities", "Logistics", "Works", "Survey", "Energy", "Fisheries", "Boatyard",
    "Dredging", "Ropes",
]  # fmt: skip
THIRD = ["GmbH", "B.V.", "Ltd", "S.A.", "AG", "ApS", "Sp. z o.o.", "Inc.", "& Co", "Oy"]
GOODS = [  # name, unit, price
    ("Turbidity probe TP-40", "C62", 2450),
    ("On-site calibration", "HUR", 165),
    ("Telemetry plan, annual", "C62", 4800),
    ("Salinity sensor SX-2", "C62", 890),
    ("Field service", "DAY", 980),
    ("Reagent kit, 100 tests", "C62", 74),
    ("Pocket conductivity meter", "C62", 149),
    ("Flow meter FM-7", "C62", 1820),
    ("Sampling bottle, case of 24", "C62", 96),
]


@dataclass(frozen=True)
class Buyer:
    name: str
    currency: str
    country: str
    city: str
    postcode: str
    zone: str
    terms: int
    is_mute: bool  # no address to write to


@dataclass
class Fate:
    """One document: what it says and what became of it."""

    kind: str
    buyer: int  # which one
    state: str
    issued: date | None
    due: date | None
    lines: list[tuple]  # (name, unit, quantity, price, net)
    net: int
    tax: int
    billed: date | None = None
    by_hand: bool = False
    ended: date | None = None  # settled, voided or given up
    paid: int = 0  # of it by payments
    extra: int = 0  # paid too much, now on account
    credited: int = 0
    by_credit: int = 0
    corrects: bool = False  # it takes back the document before it

    @property
    def total(self):
        return self.net + self.tax


def _happens(chance, of_a_thousand: int) -> bool:
    return chance.randrange(1000) < of_a_thousand


def buyers(count: int, seed: int) -> list[Buyer]:
    chance = random.Random(f"{seed}:buyers")
    found = []
    for n in range(count):
        currency = chance.choice(CURRENCIES)
        words = [chance.choice(FIRST), chance.choice(SECOND), str(n + 1), chance.choice(THIRD)]
        country, city, postcode, zone = chance.choice(LANDS[currency])
        terms = chance.choice([14, 30, 30, 30, 45, 60])
        found.append(Buyer(" ".join(words), currency, country, city, postcode, zone, terms, _happens(chance, MUTE)))
    return found


class Teller:
    """Tells `count` documents in the order of their issue dates, so that numbers rise with them."""

    def __init__(self, count: int, cast: list[Buyer], *, seed: int, today: date, percent_at_home: Decimal):
        self.count, self.cast, self.seed, self.today, self.percent = count, cast, seed, today, percent_at_home

    def batch(self, start: int, stop: int) -> list[Fate]:
        chance = random.Random(f"{self.seed}:{start}")
        told: list[Fate] = []
        for n in range(start, stop):
            age = DAYS - 1 - n * DAYS // self.count
            before = told[-1] if told else None
            if before and before.credited and not before.corrects and before.kind == "invoice":
                told.append(self._credit_note(before, age, chance))
            else:
                told.append(self._invoice(age, chance, last=n == stop - 1))
        return told

    def percent_of(self, buyer: Buyer) -> Decimal:
        return self.percent if buyer.country == "NL" else Decimal(0)

    def _invoice(self, age, chance, *, last):
        at = int(len(self.cast) * chance.random() ** 2)  # few large customers, many small ones
        buyer, day = self.cast[at], self.today - timedelta(days=age)
        is_claim = _happens(chance, CLAIM)
        lines = [self._line(buyer.currency, chance) for _ in range(chance.choice([1, 1, 2, 2, 3, 4]))]
        net = sum(line[-1] for line in lines)
        tax = 0 if is_claim else money.percentage(net, self.percent_of(buyer))
        due = day + timedelta(days=buyer.terms)
        fate = Fate("claim" if is_claim else "invoice", at, "open", day, due, lines, net, tax)
        if age < DRAFTS_SINCE and _happens(chance, 100):
            self._draft(fate, chance)
        elif _happens(chance, VOID):
            fate.state, fate.ended = "void", min(day + timedelta(days=1), self.today)
        elif _happens(chance, next(share for below, share in OPEN_BY_AGE if age < below)):
            self._open(fate, chance)
        elif age > 200 and _happens(chance, GIVEN_UP):
            fate.billed, fate.state, fate.ended = day, "uncollectible", due + timedelta(days=120)
        else:
            self._paid(fate, chance, last=last)
        return fate

    def _draft(self, fate, chance):
        fate.state = "draft"
        if _happens(chance, HALF):
            fate.issued = fate.due = None

    def _open(self, fate, chance):
        if _happens(chance, UNSENT):
            return
        fate.billed, fate.by_hand = fate.issued, _happens(chance, BY_OTHER_MEANS)
        if _happens(chance, PART_PAID):
            fate.paid = fate.total // 3

    def _paid(self, fate, chance, *, last):
        fate.state, fate.billed, fate.by_hand = "paid", fate.issued, _happens(chance, BY_OTHER_MEANS)
        fate.ended = min(fate.due + timedelta(days=chance.choice([-9, -2, 0, 1, 4, 11, 30])), self.today)
        fate.ended = max(fate.ended, fate.issued)
        if fate.kind == "invoice" and not last and _happens(chance, CREDITED):
            fate.credited = fate.total
            if not _happens(chance, CREDIT_LEFT):
                fate.by_credit = fate.total
                return
        fate.paid = fate.total
        if _happens(chance, OVERPAID):
            fate.extra = 1000

    def _credit_note(self, corrected, age, chance):
        """In full; what it corrects was settled by it that day, or by money before: then the credit is left open."""
        day = self.today - timedelta(days=age)
        note = Fate("credit_note", corrected.buyer, "open", day, day, corrected.lines, corrected.net, corrected.tax)
        note.corrects, note.billed = True, day
        if corrected.by_credit:
            corrected.ended, note.state, note.ended = day, "paid", day
        return note

    def _line(self, currency, chance):
        name, unit, price = chance.choice(GOODS)
        price = Decimal(price * 160 if currency == "JPY" else price)
        quantity = Decimal(chance.choice([1, 1, 2, 3, 4, 6, 8, 12]))
        return name, unit, quantity, price, money.line_net(quantity, price, digits(currency))
