"""The PDF: made once, stored with its hash, readable, and deaf to whatever stands in it."""

import io
import threading
from decimal import Decimal
from pathlib import Path

import pytest
import segno
from django.core.files.storage import storages
from django.db import connection, connections
from django.utils.translation import override
from PIL import Image
from pypdf import PdfReader

from config.common.errors import DomainError
from config.common.roles import SYSTEM
from customers.services.logos import store_logo
from invoicing import documents
from invoicing.models import Document, Invoice
from invoicing.paper import fonts, qr, rendering
from invoicing.services import drafting
from tests import factories

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


@pytest.fixture(autouse=True)
def room(settings, tmp_path):
    """A documents folder of its own for each test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "documents": {
            "BACKEND": "config.common.storage.AtomicStorage",
            "OPTIONS": {"location": tmp_path / "documents"},
        },
    }
    return tmp_path / "documents"


@pytest.fixture
def renders(monkeypatch):
    """How often the renderer was asked."""
    asked, render = [], documents.render

    def counted(html):
        asked.append(html)
        return render(html)

    monkeypatch.setattr(documents, "render", counted)
    return asked


def text_of(pdf: bytes) -> str:
    """All pages as text, a space for every kind of space."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def paper_of(buyer=None, **fields) -> str:
    return text_of(documents.read(documents.ensure_pdf(factories.opened(buyer, **fields))))


def picture(colour=(11, 92, 117)) -> bytes:
    png = io.BytesIO()
    Image.new("RGB", (300, 80), colour).save(png, "PNG")
    return png.getvalue()


# --- Made once ------------------------------------------------------------------------------------------------


def test_an_opened_invoice_gets_one_pdf_and_keeps_it(db, renders):
    invoice = factories.opened()

    first, again = documents.ensure_pdf(invoice), documents.ensure_pdf(invoice)

    assert first == again
    assert len(renders) == 1
    assert Document.objects.count() == 1
    assert first.name == f"{invoice.number}.pdf"
    assert first.language == "en"
    assert first.warnings == []
    assert len(documents.read(first)) == first.size
    assert first.sha256 in first.path


def test_a_draft_is_refused_and_nothing_is_stored(db, room):
    with pytest.raises(DomainError) as refused:
        documents.ensure_pdf(factories.draft())

    assert str(refused.value) == "A draft has no PDF to keep: it has no number yet. Open it first."
    assert Document.objects.count() == 0
    assert not room.exists()


def test_a_draft_can_be_looked_at_but_says_what_it_is(db, room):
    pdf = documents.draft_pdf(factories.draft())

    assert "Draft: this is not an invoice yet." in text_of(pdf)
    assert "INV-" not in text_of(pdf)
    assert Document.objects.count() == 0
    assert not room.exists()


def test_even_an_empty_draft_can_be_looked_at(db):
    factories.organization()

    pdf = documents.draft_pdf(drafting.draft_invoice(None, by=SYSTEM))

    assert "Draft: this is not an invoice yet." in text_of(pdf)


def test_an_opened_invoice_has_no_draft_any_more(db):
    with pytest.raises(DomainError) as refused:
        documents.draft_pdf(factories.opened())

    assert str(refused.value) == "This invoice is opened: its PDF is stored and never made again."


def test_later_changes_of_the_organization_alter_no_paper(db):
    ours = factories.organization()
    invoice = factories.opened()
    ours.legal_name = "Somebody Else B.V."
    ours.save()

    text = text_of(documents.read(documents.ensure_pdf(Invoice.objects.get(pk=invoice.pk))))

    assert "Kelpworks Instruments B.V." in text
    assert "Somebody Else" not in text


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_once_both_get_the_one_row(monkeypatch):
    invoice, gate, render = factories.opened(), threading.Barrier(2, timeout=20), documents.render
    found = []

    def together(html):
        made = render(html)
        gate.wait()
        return made

    def work():
        try:
            found.append(documents.ensure_pdf(Invoice.objects.get(pk=invoice.pk)).pk)
        finally:
            connections.close_all()

    monkeypatch.setattr(documents, "render", together)
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(40)

    assert len(found) == 2
    assert len(set(found)) == 1
    assert Document.objects.count() == 1


# --- Kept -----------------------------------------------------------------------------------------------------


def test_a_changed_file_is_never_handed_out(db, room):
    stored = documents.ensure_pdf(factories.opened())
    file = room / stored.path
    file.write_bytes(file.read_bytes() + b" ")

    with pytest.raises(documents.DocumentLost) as refused:
        documents.read(stored)

    assert "is not the one that was made" in str(refused.value)
    assert stored.path in str(refused.value)


def test_a_missing_file_is_named(db, room):
    stored = documents.ensure_pdf(factories.opened())
    (room / stored.path).unlink()

    with pytest.raises(documents.DocumentLost) as refused:
        documents.read(stored)

    assert str(refused.value) == (
        f"The stored file {stored.name} is gone. Bring {stored.path} back from a backup of the documents folder."
    )


def test_a_number_with_slashes_makes_a_plain_file_name(db):
    invoice = Invoice(number="2026/00 1\\..", pk=5)

    assert documents._file_name(invoice) == "2026-00-1.pdf"


# --- What it shows --------------------------------------------------------------------------------------------


def test_the_paper_says_everything_the_law_asks_for(db):
    buyer = factories.customer(vat_id="DE136695976")

    text = paper_of(
        buyer,
        lines=[
            factories.line("Turbidity probe", "6", "2450.50", details="Serials 1 to 6"),
            factories.line("Screws", "2500", "3.275", price_base=Decimal(100), unit="H87"),
            factories.line("Book", "2", "40", tax=factories.tax("9")),
        ],
        adjustments=[
            {"reason": "Loyal customer", "percent": Decimal(3), "tax": factories.tax()},
            {"reason": "Freight", "amount": 4500, "is_charge": True, "tax": factories.tax()},
        ],
        buyer_reference="Weir Street",
        order_number="BMUD-7802",
        prepaid=100000,
        discount_percent=Decimal(2),
        discount_days=10,
    )

    for said in (
        "Invoice INV-2026-00001",
        "Kelpworks Instruments B.V. Maashaven 14, 3072 AE Rotterdam, Netherlands VAT id NL859302117B01",
        "Registration number 24198830",
        "Bill to Harbour Café GmbH Elbchaussee 1 22765 Hamburg Germany VAT id DE136695976",
        "Issued 20 November 2026",
        "Due 20 December 2026",
        "Date of supply 20 November 2026",
        "Your reference Weir Street",
        "Purchase order BMUD-7802",
        "Turbidity probe Serials 1 to 6 6 2,450.50 21% 14,703.00",
        "Screws 2,500 pcs 3.275 per 100 pcs 21% 81.88",
        "Book 2 40.00 9% 80.00",
        "Sum of lines 14,864.88",
        "Loyal customer 3% (VAT 21%) −445.95",
        "Freight (VAT 21%) 45.00",
        "Subtotal 14,463.93",
        "VAT 21% on 14,383.93 3,020.63",
        "VAT 9% on 80.00 7.20",
        "Total 17,491.76",
        "Prepaid −1,000.00",
        "Amount due EUR 16,491.76",
        "Please pay EUR 16,491.76 by 20 December 2026. 2% cash discount if paid by 30 November 2026: EUR 16,161.92.",
        "IBAN NL91 ABNA 0417 1643 00",
        "Page 1 of 1",
    ):
        assert said in text


def test_it_is_in_the_customers_language_and_formats_not_in_the_viewers(db):
    with override("en"):
        text = paper_of(language="de", period_start=factories.TODAY, period_end=factories.TODAY)

    for said in (
        "Rechnung INV-",
        "Fällig am 20. Dezember 2026",
        "Leistungszeitraum 20. November 2026",
        "USt. 21 % auf 200,00 42,00",
        "EUR 242,00",
        "Seite 1 von 1",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("currency", "price", "said"), [("JPY", "125000", "JPY 302,500"), ("KWD", "1250.125", "KWD 3,025.303")]
)
def test_amounts_have_their_currencys_digits(db, currency, price, said):
    text = paper_of(currency=currency, lines=[factories.line("Sensor", "2", price)], accounting_rate=Decimal("0.5"))

    assert f"Amount due {said}" in text


def test_tax_in_a_foreign_currency_is_told_in_our_own_too(db):
    text = paper_of(currency="USD", accounting_currency="EUR", accounting_rate=Decimal("0.92"))

    assert "VAT total in EUR: EUR 38.64 (1 USD = 0.92 EUR)" in text


@pytest.mark.parametrize(
    ("category", "language", "said"),
    [
        ("AE", "en", "Reverse charge: the customer accounts for the VAT."),
        ("AE", "de", "Steuerschuldnerschaft des Leistungsempfängers."),
        ("K", "en", "Intra-community supply, Article 138 of Directive 2006/112/EC."),
        ("G", "de", "Steuerfreie Ausfuhrlieferung, Artikel 146 der Richtlinie 2006/112/EG."),
    ],
)
def test_untaxed_supplies_carry_the_words_of_the_law_and_both_vat_ids(db, category, language, said):
    buyer = factories.customer(vat_id="PL7251801126")
    row = factories.line(tax=factories.tax("0", category))

    text = paper_of(buyer, lines=[row], language=language, delivery_country="PL")

    assert text.count(said) == 1
    assert "NL859302117B01" in text
    assert "PL7251801126" in text


def test_two_reasons_on_one_paper_are_told_apart_by_marks(db):
    buyer = factories.customer(vat_id="PL7251801126")
    rows = [
        factories.line("Abroad", tax=factories.tax("0", "AE")),
        factories.line("Course", tax=factories.tax("0", "E", exemption_text="Teaching is exempt")),
    ]

    text = paper_of(buyer, lines=rows)

    assert "Abroad 2 100.00 0% ¹ 200.00" in text
    assert "Course 2 100.00 0% ² 200.00" in text
    assert "¹ Reverse charge: the customer accounts for the VAT." in text
    assert "² Exempt from VAT. Teaching is exempt" in text


def test_a_credit_note_is_titled_so_names_its_invoice_and_asks_for_no_money(db):
    corrected = factories.opened()

    text = paper_of(corrected.customer, kind="credit_note", corrects=corrected)

    assert "Credit note CN-" in text
    assert f"Corrects invoice {corrected.number}, 20 November 2026" in text
    assert "Amount credited EUR 242.00" in text
    assert "set against what you owe, or paid back to you" in text
    assert "IBAN" not in text
    assert "Please pay" not in text


def test_a_prepaid_invoice_says_that_nothing_is_left(db):
    text = paper_of(prepaid=24200)

    assert "Nothing is left to pay." in text
    assert "Please pay" not in text


def test_a_long_invoice_repeats_its_header_counts_its_pages_and_keeps_its_totals_together(db):
    invoice = factories.opened(lines=[factories.line(f"Part {n:03d}", "1", "10") for n in range(50)])

    pages = [
        " ".join(page.extract_text().split())
        for page in PdfReader(io.BytesIO(documents.read(documents.ensure_pdf(invoice)))).pages
    ]

    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    assert all("Description Quantity Unit price" in page for page in pages if "Part " in page)
    assert sum("Subtotal" in page and "Amount due" in page for page in pages) == 1
    assert all(any(f"Part {n:03d}" in page for page in pages) for n in range(50))


def test_long_words_and_long_details_stay_on_the_paper(db):
    rows = [factories.line("N" * 300, details="\n".join(f"row {n}" for n in range(200)))]

    text = paper_of(factories.customer("X" * 150), lines=rows, note="word " * 400)

    assert "row 199" in text
    assert "".join(text.split()).count("X") >= 150
    assert "Amount due EUR 242.00" in text


# --- Letters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Υδραυλικά Έργα Α.Ε.", "Wodociągi Łódź", "Київводоканал «Їжак»", "Þórður Ægisson hf.", "Tomáš Dvořák", "ĞŞİ"],
)
def test_letters_of_europe_print(db, name):
    stored = documents.ensure_pdf(factories.opened(factories.customer(name)))

    assert name in text_of(documents.read(stored))
    assert stored.warnings == []


def test_a_name_no_font_has_gives_way_to_the_latin_one_with_a_warning(db):
    stored = documents.ensure_pdf(factories.opened(factories.customer("東京計器", latin_name="Tokyo Keiki")))

    assert "Bill to Tokyo Keiki" in text_of(documents.read(stored))
    assert stored.warnings == [
        "The PDF shows the customer's name in Latin letters, Tokyo Keiki: no font here can print 京 器 東 計."
    ]


def test_a_missing_letter_is_told_and_hinders_nothing(db):
    stored = documents.ensure_pdf(factories.opened(lines=[factories.line("Sensor 東")]))

    assert "Sensor" in text_of(documents.read(stored))
    assert stored.warnings == ["The PDF leaves out 東: no font here can print them. Name one that can in PDF_FONTS."]


@pytest.mark.skipif(not Path(DEJAVU).exists(), reason="needs the DejaVu font of the system")
def test_a_further_font_prints_what_the_first_has_not(db, settings):
    settings.PDF_FONTS = [DEJAVU]

    stored = documents.ensure_pdf(factories.opened(factories.customer("⚓ שלום")))

    assert stored.warnings == []
    assert "⚓" in text_of(documents.read(stored))


def test_a_font_that_is_none_is_named_and_otherwise_ignored(settings, tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    settings.PDF_FONTS = [str(broken), "relative.ttf"]

    assert fonts.problems() == [
        f"PDF_FONTS names {broken}: this is not a TrueType font that can be embedded.",
        "PDF_FONTS names relative.ttf: an absolute path to an existing file is needed.",
    ]
    assert str(broken) not in fonts.font_css()


# --- Logo and payment code ------------------------------------------------------------------------------------


def images_of(pdf: bytes) -> int:
    return sum(len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages)


def test_the_logo_of_the_day_of_opening_stays_on_the_paper(db, admin):
    store_logo(factories.organization(), by=admin, data=picture())
    invoice = factories.opened(currency="USD", accounting_rate=Decimal("0.9"))
    store_logo(factories.organization(), by=admin, data=picture((200, 0, 0)))

    stored = documents.ensure_pdf(invoice)

    [logo] = PdfReader(io.BytesIO(documents.read(stored))).pages[0].images
    assert logo.image.convert("RGB").getpixel((5, 5)) == (11, 92, 117)
    assert stored.warnings == []


def test_a_lost_logo_is_told_and_hinders_nothing(db, admin):
    store_logo(factories.organization(), by=admin, data=picture())
    invoice = factories.opened(currency="USD", accounting_rate=Decimal("0.9"))
    store_logo(factories.organization(), by=admin, data=picture((200, 0, 0)))
    storages["documents"].delete(f"logos/{invoice.paper['logo_sha256']}.png")

    stored = documents.ensure_pdf(invoice)

    assert images_of(documents.read(stored)) == 0
    assert stored.warnings == ["The PDF has no logo: the stored picture is gone."]


def test_euros_to_an_iban_get_a_code_to_scan(db):
    assert images_of(documents.read(documents.ensure_pdf(factories.opened()))) == 1


def test_no_code_where_it_would_not_work(db):
    for fields in (
        {"currency": "USD", "accounting_rate": Decimal("0.9")},
        {"kind": "credit_note", "corrects_text": "INV-1"},
        {"prepaid": 24200},
    ):
        assert images_of(documents.read(documents.ensure_pdf(factories.opened(**fields)))) == 0


def test_the_code_is_drawn_module_by_module_with_quiet_around_it():
    code = segno.make_qr("EUR 242.00")

    picture = Image.open(io.BytesIO(qr._png(code)))

    side = len(code.matrix) + 2 * qr._BORDER
    assert picture.size == (side * qr._SCALE, side * qr._SCALE)
    drawn = [[picture.getpixel((x * qr._SCALE + 1, y * qr._SCALE + 1)) == 0 for x in range(side)] for y in range(side)]
    assert drawn == [[bool(module) for module in row] for row in code.matrix_iter(border=qr._BORDER)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "USD"},
        {"number": "NL91ABNA0417164301"},
        {"number": ""},
        {"amount": Decimal("0.00")},
        {"amount": Decimal("1000000000.00")},
        {"holder": ""},
        {"bic": "NO"},
    ],
)
def test_the_code_keeps_to_its_standard(wrong):
    right = {
        "currency": "EUR",
        "amount": Decimal("242.00"),
        "holder": "Kelpworks\nEUR9.99",
        "number": "NL91ABNA0417164300",
        "bic": "ABNANL2A",
        "reference": "INV-1",
    }

    assert qr.payment_code(**right).startswith("data:image/png;base64,")
    assert qr.payment_code(**{**right, **wrong}) == ""


# --- Pages that fail ------------------------------------------------------------------------------------------


def test_a_failed_page_leaves_no_document(db, monkeypatch, room):
    invoice = factories.opened()

    def broken(html):
        raise rendering.RenderFailure("The page could not be made.")

    monkeypatch.setattr(documents, "render", broken)
    with pytest.raises(documents.RenderFailure):
        documents.ensure_pdf(invoice)

    assert Document.objects.count() == 0
    assert not (room / "pdf").exists()


def test_the_renderer_quotes_no_customer_in_the_log(caplog):
    _pdf, complaints = rendering.render("<p>Secret 東 customer</p>")

    assert len(complaints) == 1
    assert "Secret" not in complaints[0]
    assert "Secret" not in caplog.text


def test_warming_up_needs_no_database():
    documents.warm()

    assert not connection.in_atomic_block
