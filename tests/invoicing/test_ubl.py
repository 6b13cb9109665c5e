"""Reading UBL: what is in the file is in the semantic invoice, is named as left over, or refuses the file."""

import random
import time
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest

from invoicing.einvoice import ubl, xml
from invoicing.einvoice.model import Identifier
from tests.ubl_files import NAMES, sample

PLAIN = "plain.xml"


def amount(name: str, value: str, currency="EUR") -> str:
    return f'<cbc:{name} currencyID="{currency}">{value}</cbc:{name}>'


WITHHELD = f"<cac:WithholdingTaxTotal>{amount('TaxAmount', '9')}</cac:WithholdingTaxTotal>"


def before(tag: str, added: str) -> tuple[str, str]:
    return tag, added + tag


def refusal(content: bytes) -> str:
    with pytest.raises(ubl.Refusal) as caught:
        ubl.read(content)
    return str(caught.value)


# --- What is read ---------------------------------------------------------------------------------------------


def test_an_invoice_is_read_with_its_parties_dates_and_references():
    found = ubl.read(sample(PLAIN)).invoice

    assert (found.number, found.issued_on, found.due_on) == ("KW-2026-118", date(2026, 10, 2), date(2026, 10, 16))
    assert (found.period.start, found.period.end) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (found.currency, found.is_credit_note, found.order_number) == ("EUR", False, "PO-4471")
    assert (found.seller.name, found.seller.trade_name) == ("Kelpworks Instruments B.V.", "Kelpworks")
    assert found.buyer.name == "Muelle Norte S.L."
    assert found.buyer.vat_id == "ESB83920174"
    assert found.buyer.endpoint == Identifier("ESB83920174", "9920")
    assert str(found.buyer.address) == "Calle del Faro 8, Nave 2, 36201 Vigo, Pontevedra, ES"
    assert found.buyer.contact.email == "facturas@muellenorte.example"
    assert [(line.name, line.quantity, line.unit, line.price, line.net) for line in found.lines] == [
        ("Calibration of a tide gauge", Decimal(2), "HUR", Decimal(120), Decimal(240)),
        ("Salinity probe", Decimal(4), "C62", Decimal(65), Decimal(260)),
    ]


def test_allowances_charges_price_base_and_texts_are_read():
    found = ubl.read(sample("allowances.xml")).invoice

    assert [(a.is_charge, a.amount, a.percent, a.base, a.reason, a.reason_code) for a in found.adjustments] == [
        (True, Decimal("36.50"), None, None, "Freight", "FC"),
        (False, Decimal("102.45"), Decimal(5), Decimal("2049.00"), "Loyalty", "95"),
    ]
    buoy, rope, training = found.lines
    assert [(a.is_charge, a.amount) for a in buoy.adjustments] == [(False, Decimal(114)), (True, Decimal(3))]
    assert (buoy.description, buoy.notes, buoy.seller_item) == (
        "With light and radar reflector",
        ("Batch 7, checked",),
        "DB-12",
    )
    assert buoy.attributes == (("Colour", "Orange"),)
    assert (rope.price, rope.price_base) == (Decimal("21.40"), Decimal(10))
    assert training.tax.exemption_text == "Training exempt from VAT"
    assert training.tax.exemption_code == "VATEX-EU-132-1I"
    assert training.period.start == date(2026, 9, 28)
    assert found.tax_point == date(2026, 10, 1)
    assert found.deliver_to.country == "ES"
    assert found.references == (
        ("Contract", "Frame 2025/3"),
        ("Accounting cost", "4100:77"),
        ("Payment reference", "KW-2026-118"),
        ("Supporting document", "Timesheet"),
    )


def test_what_only_the_file_keeps_is_named():
    assert ubl.read(sample("allowances.xml")).kept == (
        "attachments",
        "payment means and bank account",
        "price discounts",
        "order line numbers",
        "item classification codes",
    )


def test_a_fact_nobody_knows_is_named_by_its_own_name():
    content = sample(PLAIN, ("<cbc:BuyerReference>", "<cbc:Mood>calm</cbc:Mood><cbc:BuyerReference>"))

    assert "Mood" in ubl.read(content).kept


def test_a_credit_note_names_what_it_corrects():
    found = ubl.read(sample("credit_note.xml")).invoice

    assert found.is_credit_note
    assert [(p.number, p.issued_on) for p in found.preceding] == [("KW-2026-118", date(2026, 10, 2))]
    assert [line.quantity for line in found.lines] == [Decimal(2), Decimal(-1)]


def test_the_vat_total_in_the_accounting_currency_is_told_from_the_other():
    found = ubl.read(sample("vat_in_our_currency.xml")).invoice

    assert (found.currency, found.accounting_currency) == ("USD", "EUR")
    assert (found.totals.tax, found.totals.tax_in_accounting_currency) == (Decimal(252), Decimal("216.72"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_every_common_encoding_is_read(encoding):
    declared = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16"}.get(encoding, encoding)
    text = sample("other_seller.xml").decode().replace('encoding="UTF-8"', f'encoding="{declared}"')

    assert ubl.read(text.encode(encoding)).invoice.buyer.name == "Vattenvägen AB"


def test_the_fingerprint_is_of_the_content_not_of_the_way_it_is_written():
    text = sample(PLAIN).decode()
    other = text.replace('encoding="UTF-8"', 'encoding="UTF-16"').replace('currencyID="EUR">', "currencyID='EUR' >")
    other = other.replace("<cbc:ID>KW", "<!-- hello --><cbc:ID>KW")

    assert ubl.read(other.encode("utf-16")).sha256 == ubl.read(text.encode()).sha256
    assert ubl.read(sample(PLAIN, ("KW-2026-118", "KW-2026-119"))).sha256 != ubl.read(sample(PLAIN)).sha256


# --- What refuses a file --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((">380<", ">384<"), "The type code is 384. Only 380 (invoice) and 381 (credit note) can be held."),
        ((">EUR<", ">XXX<"), "DocumentCurrencyCode “XXX” is not a currency in use."),
        (("<cbc:ID>KW-2026-118</cbc:ID>", ""), "The invoice number (ID) is missing."),
        (("2026-10-02", "yesterday"), "IssueDate is not a date: “yesterday”."),
        (("2026-10-02", "2026-02-30"), "IssueDate is not a date: “2026-02-30”."),
        (("<cbc:ID>S</cbc:ID>", "<cbc:ID>L</cbc:ID>"), "The tax category “L” cannot be held."),
        (("<cbc:ID>S</cbc:ID>", "<cbc:ID>E</cbc:ID>"), "Tax category E bears no tax, but the file says 21 %."),
        (("<cbc:Percent>21</cbc:Percent>", ""), "The rate (Percent) of tax category S is missing."),
        (("<cbc:ID>VAT</cbc:ID>", "<cbc:ID>GST</cbc:ID>"), "The tax is “GST”; only VAT can be held."),
        (('unitCode="HUR">2<', 'unitCode="HUR">two<'), "Line 1: InvoicedQuantity is not a number: “two”."),
        (('unitCode="HUR">2<', 'unitCode="HUR">1e3<'), "Line 1: InvoicedQuantity is not a number: “1e3”."),
        (('unitCode="HUR">2<', 'unitCode="HUR">NaN<'), "Line 1: InvoicedQuantity is not a number: “NaN”."),
        (('currencyID="EUR">240.00', 'currencyID="USD">240.00'), "Line 1: LineExtensionAmount is in USD"),
        (("2026-09-30", "2026-08-30"), "The period ends (2026-08-30) before it begins (2026-09-01)."),
        (
            before("</cac:LegalMonetaryTotal>", amount("PayableRoundingAmount", "0.02")),
            "The amount due is rounded by 0.02 (PayableRoundingAmount), which cannot be held.",
        ),
        (
            before("<cac:LegalMonetaryTotal>", WITHHELD),
            "The file withholds tax from the amount due, which cannot be held.",
        ),
        (
            before("<cac:Price>", "<cac:SubInvoiceLine><cbc:ID>1</cbc:ID></cac:SubInvoiceLine>"),
            "The file has lines within lines, which cannot be held.",
        ),
        (
            before("</cac:LegalMonetaryTotal>", amount("PayableAlternativeAmount", "7")),
            "LegalMonetaryTotal/PayableAlternativeAmount (7) is about money or tax and cannot be held.",
        ),
        (
            before("<cac:LegalMonetaryTotal>", f"<cac:TaxTotal>{amount('TaxAmount', '1', 'SEK')}</cac:TaxTotal>"),
            "The file has several tax totals (TaxTotal) that cannot be told apart.",
        ),
        (
            before("<cbc:DocumentCurrencyCode>EUR<", "<cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode>"),
            "The file names SEK as the currency of its VAT but states no VAT total in it.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_held_refuses_the_file_in_words(change, sentence):
    assert sentence in refusal(sample(PLAIN, change))


def test_a_customer_without_a_name_refuses_the_file():
    nameless = ("<cbc:RegistrationName>Muelle Norte S.L.<", "<cbc:RegistrationName> <")

    assert (
        refusal(sample(PLAIN, nameless, ("<cbc:Name>Muelle Norte</cbc:Name>", ""))) == "The customer's name is missing."
    )


def test_a_line_without_a_price_refuses_the_file():
    content = sample(PLAIN, ("<cac:Price>", "<cac:Cost>"), ("</cac:Price>", "</cac:Cost>"))

    assert refusal(content).startswith("Line 1: the item, the quantity or the price is missing.")


def test_all_reasons_are_told_at_once():
    told = refusal(
        sample(PLAIN, (">380<", ">389<"), ("2026-10-02", "soon"), ('unitCode="HUR">2<', 'unitCode="HUR">two<'))
    )

    assert told.count(".") >= 3
    assert "389" in told
    assert "soon" in told
    assert "two" in told


# --- Attacks --------------------------------------------------------------------------------------------------

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{"&a" + (str(n - 1) if n else "") + ";"}{"&a;" * 9}">' for n in range(20))
    + "]><a>&a19;</a>"
)
DTD = "The file has a document type declaration (DTD). E-invoices have none, so it is refused for safety."
NOT_XML = "The file is not XML, or it is damaged. Export it again and bring the .xml file itself."
TOO_DEEP = "The file is nested too deeply or has too many parts to be an invoice."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n ", "The file is empty."),
        (b"%PDF-1.7 not xml", NOT_XML),
        (b"<Invoice>", NOT_XML),
        (b"<a>&unknown;</a>", NOT_XML),
        (b"\x00\x01\x02", NOT_XML),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', NOT_XML),
        (b"<!DOCTYPE a><a/>", DTD),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', DTD),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/evil.dtd"><a/>', DTD),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><a/>', DTD),
        (BOMB.encode(), DTD),
        (BOMB.encode("utf-16"), DTD),
        (b"<a>" * 100_000 + b"</a>" * 100_000, TOO_DEEP),
        (b"<a>" + b"<b/>" * 1_000_000 + b"</a>", TOO_DEEP),
        (b"<a " + b" ".join(b'xmlns:n%d="urn:%d"' % (n, n) for n in range(50_000)) + b"/>", TOO_DEEP),
        (b"<Invoice/>", "This is not a UBL 2.1 invoice or credit note; the file is a “Invoice”."),
        (b"<html><body/></html>", "This is not a UBL 2.1 invoice or credit note; the file is a “html”."),
        (b"<a>" + b"x" * xml.MAX_BYTES + b"</a>", "The file is larger than 5 MB."),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:20],
)
def test_an_attack_is_refused_in_words_and_at_once(content, sentence):
    start = time.monotonic()

    told = refusal(content)

    assert told.startswith(sentence)
    assert time.monotonic() - start < 1


def test_a_reference_to_another_file_is_never_followed(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret}" parse="text"/>'
    content = sample(PLAIN, before("<cbc:ID>KW", include))

    assert "s3cret" not in repr(ubl.read(content))


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(name):
    """Cut off, bits turned, pieces repeated, digits changed: never another error than the refusal."""
    source, dice = sample(name), random.Random(name)
    for _ in range(60):
        damaged = bytearray(source)
        for _ in range(dice.randint(1, 6)):
            at, kind = dice.randrange(len(damaged) or 1), dice.randrange(5)
            if kind == 0:
                damaged[at] = dice.randrange(256)
            elif kind == 1:
                del damaged[at : at + dice.randint(1, 60)]
            elif kind == 2:
                damaged[at:at] = damaged[max(0, at - 40) : at]
            elif kind == 3:
                damaged = bytearray(
                    bytes(damaged).replace(b"00", dice.choice([b"", b"-", b"99999999999999999999", b"."]), 3)
                )
            elif not dice.randrange(6):
                damaged = damaged[:at]
            if not damaged:
                break
        with suppress(ubl.Refusal):
            assert ubl.read(bytes(damaged)).invoice.number
