"""Whose invoice a row is: by number, VAT id, email or exact name; never a guess."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from config.common.sheets.kinds import Record
from customers.identifiers import check_vat_id
from customers.models import Contact, Customer

from .sheet_columns import CUSTOMER

_CHUNK = 500
_FIELDS = {"customer_number": "number", "customer_vat_id": "vat_id", "customer_name": "name"}


class Buyers:
    """The customers that rows may mean, asked for some hundred at a time whatever the number of rows."""

    def __init__(self, records: Iterable[Record]):
        records = list(records)
        self._by = {key: self._index(key, field, records) for key, field in _FIELDS.items()}
        self._by["customer_email"] = self._by_email(records)

    def find(self, values) -> tuple[Customer | None, str, str]:
        """(the customer, the column that is wrong, the sentence). What comes first in CUSTOMER decides; where it fits
        several, the other columns narrow it. A VAT id that contradicts the customer found is an error."""
        given = [key for key in CUSTOMER if values.get(key)]
        if not given:
            return None, CUSTOMER[0], _("It says no customer: a number, VAT id, email or name.")
        first = given[0]
        found = self._fitting(first, values)
        if not found:
            return None, first, _("No customer here has this. Import the customers first, or correct it.")
        for key in given[1:]:
            if len(found) > 1:
                also = {customer.pk for customer in self._fitting(key, values)}
                found = [customer for customer in found if customer.pk in also] or found
        if len(found) > 1:
            names = ", ".join(f"{customer.name} ({customer.number})" for customer in found[:5])
            return (
                None,
                first,
                _("Several customers may be meant: %(names)s. Add the customer number.") % {"names": names},
            )
        customer = found[0]
        vat_id = _tidy("customer_vat_id", values.get("customer_vat_id") or "")
        if vat_id and customer.vat_id and vat_id != customer.vat_id:
            sentence = _("%(name)s (%(number)s) has the VAT id %(vat)s here. Which of the two is meant?")
            said = {"name": customer.name, "number": customer.number, "vat": customer.vat_id}
            return None, "customer_vat_id", sentence % said
        if customer.is_archived:
            sentence = _("%(name)s is archived and gets no new invoices. Take it out of the archive first.")
            return None, first, sentence % {"name": customer.name}
        return customer, "", ""

    def _fitting(self, key, values) -> list[Customer]:
        return self._by[key].get(_tidy(key, values.get(key) or ""), [])

    @staticmethod
    def _index(key, field, records):
        index: dict[str, list[Customer]] = {}
        for wanted in _chunks(key, records):
            for customer in Customer.objects.filter(**{f"{field}__in": wanted}).order_by("pk"):
                index.setdefault(getattr(customer, field), []).append(customer)
        return index

    @staticmethod
    def _by_email(records):
        """By the addresses of contacts; letter case does not matter, as everywhere with mail."""
        index: dict[str, list[Customer]] = {}
        for wanted in _chunks("customer_email", records):
            rows = Contact.objects.annotate(small=Lower("email")).filter(small__in=wanted).select_related("customer")
            for contact in rows.order_by("customer_id", "pk"):
                index.setdefault(contact.small, []).append(contact.customer)
        return index


def _chunks(key, records):
    wanted = sorted({_tidy(key, record.values[key]) for record in records if record.values.get(key)})
    return [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]


def _tidy(key, value) -> str:
    if key == "customer_vat_id" and value:
        try:
            return check_vat_id(value)
        except ValidationError:
            return value
    return value.casefold() if key == "customer_email" else value
