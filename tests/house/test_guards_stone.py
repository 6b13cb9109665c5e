"""After opening, paper is stone: what the database itself refuses, whoever asks it, in raw SQL."""

import os
import sqlite3
import subprocess
import sys
from decimal import Decimal

import pytest
from django.db import connection

from config.common import audit, guards
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing.guards import FROZEN, HEARD
from invoicing.models import Adjustment, Attempt, Document, Invoice, Line, TaxLine, TrackingEvent
from invoicing.services import refunding, tracking
from tests import factories

from .source import ROOT
from .stone import LOCKED, copy_of, execute, refused, table_as_it_stands

pytestmark = pytest.mark.django_db


# --- The lists are whole --------------------------------------------------------------------------------------


def test_each_column_of_an_invoice_is_either_frozen_or_allowed_to_change():
    columns = {field.column for field in Invoice._meta.concrete_fields}

    assert set(FROZEN) | Invoice.MUTABLE == columns
    assert set(FROZEN) & Invoice.MUTABLE == set()


def test_migrating_from_nothing_leaves_every_guard_in_place():
    assert guards.missing() == []
    assert {guard.table for guard in guards.all_guards()} == {
        "common_auditevent",
        "customers_bankaccount",
        "customers_bankaccountchange",
        "invoicing_invoice",
        "invoicing_line",
        "invoicing_adjustment",
        "invoicing_taxline",
        "invoicing_document",
        "invoicing_attempt",
        "invoicing_trackingevent",
        "invoicing_allocation",
        "invoicing_payment",
        "invoicing_refund",
    }


def test_a_guard_that_is_missing_is_named_and_comes_back_with_the_next_migrate():
    guards.lift()
    assert "invoicing_invoice_frozen" in guards.missing()

    guards.install()

    assert guards.missing() == []


# --- An opened invoice ----------------------------------------------------------------------------------------

OTHER = {
    "kind": "claim",
    "customer_id": None,
    "customer_name": "Somebody else",
    "template_id": None,
    "language": "de",
    "currency": "USD",
    "seq": 999,
    "number": "INV-0",
    "opened_at": "2020-01-01 00:00:00",
    "issued_on": "2020-01-01",
    "due_on": "2020-01-01",
    "due_typed": True,
    "terms_days": 1,
    "discount_percent": 1,
    "discount_days": 1,
    "delivered_on": "2020-01-01",
    "period_start": "2020-01-01",
    "period_end": "2030-01-01",
    "delivery_country": "FR",
    "buyer_reference": "x",
    "order_number": "x",
    "source_reference": "x",
    "corrects_text": "x",
    "note": "x",
    "net_total": 1,
    "tax_total": 1,
    "total": 99_999_999,
    "prepaid": 1,
    "accounting_currency": "USD",
    "accounting_rate": 2,
    "accounting_tax": 1,
    "seller": '{"name": "x"}',
    "buyer": '{"name": "x"}',
    "paper": '{"name": "x"}',
    "created_at": "2020-01-01 00:00:00",
}
POINTERS = {"id", "counter_id", "corrects_id"}  # changed below: a value must exist for the key to be the reason


def test_the_list_of_forbidden_changes_is_whole():
    assert set(OTHER) | POINTERS == set(FROZEN)


def test_no_frozen_column_of_an_opened_invoice_can_be_changed():
    invoice = factories.opened()
    before = table_as_it_stands("invoicing_invoice")

    for column, value in OTHER.items():
        with refused(LOCKED):
            execute(f'UPDATE invoicing_invoice SET "{column}" = %s WHERE id = %s', value, invoice.pk)

    assert table_as_it_stands("invoicing_invoice") == before


def test_an_opened_invoice_keeps_its_id_its_counter_and_what_it_corrects():
    invoice, other = factories.opened(), factories.opened()

    for column, value in (("id", 999), ("counter_id", None), ("corrects_id", other.pk)):
        with refused(LOCKED):
            execute(f'UPDATE invoicing_invoice SET "{column}" = %s WHERE id = %s', value, invoice.pk)


def test_an_opened_invoice_never_becomes_a_draft_again():
    invoice = factories.opened()

    with refused(LOCKED):
        execute("UPDATE invoicing_invoice SET status = 'draft' WHERE id = %s", invoice.pk)


def test_an_opened_invoice_is_never_deleted_but_a_draft_is():
    invoice = factories.opened()
    draft = factories.draft()
    for part in ("line", "adjustment", "taxline"):
        execute(f"DELETE FROM invoicing_{part} WHERE invoice_id = %s", draft.pk)

    with refused("Only a draft can be deleted."):
        execute("DELETE FROM invoicing_invoice WHERE id = %s", invoice.pk)

    assert execute("DELETE FROM invoicing_invoice WHERE id = %s", draft.pk) == 1


def test_what_may_still_change_does():
    invoice = factories.opened()

    assert execute("UPDATE invoicing_invoice SET internal_note = 'call them' WHERE id = %s", invoice.pk) == 1


# --- Its parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Line, Adjustment, TaxLine], ids=lambda model: model._meta.model_name)
def test_parts_of_an_opened_invoice_neither_come_nor_change_nor_go(model):
    charged = {"adjustments": [{"is_charge": True, "reason": "Freight", "amount": Decimal(10), "tax": factories.tax()}]}
    invoice, draft = factories.opened(**charged), factories.draft(**charged)
    table = model._meta.db_table
    part, loose = model.objects.filter(invoice=invoice).first(), model.objects.filter(invoice=draft).first()
    number = "tax" if model is TaxLine else "position"
    before = table_as_it_stands(table)

    with refused(LOCKED):
        execute(f'UPDATE "{table}" SET "{number}" = 7 WHERE id = %s', part.pk)
    with refused(LOCKED):
        execute(f'UPDATE "{table}" SET invoice_id = %s WHERE id = %s', draft.pk, part.pk)
    with refused(LOCKED):
        execute(f'UPDATE "{table}" SET invoice_id = %s WHERE id = %s', invoice.pk, loose.pk)
    with refused(LOCKED):
        execute(f'DELETE FROM "{table}" WHERE id = %s', part.pk)
    with refused(LOCKED):
        execute(copy_of(table, part.pk))

    assert table_as_it_stands(table) == before


# --- What is only ever added to -------------------------------------------------------------------------------


def append_only_rows():
    """One real row in each append-only table."""
    invoice = factories.opened()
    paid = factories.payment(invoice, invoice.amount_due + 100)
    refund = refunding.refund_payment(
        paid, by=SYSTEM, amount=100, paid_on=factories.TODAY, method="transfer", reason="Paid twice", occasion="back"
    )
    delivery = factories.queued(factories.opened())
    document = Document.objects.create(
        invoice=invoice, format="pdf", language="en", name="x.pdf", path="x", sha256="0" * 64, size=1
    )
    now = delivery.created_at
    attempt = Attempt.objects.create(delivery=delivery, n=1, fence=1, worker="w", started_at=now, result="ok")
    tracking.record_event(delivery, kind="delivered", at=now, source="test")
    event = audit.record("test.done", invoice, by=SYSTEM)
    return {
        "common_auditevent": ("seq", event.pk, "action"),
        "invoicing_document": ("id", document.pk, "name"),
        "invoicing_attempt": ("id", attempt.pk, "text"),
        "invoicing_trackingevent": ("id", delivery.events.get().pk, "said"),
        "invoicing_allocation": ("id", invoice.allocations.first().pk, None),
        "invoicing_refund": ("id", refund.pk, "reason"),
    }


def test_every_append_only_table_is_tried():
    declared = {guard.table for guard in guards.all_guards() if guard.name.endswith("_no_update")}

    assert set(append_only_rows()) == declared


def test_the_trail_the_files_the_attempts_and_the_ledger_only_grow():
    rows = append_only_rows()
    before = {table: table_as_it_stands(table) for table in rows}

    for table, (key, pk, column) in rows.items():
        with refused(f"{table} is append-only"):
            execute(f'UPDATE "{table}" SET "{column or key}" = "{column or key}" WHERE "{key}" = %s', pk)
        with refused(f"{table} is append-only"):
            execute(f'DELETE FROM "{table}" WHERE "{key}" = %s', pk)

    assert {table: table_as_it_stands(table) for table in rows} == before


def test_of_what_was_heard_only_the_providers_words_can_be_forgotten():
    delivery = factories.queued(factories.opened())
    tracking.record_event(delivery, kind="delivered", at=delivery.created_at, source="test", raw={"event": "delivered"})
    event = delivery.events.get()

    for change in ("raw = NULL, said = 'x'", "raw = '{}'", "raw = NULL, kind = 'opened'"):
        with refused("invoicing_trackingevent is append-only"):
            execute(f"UPDATE invoicing_trackingevent SET {change} WHERE id = %s", event.pk)
    execute("UPDATE invoicing_trackingevent SET raw = NULL WHERE id = %s", event.pk)

    assert delivery.events.get().raw is None


def test_each_column_of_what_was_heard_is_stone_or_may_be_forgotten():
    assert {*HEARD, "raw"} == {field.column for field in TrackingEvent._meta.concrete_fields}


def test_django_itself_cannot_get_around_it():
    invoice = factories.opened()

    with refused("append-only"):
        AuditEvent.objects.all().delete()
    with refused(LOCKED):
        Invoice.objects.filter(pk=invoice.pk).update(total=1)
    with refused(LOCKED):
        Line.objects.filter(invoice=invoice).delete()


def test_no_table_of_stone_can_be_emptied_at_once():
    if connection.vendor != "postgresql":
        return  # SQLite has no TRUNCATE; a DELETE is tried above
    for table in sorted({guard.table for guard in guards.all_guards()}):
        with refused(f"{table} cannot be emptied"):
            execute(f'TRUNCATE "{table}" CASCADE')


# --- From nothing ---------------------------------------------------------------------------------------------


def test_a_fresh_sqlite_file_refuses_the_sqlite_shell_too(tmp_path):
    file = tmp_path / "fresh.sqlite3"
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{file}", "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True)

    with sqlite3.connect(file) as shell:
        shell.execute(
            "INSERT INTO common_auditevent (actor_type, actor_name, source, request_id, action, object_type, object_id,"
            " thread, before, after, reason) VALUES ('system', 'x', 'x', '', 'x', 'x', 1, 'x', '{}', '{}', '')"
        )
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            shell.execute("DELETE FROM common_auditevent")
