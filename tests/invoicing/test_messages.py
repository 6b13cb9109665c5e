"""Emails: the words, the layout, and the bytes that leave."""

import hashlib
import random
import uuid
from datetime import UTC, date, datetime
from email import message_from_bytes, policy

import pytest

from config.common.roles import SYSTEM
from invoicing import messages
from invoicing.models import Delivery
from invoicing.services import crediting, opening
from tests import factories

PDF = b"%PDF-1.7 not really"
READERS = {
    "to": ["ap@harbour.example", "cfo@harbour.example"],
    "cc": ["audit@harbour.example"],
    "copy": ["us@kelp.example"],
}


def composed(invoice, **fields):
    defaults = {"subject": "Invoice {number}", "message": "Hello {contact},\n\nplease pay.", "readers": READERS}
    return messages.compose(invoice, **{**defaults, "contact_name": "Dagny", "on": factories.TODAY, **fields})


def delivery(**fields):
    defaults = {
        "public_id": uuid.UUID(int=7),
        "message_id": "<7@dunlin.example>",
        "sender": "Kelpworks <invoices@kelp.example>",
        "recipient": "ap@harbour.example",
        "recipient_name": "Dagny Halvorsen",
        "reply_to": "receivables@kelp.example",
        "subject": "Invoice INV-1",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "composed_at": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    }
    return Delivery(**{**defaults, **fields})


def wire(row, pdf=PDF, name="INV-1.pdf"):
    return messages.message_for(row, pdf, name=name).message().as_bytes(linesep="\r\n")


# --- What it says ---------------------------------------------------------------------------------------------


def test_text_and_html_say_the_same_figures(db):
    invoice = factories.opened()

    content = composed(invoice)

    assert content.subject == f"Invoice {invoice.number}"
    for part in (content.text, content.html):
        for said in (
            "Kelpworks Instruments B.V.",
            invoice.number,
            "EUR 242.00",
            "Due on 20 December 2026",
            "Hello Dagny,",
            "Calibration × 2",
            "200.00",
            "42.00",
            "The PDF is attached.",
            "Maashaven 14, 3072 AE Rotterdam, Netherlands",
        ):
            assert said in part


def test_the_text_names_all_readers(db):
    content = composed(factories.opened())

    assert (
        "This email went to ap@harbour.example, cfo@harbour.example, "
        "copies to audit@harbour.example, us@kelp.example." in content.text
    )
    assert "copies to audit@harbour.example" in content.html


def test_it_speaks_the_customers_language_in_its_formats(db):
    content = composed(factories.opened(language="de"), message="Fällig: {amount_due} am {due_date}")

    for part in (content.text, content.html):
        assert "Rechnung INV-" in part
        assert "Fällig am 20. Dezember 2026" in part
        assert "Fällig: EUR 242,00 am 20. Dezember 2026" in part
        assert "Das PDF liegt bei." in part


def test_a_long_invoice_is_summed_up_and_the_figures_still_add_up(db):
    invoice = factories.opened(lines=[factories.line(f"Part {n}", "1", "10") for n in range(1, 21)])

    content = composed(invoice)

    assert "Part 8: 10.00" in content.text
    assert "Part 9:" not in content.text
    assert "and 12 more: 120.00" in content.text


def test_what_was_paid_meanwhile_is_taken_off(db):
    invoice = factories.opened()
    factories.payment(invoice, 4200)
    invoice.refresh_from_db()

    content = composed(invoice, message="{amount_due} of {total}")

    assert "EUR 200.00 of EUR 242.00" in content.text
    assert "Paid so far: −42.00" in content.text
    assert "Amount due: EUR 200.00" in content.text


def test_a_paid_invoice_asks_for_nothing(db):
    invoice = factories.opened()
    factories.payment(invoice, 24200)
    invoice.refresh_from_db()

    content = composed(invoice)

    assert "Nothing is left to pay" in content.text
    assert "Due on" not in content.text


def test_a_credit_note_says_what_is_credited_and_has_no_due_date(db):
    content = composed(factories.opened(kind="credit_note", corrects_text="INV-0815"))

    assert "Credit note" in content.text
    assert "Amount credited: EUR 242.00" in content.text
    assert "Due on" not in content.text


def test_where_the_credit_of_a_credit_note_went_is_not_called_paid(db):
    invoice = factories.opened()
    note = crediting.draft_credit_note(invoice, by=SYSTEM, quantities=None, reason="Returned goods")
    opening.open_invoice(note, by=SYSTEM, on=factories.TODAY)
    for document in (invoice, note):
        document.refresh_from_db()

    assert "Paid so far" not in composed(note).text
    assert "Credited: −242.00" in composed(invoice).text
    assert "Paid so far" not in composed(invoice).text


def test_a_mail_that_does_not_say_how_late_it_is_asks_for_the_lines_alone(db, django_assert_num_queries):
    invoice = factories.opened()

    with django_assert_num_queries(1):
        composed(invoice, on=None)
    with django_assert_num_queries(2):
        assert composed(invoice, on=None, message="{days_late} days late").text


def test_the_fields_say_what_the_legend_promises(db):
    invoice = factories.opened()

    values = messages.values_for(invoice, "Dagny", on=date(2026, 12, 25))

    assert values == {
        "number": invoice.number,
        "customer": "Harbour Café GmbH",
        "contact": "Dagny",
        "amount_due": "EUR 242.00",
        "total": "EUR 242.00",
        "issue_date": "20 November 2026",
        "due_date": "20 December 2026",
        "days_late": "5",
        "organization": "Kelpworks Instruments B.V.",
    }


def test_there_is_no_button_without_a_link(db):
    invoice = factories.opened()

    without, linked = composed(invoice), composed(invoice, link="https://pay.example/i/7?a=1&b=2")

    assert "<a " not in without.html
    assert "View and pay" not in without.text
    assert 'href="https://pay.example/i/7?a=1&amp;b=2"' in linked.html
    assert "View and pay invoice: https://pay.example/i/7?a=1&b=2" in linked.text


# --- Hostile text ---------------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{number}}{% debug %}</td></table><style>"


def test_hostile_text_is_printed_and_never_becomes_markup(db):
    buyer = factories.customer(HOSTILE[:150])
    invoice = factories.opened(buyer, lines=[factories.line(HOSTILE)])

    content = composed(
        invoice, message="<b>bold</b> {customer} {contact}", contact_name=HOSTILE, readers={"to": [HOSTILE]}
    )

    assert "<script" not in content.html
    assert "<img" not in content.html
    assert content.html.count("<style>") == 1
    assert "&lt;b&gt;bold&lt;/b&gt; &lt;script&gt;" in content.html
    assert "{{number}}{% debug %}" in content.html
    assert HOSTILE in content.text


def test_control_characters_leave_the_message_and_line_ends_become_one_kind(db):
    content = composed(factories.opened(), message="one\r\ntwo\rthree\0\x1b[31m")

    assert "one\ntwo\nthree[31m" in content.text
    assert "one<br>two<br>three[31m" in content.html


# --- The bytes ------------------------------------------------------------------------------------------------


def test_a_retry_sends_the_same_bytes():
    first, again = wire(delivery()), wire(delivery())

    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()


def test_two_messages_do_not_share_their_boundaries():
    ours, other = wire(delivery()), wire(delivery(message_id="<8@dunlin.example>"))

    assert message_from_bytes(ours).get_boundary() != message_from_bytes(other).get_boundary()


def test_the_message_carries_both_parts_the_pdf_and_its_headers():
    message = message_from_bytes(wire(delivery()), policy=policy.default)

    assert message["Message-ID"] == "<7@dunlin.example>"
    assert message["Date"] == "Fri, 20 Nov 2026 09:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-AR-Delivery"] == "00000000-0000-0000-0000-000000000007"
    assert message["From"] == "Kelpworks <invoices@kelp.example>"
    assert message["To"] == "Dagny Halvorsen <ap@harbour.example>"
    assert message["Reply-To"] == "receivables@kelp.example"
    assert message["Cc"] is None
    assert message.get_body(("plain",)).get_content().strip() == "Hello"
    assert message.get_body(("html",)).get_content().strip() == "<p>Hello</p>"
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "INV-1.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content() == PDF


@pytest.mark.parametrize("row", [{"composed_at": None}, {}], ids=["not composed", "no PDF"])
def test_nothing_leaves_without_its_text_and_its_pdf(row):
    with pytest.raises(ValueError, match="needs its PDF and its composed text"):
        messages.message_for(delivery(**row), b"" if not row else PDF, name="INV-1.pdf")


def test_the_sender_is_the_organization_at_the_address_of_the_installation(db, settings):
    settings.DEFAULT_FROM_EMAIL = "Somebody <invoices@kelp.example>"
    factories.organization(trade_name='Kelp "works" <boss@bank.example>')

    sender = messages.sender_of(factories.opened())

    assert sender == '"Kelp works boss bank.example" <invoices@kelp.example>'


NASTY = ["\r", "\n", "\r\n", "\0", "\x85", "\u2028", '"', "\\", "<", ">", "@", ",", ";", ":", "(", ")", "=?", "?="]
WORDS = [
    "Bcc: thief@example.com",
    "=?utf-8?B?DQpCY2M6IHg=?=",
    "Ines",
    "Žofie",
    "東京",
    "X-Evil: 1",
    "\r\n\r\n<html>",
    " ",
]


def test_no_name_or_subject_adds_a_header_or_a_reader():
    chance = random.Random(20261120)
    expected = sorted(name for name, _value in message_from_bytes(wire(delivery())).items())

    for _round in range(2000):
        text = "".join(chance.choice(NASTY if chance.random() < 0.5 else WORDS) for _part in range(6))
        row = delivery(
            subject=f"a {text}", recipient_name=text, sender=f"{messages._named(text, 'invoices@kelp.example')}"
        )
        head = wire(row, pdf=b"%").split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"

        message = message_from_bytes(head, policy=policy.default)
        assert sorted(message.keys()) == expected
        assert [address.addr_spec for address in message["To"].addresses] == ["ap@harbour.example"]
        assert [address.addr_spec for address in message["From"].addresses] == ["invoices@kelp.example"]
        assert "\n" not in str(message["Subject"])
