"""Customers from a spreadsheet: new ones are made, those that are here are left alone or brought up to date."""

from collections.abc import Iterable

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from config.common.edits import label_of
from config.common.sheets.kinds import Entry, Kind, Problem, Record, together
from customers import countries, identifiers
from customers.models import Customer, Organization

from . import contacts
from .customers import ACT, change_customer, create_customer
from .sheet_columns import ADDRESS, COLUMNS, CONTACT

SKIP, UPDATE = "skip", "update"
_CHUNK = 500


class Customers(Kind):
    """Rows of one number are one customer; without a number, rows of one name and VAT id."""

    key = "customers"
    act = ACT
    url = "customers:detail"
    list_url = "customers:list"
    columns = COLUMNS
    needs = [("name",)]
    preview = [
        (_lazy("Number"), ""),
        (_lazy("Name"), ""),
        (_lazy("Place"), ""),
        (_lazy("Contacts"), "num"),
        (_lazy("What happens"), ""),
    ]

    def option_fields(self):
        ours = Organization.objects.defer("logo").first()
        return {
            "existing": forms.ChoiceField(
                label=_("Customers that are here already"),
                choices=[
                    (SKIP, _("Leave them as they are")),
                    (UPDATE, _("Update them with what the file says; its empty cells change nothing")),
                ],
                initial=SKIP,
                widget=forms.RadioSelect,
                help_text=_("Found by their number; without one by VAT id or exact name."),
            ),
            "country": forms.ChoiceField(
                label=_("Country of addresses that name none"),
                choices=countries.choices(),
                initial=ours.country if ours else "",
                required=False,
            ),
        }

    def plan(self, records, options):
        groups: dict[tuple, list[Record]] = {}
        for record in records:
            groups.setdefault(_group_of(record), []).append(record)
        found = _Here(records)
        return [self._entry(group, found, options) for group in groups.values()]

    def _entry(self, group, found, options) -> Entry:
        values, problems = together(self, group, CONTACT)
        problems = [*(each for record in group for each in record.problems), *problems]
        people, wrong = _people(self, group)
        entry = Entry(
            [record.row for record in group], values.get("name") or values.get("number", ""), problems + wrong
        )
        customer, candidates = found.customer(values)
        if len(candidates) > 1:
            entry.problems.append(
                group[0].problem(
                    self.column("name"),
                    _("Several customers here may be meant: %(names)s. Add the customer number.")
                    % {"names": _named(candidates)},
                )
            )
        entry.problems += _cross_checks(self, group[0], values, customer, options)
        if "name" not in values and customer is None and not entry.problems:
            entry.problems.append(group[0].problem(self.column("name"), _("A customer needs a name.")))
        address = {part: values[key] for part, key in ADDRESS.items() if key in values}
        if address and "country" not in address and customer is None and options.get("country"):
            address["country"] = options["country"]
        own = {key: value for key, value in values.items() if key not in ADDRESS.values()}
        what = _("New")
        if customer and not entry.problems:
            entry.known_pk = customer.pk
            own, address, people = _news(customer, own, address, people)
            what = _told(customer, own, address, people)
            if options.get("existing") != UPDATE:
                entry.known = _("%(name)s is here already as %(number)s and stays as it is.") % {
                    "name": customer.name,
                    "number": customer.number,
                }
            elif not (own or address or people):
                entry.known = _("%(name)s (%(number)s) says all this already.") % {
                    "name": customer.name,
                    "number": customer.number,
                }
        place = ", ".join(filter(None, (values.get("billing_city"), address.get("country"))))
        number = values.get("number") or (customer.number if customer else _("the next"))
        entry.cells = (number, entry.label, place, len(people), what)
        entry.data = (customer, own, address, people)
        return entry

    def make(self, entry, *, by, options, source):
        customer, own, address, people = entry.data
        if customer is None:
            ours = Organization.objects.defer("logo").first()
            ours = {name: getattr(ours, name) for name in ("language", "time_zone", "currency")} if ours else {}
            new = [{name: value for name, value in person.items() if name != "said"} for person in people]
            return create_customer(by=by, contacts=new, address=address or None, **{**ours, **own})
        if address:
            row = customer.addresses.filter(kind="billing").first()
            address = {**({part: getattr(row, part) for part in ADDRESS} if row else {}), **address}
        if own or address:
            change_customer(customer, by=by, version=customer.version, address=address or None, **own)
        for person in people:
            old = person.pop("contact", None)
            if old:
                contacts.change_contact(old, by=by, **person)
            else:
                contacts.add_contact(customer, by=by, **person)
        return customer


def _group_of(record):
    if number := record.values.get("number"):
        return ("number", number)
    if name := record.values.get("name"):
        return ("name", name.casefold(), record.values.get("vat_id", ""))
    return ("row", record.row)


class _Here:
    """The customers that rows may mean, asked for 500 numbers, ids or names at a time."""

    def __init__(self, records: Iterable[Record]):
        self.by = {field: self._index(field, records) for field in ("number", "vat_id", "name")}

    @staticmethod
    def _index(field, records):
        wanted = sorted({str(record.values[field]) for record in records if record.values.get(field)})
        index: dict[str, list[Customer]] = {}
        for start in range(0, len(wanted), _CHUNK):
            rows = Customer.objects.filter(**{f"{field}__in": wanted[start : start + _CHUNK]}).order_by("pk")
            for customer in rows.prefetch_related("addresses", "contacts"):
                index.setdefault(getattr(customer, field), []).append(customer)
        return index

    def customer(self, values) -> tuple[Customer | None, list[Customer]]:
        """The one that is meant, if any, and all that may be. A stated number decides alone."""
        if number := values.get("number"):
            found = self.by["number"].get(number, [])
        else:
            found = self.by["vat_id"].get(values.get("vat_id", ""), []) or self.by["name"].get(
                values.get("name", ""), []
            )
        return (found[0] if len(found) == 1 else None), found


def _named(customers):
    return ", ".join(f"{customer.name} ({customer.number})" for customer in customers[:5])


def _people(kind, group) -> tuple[list[dict], list[Problem]]:
    """A contact for each row that names one; the same person twice counts once."""
    people: list[dict] = []
    problems = []
    for record in group:
        said = {key.removeprefix("contact_"): record.values[key] for key in CONTACT if key in record.values}
        if not said.get("name") and not said.get("email"):
            if said.get("phone"):
                problems.append(
                    record.problem(kind.column("contact_phone"), _("Whose phone is it? Add a name or an email."))
                )
            continue
        email = said.get("email", "").casefold()
        if any(email == other["email"].casefold() and (email or said["name"] == other["name"]) for other in people):
            continue
        role = said.get("role") or ("other" if people else "primary")
        gets = {"yes": True, "no": False}.get(said.get("gets_invoices", ""), role != "other")
        people.append(
            {
                "name": said.get("name", ""),
                "email": said.get("email", ""),
                "phone": said.get("phone", ""),
                "role": role,
                "gets_invoices": gets,
                "said": set(said),
            }
        )
    return people, problems


def _cross_checks(kind, record, values, customer, options) -> list[Problem]:
    """What only several columns together can have wrong."""

    def of(name):
        return values.get(name) or (getattr(customer, name) if customer else "")

    problems = []

    def wrong(key, sentence):
        if key not in record.cells or key in record.values:  # an unreadable cell has its sentence already
            problems.append(record.problem(kind.column(key), sentence))

    if customer and "number" not in values and customer.vat_id and of("vat_id") != customer.vat_id:
        # Found by name alone: a namesake, or a new id. Either is meant by its number.
        sentence = _("%(name)s (%(number)s) has the VAT id %(vat)s here. Which of the two is meant?")
        wrong("vat_id", sentence % {"name": customer.name, "number": customer.number, "vat": customer.vat_id})
    scheme, address = of("endpoint_scheme"), of("endpoint_id")
    if bool(scheme) != bool(address):
        missing = "endpoint_id" if scheme else "endpoint_scheme"
        wrong(missing, _("An e-invoice address is a scheme and an address. Fill in both, or neither."))
    elif "endpoint_id" in values and scheme:
        try:
            values["endpoint_id"] = identifiers.check_endpoint(scheme, address)
        except ValidationError as error:
            wrong("endpoint_id", " ".join(error.messages))
    if of("registration_scheme") and not of("registration_no"):
        wrong("registration_no", _("There is a scheme but no number. Fill in both, or take the scheme away."))
    if bool(of("discount_percent")) != bool(of("discount_days")):
        sentence = _("A cash discount needs a percent and a number of days. Fill in both, or neither.")
        wrong("discount_percent" if of("discount_days") else "discount_days", sentence)
    has_country = bool(values.get("billing_country") or options.get("country"))
    has_country |= bool(customer) and any(row.kind == "billing" and row.country for row in customer.addresses.all())
    if any(key in values for key in ADDRESS.values()) and not has_country:
        sentence = _("The address names no country. Add it, or choose one for all such rows with the columns.")
        wrong("billing_country", sentence)
    return problems


def _news(customer, own, address, people):
    """Only what differs from what is here: fields, parts of the billing address, contacts."""
    own = {name: value for name, value in own.items() if name not in CONTACT and getattr(customer, name) != value}
    row = next((row for row in customer.addresses.all() if row.kind == "billing"), None)
    address = {part: value for part, value in address.items() if row is None or getattr(row, part) != value}
    news = []
    for person in people:
        said = person["said"]
        same = next((old for old in customer.contacts.all() if _is_same(old, person)), None)
        if same is None:
            news.append({name: value for name, value in person.items() if name != "said"})
            continue
        differs = {name: person[name] for name in said if getattr(same, name) != person[name]}
        if differs:
            news.append({"contact": same, **differs})
    return own, address, news


def _is_same(old, person):
    if person["email"] and old.email:
        return old.email.casefold() == person["email"].casefold()
    return bool(person["name"]) and old.name == person["name"]


def _told(customer, own, address, people) -> str:
    words = [label_of(customer, name) for name in sorted(own)]
    words += [_("Billing address")] if address else []
    words += [_("Contacts")] if people else []
    return _("Update: %(what)s") % {"what": ", ".join(words)} if words else _("Nothing changes")
