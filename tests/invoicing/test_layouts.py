"""The paper of each layout: everything stands on it, the address in its window, and nothing changes it afterwards."""

import io

import pytest
from pypdf import PdfReader

from config.common.roles import SYSTEM
from customers.services.logos import store_logo
from invoicing import documents
from invoicing.demo import logo
from invoicing.models import Invoice, InvoiceTemplate
from invoicing.services import opening, templates
from tests import factories

pytestmark = pytest.mark.django_db
LAYOUTS = ["classic", "window", "compact"]
MM = 72 / 25.4


@pytest.fixture(autouse=True)
def room(settings, tmp_path):
    """A documents folder of its own for each test."""
    folder = {"BACKEND": "config.common.storage.AtomicStorage", "OPTIONS": {"location": tmp_path / "documents"}}
    settings.STORAGES = {**settings.STORAGES, "documents": folder}


def looking(**look):
    factories.organization()
    template = InvoiceTemplate.objects.get()
    return templates.change_template(template, by=SYSTEM, version=template.version, **look)


def pdf_of(invoice) -> bytes:
    return documents.read(documents.ensure_pdf(invoice))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def places_of(pdf: bytes, page=0) -> dict[str, tuple]:
    """Each text of a page with where it begins: millimetres from the left and from the top."""
    sheet, found = PdfReader(io.BytesIO(pdf)).pages[page], {}

    def note(text, cm, tm, _font, _size):
        x, y = tm[4] * cm[0] + cm[4], tm[5] * cm[3] + cm[5]
        if text.strip():
            found[text.strip()] = (round(x / MM), round((float(sheet.mediabox.height) - y) / MM))

    sheet.extract_text(visitor_text=note)
    return found


WORDS = {
    "en": ["Invoice", "Issued", "Description", "VAT 21% on", "Amount due", "How to pay", "Page 1 of 1"],
    "de": [
        "Rechnung",
        "Ausgestellt am",
        "Beschreibung",
        "USt. 21",
        "Offener Betrag",
        "So bezahlen Sie",
        "Seite 1 von 1",
    ],
}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_says_all_of_it_in_both_languages(layout, language):
    looking(layout=layout, colour="#0b5c75", texts={language: {"footer": "Court 1", "payment_instructions": "Pay so"}})

    invoice = factories.opened(factories.customer(language=language), order_number="PO-77", note="Thank you")
    text = text_of(pdf_of(invoice))

    said = [invoice.number, "Harbour Café GmbH", "PO-77", "Calibration", "NL91 ABNA 0417 1643 00", "Thank you"]
    own = ["Court 1", "Pay so", "NL859302117B01", "Registration" if language == "en" else "Register"]
    assert [word for word in [*WORDS[language], *said, *own] if word not in text] == []


def test_in_a_window_envelope_sender_and_address_are_seen_and_nothing_else():
    looking(layout="window")
    store_logo(factories.organization(), by=SYSTEM, data=logo.png())

    found = places_of(pdf_of(factories.opened()))

    assert {text for text, (x, y) in found.items() if 20 <= x <= 110 and 45 <= y <= 90} == {
        "Kelpworks Instruments B.V. · Maashaven 14 · 3072 AE Rotterdam",
        "Harbour Café GmbH",
        "Elbchaussee 1",
        "22765 Hamburg",
        "Germany",
    }
    assert found["Harbour Café GmbH"][0] == 25


def test_a_long_invoice_takes_fewer_pages_in_the_compact_layout():
    def pages(layout):
        looking(layout=layout)
        lines = [factories.line(f"Probe {n}", details="Serial 12") for n in range(60)]
        return len(PdfReader(io.BytesIO(pdf_of(factories.opened(lines=lines)))).pages)

    assert {layout: pages(layout) for layout in LAYOUTS} == {"classic": 4, "window": 4, "compact": 3}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_on_later_pages_title_and_number_stand_again(layout):
    looking(layout=layout)
    invoice = factories.opened(lines=[factories.line(f"Probe {n}") for n in range(80)])

    pages = PdfReader(io.BytesIO(pdf_of(invoice))).pages

    assert len(pages) > 1
    assert all(invoice.number in page.extract_text() for page in pages)


def test_a_paper_of_the_first_days_names_no_look_and_is_drawn_as_then(monkeypatch):
    asked, render = [], documents.render
    monkeypatch.setattr(documents, "render", lambda html: asked.append(html) or render(html))
    draft = factories.draft()
    invoice = opening.open_invoice(draft, by=SYSTEM, on=factories.TODAY)
    looking(layout="window", colour="#0b5c75")
    documents.draft_pdf(factories.draft())
    assert "#0b5c75" in asked[-1]

    old = {name: value for name, value in invoice.paper.items() if name not in ("layout", "colour")}
    invoice.paper = old
    documents.ensure_pdf(invoice)

    assert "top: 128pt" in asked[-1]
    assert "page later" not in asked[-1]
    assert asked[-1].count("#142126") == 7  # text, title, rules, amount due
    assert "#0b5c75" not in asked[-1]


def test_a_pale_colour_draws_title_and_rules_and_leaves_the_amount_due_in_ink(monkeypatch):
    asked, render = [], documents.render
    monkeypatch.setattr(documents, "render", lambda html: asked.append(html) or render(html))
    looking(colour="#808080")

    documents.draft_pdf(factories.draft())

    assert ".big { font-size: 20pt; line-height: 1.2; color: #808080; }" in asked[-1]
    assert "font-weight: bold; color: #142126; border-top: 0.75pt solid #808080" in asked[-1]


def test_neither_template_nor_logo_nor_words_change_what_was_opened(admin):
    """Changed between opening and the first drawing, and between that and any later look."""
    template = looking(layout="compact", colour="#7a1f1f", texts={"en": {"footer": "As opened"}})
    templates.store_template_logo(template, by=admin, version=2, data=logo.png())
    first, second = factories.opened(), factories.opened()
    made = documents.ensure_pdf(first)

    template.refresh_from_db()
    templates.change_template(
        template,
        by=admin,
        version=template.version,
        layout="window",
        colour="#000000",
        texts={"en": {"footer": "Later"}},
    )
    templates.remove_template_logo(template, by=admin, version=template.version)
    templates.remove_language(InvoiceTemplate.objects.get(), by=admin, version=template.version, language="de")

    assert documents.ensure_pdf(Invoice.objects.get(pk=first.pk)) == made
    assert documents.read(made)
    late = pdf_of(Invoice.objects.get(pk=second.pk))
    assert "As opened" in text_of(late)
    assert "Later" not in text_of(late)
    assert len(PdfReader(io.BytesIO(late)).pages[0].images) == 2  # the logo, and the code to pay by
    assert documents.ensure_pdf(Invoice.objects.get(pk=second.pk)).warnings == []
