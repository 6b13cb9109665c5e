import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.services.contacts import add_contact
from invoicing.channels.base import ChannelFailure
from invoicing.models import Document, Invoice
from invoicing.services import carrying, drafting, marking, opening, settling
from tests.factories import TODAY, customer, draft, line, opened, payment, queued, tax
from tests.invoicing.problems import failed

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(as_role, clerk):
    return as_role(clerk)


def page(client, invoice, **query):
    return client.get(reverse("invoicing:detail", args=[invoice.pk]), query)


def words(response) -> str:
    """What a reader sees, without the tags and with single spaces."""
    html = re.sub(r"<(script|svg|template).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " "))


def links(response) -> set:
    return set(re.findall(r'href="([^"]+)"', response.content.decode()))


def to(name, invoice):
    return reverse(f"invoicing:{name}", args=[invoice.pk])


# --- What can be done -----------------------------------------------------------------------------------------


def primary(response):
    return re.findall(r'class="btn primary"[^>]*>(?:<svg.*?</svg>)?([^<]+)<', response.content.decode())


def test_a_draft_offers_open_and_never_send(client):
    invoice = draft()

    response = page(client, invoice)

    assert primary(response) == ["Open"]
    assert {
        to("opening", invoice),
        to("edit", invoice),
        to("deleting", invoice),
        to("marking", invoice),
        to("pdf", invoice),
    } <= links(response)
    assert not {to("deliveries", invoice), to("payments", invoice)} & links(response)


def test_an_open_invoice_offers_send_email_payment_and_mark_as_sent(client):
    invoice = opened()

    response = page(client, invoice)

    assert primary(response) == ["Send Email"]
    assert {to("deliveries", invoice), to("payments", invoice), to("marking", invoice), to("pdf", invoice)} <= links(
        response
    )
    assert not {to("edit", invoice), to("opening", invoice), to("deleting", invoice)} & links(response)


def test_a_billed_invoice_is_not_marked_as_sent_again(client, worker):
    queued()
    worker()

    assert to("marking", Invoice.objects.get()) not in links(page(client, Invoice.objects.get()))


def test_a_paid_invoice_offers_a_copy(client):
    invoice = opened()
    payment(invoice)

    response = page(client, invoice)

    assert primary(response) == ["Send a copy"]
    assert to("payments", invoice) not in links(response)


def test_a_credit_note_is_not_paid(client):
    invoice = opened(kind="credit_note", corrects_text="INV-9")

    response = page(client, invoice)

    assert to("payments", invoice) not in links(response)
    assert "Amount credited" in words(response)


def test_a_viewer_reads_and_is_offered_nothing_else(as_role, viewer):
    for invoice in (draft(), opened(customer("Elbe"))):
        response = page(as_role(viewer), invoice)

        assert primary(response) == []
        writing = ("opening", "edit", "deleting", "deliveries", "payments", "marking", "internal_note")
        assert not {to(name, invoice) for name in writing} & links(response)
        assert to("internal_note", invoice) not in response.content.decode()
        assert to("pdf", invoice) in links(response)


def test_mark_as_sent_can_be_undone_while_nothing_came_after(client, clerk):
    invoice = opened()
    marking.mark_as_sent(invoice, by=clerk, how="Post", sent_on=TODAY, on=TODAY)

    response = page(client, invoice)
    assert "Marked as sent" in words(response)
    assert to("unmarking", invoice) in response.content.decode()

    payment(invoice, 100)
    assert to("unmarking", invoice) not in page(client, invoice).content.decode()


# --- What it says ---------------------------------------------------------------------------------------------


def test_a_draft_says_what_keeps_it_from_being_opened_and_where_to_mend_it(client):
    invoice = draft(lines=[line(name="", tax=tax("0", "K"))])

    response = page(client, invoice)

    text = words(response)
    assert "Line 1 has no description." in text
    assert f"{to('edit', invoice)}#lines" in links(response)
    assert f"{to('edit', invoice)}#id_delivery_country" in links(response)
    assert reverse("customers:detail", args=[invoice.customer_id]) in links(response)


def test_lines_allowances_taxes_prepaid_and_payments_add_up_to_the_amount_due(client):
    invoice = opened(
        lines=[
            line("Probe", "2", "100", adjustments=[{"reason": "Loyalty", "percent": 10}]),
            line("Book", "1", "50", tax=tax("9")),
        ],
        adjustments=[{"reason": "Freight", "is_charge": True, "amount": 1000, "tax": tax()}],
        prepaid=1000,
    )
    payment(invoice, 5000, reference="WIRE-1")

    text = words(page(client, invoice))

    assert "Loyalty 10% −20.00" in text
    assert "Freight (21%) 10.00" in text
    assert "Tax 21% on 190.00 39.90" in text
    assert "Tax 9% on 50.00 4.50" in text
    assert "Total 284.40" in text
    assert "Prepaid −10.00" in text
    assert "Bank transfer −50.00" in text
    assert "Amount due EUR 224.40" in text
    assert "WIRE-1" in text


def test_the_tax_is_told_in_the_accounting_currency_too(client):
    invoice = opened(customer(currency="USD"), accounting_rate=Decimal(2))

    assert "Tax in EUR (1 USD = 2 EUR) EUR 84.00" in words(page(client, invoice))


def test_names_from_outside_are_shown_and_never_run(client):
    invoice = draft(
        customer("<script>alert(1)</script>"), lines=[line(name="<b>x</b>", details="<i>y</i>")], note="<u>z</u>"
    )

    html = page(client, invoice).content.decode()

    for bad in ("<script>alert(1)", "<b>x</b>", "<i>y</i>", "<u>z</u>"):
        assert bad not in html


def test_what_the_stored_paper_lacks_is_said(client):
    invoice = opened()
    Document.objects.create(
        invoice=invoice,
        format="pdf",
        language="en",
        name="x.pdf",
        path="x",
        sha256="0" * 64,
        size=1,
        warnings=["No font can print ꙮ."],
    )

    assert "No font can print ꙮ." in words(page(client, invoice))


def test_contacts_are_read_live_and_lead_to_the_profile(client, clerk):
    invoice = opened()
    add_contact(invoice.customer, by=clerk, name="Lou Berg", email="lou@harbour.example", role="finance")

    response = page(client, invoice)

    assert "Finance contact Lou Berg" in words(response)
    assert reverse("customers:detail", args=[invoice.customer_id]) in links(response)


# --- Email History --------------------------------------------------------------------------------------------


def test_while_an_email_is_under_way_the_history_asks_again_and_stops_when_it_is_sent(client, worker):
    queued(cc=["boss@harbour.example"], copies=["us@kelpworks.example"])
    invoice = Invoice.objects.get()
    url = to("detail", invoice)

    response = page(client, invoice)
    assert f'hx-get="{url}?n=1"' in response.content.decode()
    assert "Open · Unbilled" in words(response)

    worker()
    fragment = client.get(url, {"n": 1}, headers={"HX-Request": "true", "HX-Target": "email-history"})
    html = fragment.content.decode()
    assert "<html" not in html
    assert "hx-trigger" not in html.split("</section>")[0]
    assert "Open · Unpaid" in words(fragment), "the head is brought up to date as well"
    text = words(fragment)
    assert "ap@harbour.example To Sent" in text
    assert "boss@harbour.example CC Sent" in text
    assert "us@kelpworks.example Copy Sent" in text


def test_a_history_that_never_ends_is_asked_for_sixty_times(client):
    queued()

    assert 'hx-trigger="load' not in page(client, Invoice.objects.get(), n=60).content.decode()


def test_the_reason_of_a_failure_stands_in_its_row(client, worker, monkeypatch):
    def refuse(*args, **kwargs):
        raise ChannelFailure("550 no such user", kind="permanent")

    monkeypatch.setattr(carrying, "_compose", refuse)
    queued()
    worker()

    text = words(page(client, Invoice.objects.get()))

    assert "Failed 550 no such user" in text


# --- Activity -------------------------------------------------------------------------------------------------


def test_every_change_is_told_with_before_and_after(client, clerk, worker):
    invoice = draft(by=clerk)
    drafting.change_draft(invoice, by=clerk, version=1, fields={"order_number": "PO-1"})
    drafting.change_draft(invoice, by=clerk, version=2, fields={"order_number": "PO-2"}, lines=[line(unit_price="150")])
    drafting.write_internal_note(invoice, by=clerk, text="Called")
    invoice.refresh_from_db()
    queued(opening.open_invoice(invoice, by=clerk, on=TODAY), by=clerk)
    worker()
    payment(Invoice.objects.get(), 10000, by=clerk, reference="WIRE-1")
    payment(Invoice.objects.get(), by=clerk)

    text = words(page(client, invoice, activity="all"))

    for sentence in (
        "Femke Clerk made the draft Customer: Harbour Café GmbH; Total: EUR 242.00",
        "Purchase order: PO-1 → PO-2",
        "Total: EUR 242.00 → EUR 363.00",
        "Lines: 2 C62 × 100 Calibration (S 21%) = 200.00 → 2 C62 × 150 Calibration (S 21%) = 300.00",
        "Femke Clerk changed the internal note Internal note: – → Called",
        "Femke Clerk opened it as INV-2026-00001 Issue date: 20 Nov 2026",
        "Femke Clerk put an email on its way 1 recipient; Subject: Invoice INV-2026-00001",
        "Dunlin sent the email to ap@harbour.example",
        "Dunlin billed it",
        "Femke Clerk recorded a payment Amount: EUR 100.00; Received on: 20 Nov 2026; Reference: WIRE-1",
        "Femke Clerk settled a part of it Settled: EUR 100.00; Still open: EUR 263.00",
        "Femke Clerk settled it in full",
    ):
        assert sentence in text


def test_a_long_activity_is_folded(client, clerk):
    invoice = draft()
    for version in range(1, 16):
        drafting.change_draft(invoice, by=clerk, version=version, fields={"order_number": f"PO-{version}"})

    assert "Show 4 earlier entries" in words(page(client, invoice))
    assert "made the draft" not in words(page(client, invoice))
    assert "made the draft" in words(page(client, invoice, activity="all"))


def test_the_number_of_queries_does_not_grow_with_lines_and_emails(client, worker):
    counts = []
    for n in (1, 12):
        invoice = opened(customer(f"Buyer {n}"), lines=[line() for _ in range(n)])
        queued(invoice, cc=[f"cc{i}@harbour.example" for i in range(n)])
        worker()
        page(client, invoice)
        with CaptureQueriesContext(connection) as queries:
            page(client, invoice)
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- PDF and note ---------------------------------------------------------------------------------------------


def test_the_pdf_of_an_opened_invoice_is_the_stored_one(client, worker):
    invoice = opened()
    url = to("pdf", invoice)

    first = client.get(url)
    second = client.get(url)

    assert first.content == second.content
    assert first.content.startswith(b"%PDF")
    assert Document.objects.count() == 1
    assert first["Content-Type"] == "application/pdf"
    assert first["X-Content-Type-Options"] == "nosniff"
    assert first["Content-Disposition"] == "inline; filename*=UTF-8''INV-2026-00001.pdf"


def test_the_pdf_of_a_draft_is_a_preview_and_stored_nowhere(client):
    response = client.get(to("pdf", draft()))

    assert response.content.startswith(b"%PDF")
    assert Document.objects.count() == 0


def test_the_internal_note_can_be_written_on_an_opened_invoice(client):
    invoice = opened()

    client.post(to("internal_note", invoice), {"internal_note": "Ask for Lou"})

    assert Invoice.objects.get().internal_note == "Ask for Lou"
    assert "Ask for Lou" in words(page(client, invoice))


def test_a_viewer_writes_no_note(as_role, viewer):
    invoice = opened()

    assert as_role(viewer).post(to("internal_note", invoice), {"internal_note": "x"}).status_code == 403
    assert Invoice.objects.get().internal_note == ""


def test_what_failed_for_the_old_address_is_not_told_of_the_new_one(client, clerk):
    lost = failed()
    settling.settle_delivery(lost, by=clerk, decision="again", address="right@harbour.example")

    said = words(page(client, Invoice.objects.get()))

    assert "had the email sent again to right@harbour.example" in said
    assert "could not send the email to right@harbour.example" not in said
    assert "could not send the email" in said
