"""The dialogs of the side doors: what they say, keep and do."""

import pytest
from django.urls import reverse

from invoicing.models import Invoice, Series
from invoicing.services import numbering
from tests import factories

pytestmark = pytest.mark.django_db


def address(name, invoice):
    return reverse(f"invoicing:{name}", args=[invoice.pk])


def actions_on(client, invoice):
    page = client.get(reverse("invoicing:detail", args=[invoice.pk]))
    return {
        action.key for action in [*page.context["beside"], *page.context["more"], page.context["primary"]] if action
    }


def test_a_credit_note_of_single_lines_is_drafted_and_shown(as_role, manager):
    invoice = factories.opened()
    line = invoice.lines.get()
    client = as_role(manager)

    answer = client.post(
        address("crediting", invoice), {"part": "lines", f"line-{line.pk}": "1", "reason": "One came back"}, follow=True
    )

    note = Invoice.objects.get(kind="credit_note")
    assert (note.total, note.note, note.corrects) == (12100, "One came back", invoice)
    assert answer.redirect_chain[-1][0] == reverse("invoicing:detail", args=[note.pk])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("3", "Only 2 is left of this line"),
        ("-1", "Only 2 is left"),
        ("", "at least one line"),
        ("x", "is not a figure"),
    ],
)
def test_what_cannot_be_credited_is_told_at_its_line_and_nothing_typed_is_lost(as_role, manager, typed, sentence):
    invoice = factories.opened()
    line = invoice.lines.get()

    answer = as_role(manager).post(
        address("crediting", invoice), {"part": "lines", f"line-{line.pk}": typed, "reason": "One came back"}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="One came back"' in page
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_the_open_dialog_of_a_credit_note_says_what_it_does_to_the_invoice(as_role, manager):
    invoice = factories.opened()
    factories.payment(invoice, 20000)
    client = as_role(manager)
    client.post(address("crediting", invoice), {"part": "whole", "reason": "Returned"})

    page = client.get(address("opening", Invoice.objects.get(kind="credit_note")))

    words = page.content.decode()
    assert (page.context["set_off"], page.context["stays"]) == (4200, 20000)
    assert f"will be set off against {invoice.number}" in words
    assert "stays as credit of the customer" in words


def test_void_and_uncollectible_ask_why_and_do_it(as_role, manager):
    first, second = factories.opened(), factories.opened()
    client = as_role(manager)

    without = client.post(address("voiding", first), {"reason": ""})
    client.post(address("voiding", first), {"reason": "Typed twice"})
    client.post(address("writing_off", second), {"reason": "Insolvent"})

    first.refresh_from_db()
    second.refresh_from_db()
    assert without.status_code == 422
    assert (first.status, second.status) == ("void", "uncollectible")
    client.post(address("expecting", second), {"reason": "They pay after all"})
    second.refresh_from_db()
    assert second.status == "open"


def test_only_what_is_possible_is_offered_and_only_to_who_may(as_role, manager, clerk):
    untouched, sent = factories.opened(), factories.billed(factories.opened())

    assert {"void", "credit", "write_off"} <= actions_on(as_role(manager), untouched)
    assert "void" not in actions_on(as_role(manager), sent)
    assert not {"void", "credit", "write_off"} & actions_on(as_role(clerk), untouched)


def test_the_open_dialog_says_when_the_date_will_be_moved_up(as_role, clerk, admin):
    factories.opened()
    numbering.let_dates_rise(Series.objects.get(kind="invoice"), by=admin, on=True)
    draft = factories.draft(issued_on=factories.TODAY.replace(day=1))

    page = as_role(clerk).get(address("opening", draft)).content.decode()

    assert "the dates of this number series must rise" in page
