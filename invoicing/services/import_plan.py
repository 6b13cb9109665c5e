"""The dry run: what each file of an import would become, and what is wrong with it, in words. Writes nothing."""

from collections import Counter
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from config.common import edits
from config.common.errors import DomainError
from customers.models import Address, Customer, Organization

from ..einvoice import model, ubl
from ..models import ImportFile, Invoice
from . import import_customers, import_rows, matching

READY, ASKS, TWICE, REFUSED, MADE = "ready", "asks", "twice", "refused", "made"


@dataclass
class Row:
    """One file as the dry run shows it."""

    file: ImportFile
    state: str = READY
    reading: ubl.Reading | None = None
    draft: import_rows.Draft | None = None
    match: matching.Match | None = None
    same_as: Invoice | None = None  # twice: the invoice that is here already
    lookalike: Invoice | str | None = None  # an invoice, or the name of a file before this one
    reasons: list[str] = field(default_factory=list)  # why it is refused
    remarks: list[str] = field(default_factory=list)
    corrects: Invoice | str | None = None  # an invoice, or the name of a file of the same import
    corrects_text: str = ""

    @property
    def invoice(self) -> model.Invoice | None:
        return self.reading.invoice if self.reading else None

    @property
    def kept(self) -> tuple[str, ...]:
        return self.reading.kept if self.reading else ()

    @property
    def same_as_text(self) -> str:
        return known_as(self.same_as) if self.same_as else ""

    @property
    def is_good(self) -> bool:
        return self.state in (READY, ASKS)

    @property
    def asks_customer(self) -> bool:
        return self.state == ASKS and self.match is not None and self.match.asks

    @property
    def asks_lookalike(self) -> bool:
        return self.state == ASKS and self.lookalike is not None

    @property
    def lacks_due_date(self) -> bool:
        return self.is_good and self.is_kind("invoice") and self.invoice is not None and self.invoice.due_on is None

    @property
    def has_more(self) -> bool:
        """Whether there is anything to say beside the figures."""
        return bool(
            self.state not in (READY, REFUSED)
            or self.reasons
            or self.remarks
            or self.kept
            or self.file.outcome
            or self.lacks_due_date
            or self.is_kind("credit_note")
        )

    def is_kind(self, kind: str) -> bool:
        return self.draft is not None and self.draft.kind == kind

    def refuse(self, *reasons):
        self.state = REFUSED
        self.reasons += [str(reason) for reason in reasons]


@dataclass
class Plan:
    rows: list[Row]
    strangers: list[str]  # sellers in the files who are not us

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if row.is_good]

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if row.state in (REFUSED, TWICE)]

    @property
    def ready(self) -> list[Row]:
        return [row for row in self.rows if row.state == READY]

    @property
    def asking(self) -> list[Row]:
        return [row for row in self.rows if row.state == ASKS]

    @property
    def made(self) -> list[Row]:
        return [row for row in self.rows if row.state == MADE]


def known_as(other: Invoice | str) -> str:
    """An invoice by its number, a draft by its customer and source reference; a file by its name."""
    if isinstance(other, str) or other.number:
        return str(other)
    return f"{other} ({other.source_reference})" if other.source_reference else str(other)


def plan_files(files) -> Plan:
    """Look at the files, saved or not, in the order they would be made: invoices first, so that a credit note finds
    the one it corrects. DomainError where there is no organization yet."""
    organization = Organization.objects.current()
    rows = [plan_file(file, organization) for file in files]
    _look_within(rows)
    strangers = {}
    for row in rows:
        if row.invoice and not matching.is_us(row.invoice.seller, organization):
            seller = row.invoice.seller
            strangers.setdefault(f"{seller.name} ({seller.vat_id})" if seller.vat_id else seller.name or "–")
    return Plan(in_order(rows), list(strangers))


def in_order(rows) -> list[Row]:
    return sorted(rows, key=lambda row: bool(row.draft) and row.draft.kind == "credit_note")


def plan_file(file: ImportFile, organization) -> Row:
    """What this file would become if it were made now."""
    row = Row(file)
    if file.made_at is not None:
        row.state, row.same_as = MADE, file.invoice
    try:
        if not file.content and file.outcome:
            raise ubl.Refusal(file.outcome)  # too large to be kept
        row.reading = reading = ubl.read(bytes(file.content))
    except ubl.Refusal as refusal:
        if row.state != MADE:
            row.refuse(*refusal.reasons)
        return row
    seller_is_us = matching.is_us(reading.invoice.seller, organization)
    if row.state == MADE and row.same_as:
        row.match = matching.Match("made", row.same_as.customer)
    else:
        row.match = matching.find_customer(reading.invoice.buyer, numbers_are_ours=seller_is_us)
    row.draft = import_rows.build(
        reading.invoice,
        own_currency=organization.currency,
        language=row.match.customer.language if row.match.customer else organization.language,
    )
    row.remarks += row.draft.remarks
    if row.state == MADE:
        return row
    earlier = ImportFile.objects.filter(sha256=row.reading.sha256, invoice__isnull=False).select_related("invoice")
    if found := earlier.first():
        row.state, row.same_as = TWICE, found.invoice
        return row
    _judge(row, organization, seller_is_us)
    return row


def _judge(row, organization, seller_is_us):
    invoice, match = row.invoice, row.match
    if row.draft.problems:
        row.refuse(*dict.fromkeys(row.draft.problems))
    if match.customer and match.customer.is_archived:
        row.refuse(
            _("%(customer)s is archived and gets no new invoices. Take it out of the archive first.")
            % {"customer": match.customer}
        )
    elif match.customer:
        if found := matching.differences(invoice.buyer, match.customer):
            row.remarks.append(_("The file says of the customer: %(what)s.") % {"what": "; ".join(found)})
    else:
        _try_new_customer(row, organization)
    row.lookalike = _lookalike(invoice, organization, seller_is_us)
    find_preceding(row, match.customer)
    if row.state == READY and (match.asks or row.lookalike):
        row.state = ASKS


def _try_new_customer(row, organization):
    """Refuse now, in the same words, what the customers' service would refuse."""
    invoice = row.invoice
    if text := import_customers.unusable_email(invoice.buyer.contact):
        row.remarks.append(text)
    try:
        edits.fill(Customer(), import_customers.customer_fields(invoice.buyer, invoice.currency, organization))
        edits.fill(Address(), import_customers.address_fields(invoice.buyer.address))
    except DomainError as refusal:
        if not row.match.asks:
            row.refuse(refusal)


def _lookalike(invoice, organization, seller_is_us) -> Invoice | None:
    """An invoice of the same seller, number and date whose file had other content."""
    same_number = Invoice.objects.filter(source_reference=invoice.number).select_related("import_file")
    for found in same_number.order_by("pk"):
        file = getattr(found, "import_file", None)
        if file is None:
            if seller_is_us and found.issued_on == invoice.issued_on:
                return found
            continue
        try:
            earlier = ubl.read(bytes(file.content)).invoice
        except ubl.Refusal:  # an older version read more than this one does
            continue
        if earlier.issued_on == invoice.issued_on and matching.same_party(earlier.seller, invoice.seller):
            return found
    if seller_is_us:
        return Invoice.objects.filter(number=invoice.number, issued_on=invoice.issued_on).first()
    return None


def find_preceding(row, customer):
    """What it corrects: that customer's invoice here, if exactly one bears the number; else the number as text.

    An invoice (not a credit note) corrects nothing: what came before it is kept as text.
    """
    numbers = [reference.number for reference in row.invoice.preceding]
    row.corrects_text = ", ".join(
        f"{reference.number} ({reference.issued_on})" if reference.issued_on else reference.number
        for reference in row.invoice.preceding
    )
    if row.draft.kind != "credit_note" or len(numbers) != 1 or customer is None:
        return
    same_customer = Invoice.objects.invoices().filter(customer=customer)
    found = same_customer.filter(number=numbers[0])[:2] or same_customer.filter(source_reference=numbers[0])[:2]
    if len(found) == 1:
        row.corrects = found[0]


def _look_within(rows):
    """Files of the same run that repeat each other, or that would share a new customer."""
    hashes, documents, customers, names = {}, {}, {}, {}
    invoices = [row for row in rows if row.is_good and row.draft.kind == "invoice"]
    count = Counter(row.invoice.number for row in invoices)
    numbers = {row.invoice.number: row.file.name for row in invoices if count[row.invoice.number] == 1}
    for row in rows:
        if not row.is_good:
            continue
        name, invoice = row.file.name, row.invoice
        if row.reading.sha256 in hashes:
            row.refuse(_("The same content as %(file)s in this import.") % {"file": hashes[row.reading.sha256]})
            continue
        hashes[row.reading.sha256] = name
        key = (invoice.number, invoice.issued_on)
        earlier = next(
            (r for r in documents.get(key, ()) if matching.same_party(r.invoice.seller, invoice.seller)), None
        )
        documents.setdefault(key, []).append(row)
        if earlier and row.lookalike is None:
            row.lookalike, row.state = earlier.file.name, ASKS
        if row.draft.kind == "credit_note" and row.corrects is None and len(invoice.preceding) == 1:
            row.corrects = numbers.get(invoice.preceding[0].number)
        if row.match.how == "new":
            who = matching.identity(invoice.buyer)
            if who in customers:
                row.remarks.append(_("The same new customer as in %(file)s.") % {"file": customers[who]})
            elif (called := invoice.buyer.name.casefold()) in names:
                row.remarks.append(
                    _("%(file)s brings a new customer of this name too; once made, you are asked if it is the same.")
                    % {"file": names[called]}
                )
            customers.setdefault(who, name)
            names.setdefault(invoice.buyer.name.casefold(), name)
