"""An installation of the first days, with money in its books, is migrated to the newest: whole, and guarded again."""

import os
import uuid
from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from config.common import guards
from invoicing.models import BillingProfile, Invoice, InvoiceTemplate
from invoicing.models.wording import in_language

ALIAS = "old"
LATER = ("invoicing_allocation_mirror", "invoicing_refund", "invoicing_payment")  # guards of later days
DAY, NOW = date(2026, 3, 1), datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def old(tmp_path, django_db_setup, django_db_blocker):
    """A database of its own under the alias `old`; gone again afterwards."""
    with django_db_blocker.unblock():
        yield from _made(tmp_path)
        connection.close()


def _made(tmp_path):
    made = {**connections.databases["default"], "TEST": dict(connections.databases["default"]["TEST"])}
    name = f"dunlin_upgrade_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    made["NAME"] = str(tmp_path / "old.sqlite3") if connection.vendor == "sqlite" else name
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    connections.databases[ALIAS] = made
    try:
        yield connections[ALIAS]
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _migrate_to_the_first_days(old):
    """Tables as of invoicing 0001, with the guards there were; gives the models as they were."""
    targets = [("invoicing", "0001_initial"), ("common", "0001_initial"), ("customers", "0001_initial")]
    executor = MigrationExecutor(old)
    executor.migrate(targets)
    tables = set(old.introspection.table_names())
    with old.cursor() as cursor:
        for guard in guards.all_guards():
            if guard.table in tables and not guard.name.startswith(LATER):
                for statement in getattr(guard, old.vendor)():
                    cursor.execute(statement)
    return MigrationExecutor(old).loader.project_state(targets).apps


def _books(apps):
    """A paid, a part-paid and an open invoice, one of nothing at all, a draft, and a payment with credit left."""
    manager = {name: apps.get_model("invoicing", name).objects.using(ALIAS) for name in ("Invoice", "Payment")}
    customer = apps.get_model("customers", "Customer").objects.using(ALIAS).create(name="Harbour", currency="EUR")
    series = apps.get_model("invoicing", "Series").objects.using(ALIAS).create(kind="invoice", pattern="INV-{number}")
    counter = apps.get_model("invoicing", "Counter").objects.using(ALIAS).create(series=series, year=2026, next_no=5)

    def invoice(n, status, total, settled):
        made = manager["Invoice"].create(customer=customer, customer_name="Harbour", currency="EUR", total=total)
        if status != "draft":
            manager["Invoice"].filter(pk=made.pk).update(
                counter=counter, seq=n, number=f"INV-{n}", opened_at=NOW, issued_on=DAY, status=status, settled=settled
            )
        return made

    paid, part = invoice(1, "paid", 1000, 1000), invoice(2, "open", 1000, 400)
    found = {"paid": paid, "part": part, "open": invoice(3, "open", 1000, 0), "nothing": invoice(4, "paid", 0, 0)}
    found["draft"] = invoice(None, "draft", 500, 0)
    allocation = apps.get_model("invoicing", "Allocation").objects.using(ALIAS)
    for n, shares in ((5, [(paid, 600)]), (9, [(paid, 400), (part, 400)])):
        day, allocated = date(2026, 3, n), sum(amount for _invoice, amount in shares)
        payment = manager["Payment"].create(
            customer=customer, currency="EUR", amount=1000, allocated=allocated, paid_on=day, received_on=day,
            occasion=f"p{n}",
        )  # fmt: skip
        for to, amount in shares:
            allocation.create(payment=payment, invoice=to, amount=amount)
    return {name: row.pk for name, row in found.items()}


def _refused(old, statement, sentence):
    with pytest.raises(DatabaseError, match=sentence), transaction.atomic(using=ALIAS), old.cursor() as cursor:
        cursor.execute(statement)


def test_the_books_of_an_old_installation_come_through_whole_and_are_guarded_again(old):
    rows = _books(_migrate_to_the_first_days(old))
    with old.cursor() as cursor:
        cursor.execute("SELECT id, status, total, settled, number FROM invoicing_invoice ORDER BY id")
        before = cursor.fetchall()

    call_command("migrate", database=ALIAS, verbosity=0)

    with old.cursor() as cursor:
        cursor.execute("SELECT id, status, total, settled, number FROM invoicing_invoice ORDER BY id")
        assert cursor.fetchall() == before
        cursor.execute("SELECT id, settled_on FROM invoicing_invoice")
        settled_on = {pk: str(day) if day else None for pk, day in cursor.fetchall()}
        cursor.execute('SELECT amount, "on", kind FROM invoicing_allocation ORDER BY id')
        allocations = [(amount, str(day), kind) for amount, day, kind in cursor.fetchall()]
        cursor.execute("SELECT id, amount_due FROM invoicing_invoice")
        due = dict(cursor.fetchall())
    assert settled_on == {
        rows["paid"]: "2026-03-09",  # the day its last money came
        rows["nothing"]: str(DAY),
        rows["part"]: None,
        rows["open"]: None,
        rows["draft"]: None,
    }
    assert allocations == [
        (600, "2026-03-05", "payment"),
        (400, "2026-03-09", "payment"),
        (400, "2026-03-09", "payment"),
    ]
    assert (due[rows["paid"]], due[rows["part"]], due[rows["open"]]) == (0, 600, 1000)
    assert guards.missing(using=ALIAS) == []
    _refused(old, f"UPDATE invoicing_invoice SET total = 1 WHERE id = {rows['open']}", "it cannot be edited")
    _refused(old, f"DELETE FROM invoicing_invoice WHERE id = {rows['paid']}", "Only a draft can be deleted")
    _refused(old, "UPDATE invoicing_allocation SET amount = 1", "append-only")
    _refused(old, "DELETE FROM invoicing_allocation", "append-only")
    _refused(old, "UPDATE invoicing_payment SET amount = 1", "cannot be edited")
    _refused(old, "DELETE FROM invoicing_payment", "never deleted")
    _refused(old, f"UPDATE invoicing_invoice SET settled_on = NULL WHERE id = {rows['paid']}", "settled_on_iff_paid")
    call_command("migrate", database=ALIAS, verbosity=0)  # again: nothing to do
    assert guards.missing(using=ALIAS) == []


def _words(apps):
    """Templates of the first days: a default for each language, and a second English one of the same name."""
    template = apps.get_model("invoicing", "InvoiceTemplate").objects.using(ALIAS)
    made = {
        "de": template.create(
            name="Standard",
            language="de",
            is_default=True,
            subject="Rechnung",
            message="Hallo",
            footer="Fuß",
            cc="d@x.de",
        ),
        "en": template.create(
            name="Default", language="en", is_default=True, subject="Invoice", reply_to="e@x.example"
        ),
        "special": template.create(name="STANDARD", language="en", subject="Special", payment_instructions="Pay"),
    }
    return {name: row.pk for name, row in made.items()}


def _said(apps, pk, language):
    """What a mail and a paper of this template say in that language."""
    texts = apps.get_model("invoicing", "InvoiceTemplateText").objects.using(ALIAS).filter(template=pk).order_by("pk")
    text = in_language(texts, language)
    return text.subject, text.message, text.reply_to, text.cc, text.payment_instructions, text.footer


@pytest.mark.parametrize("crossed", [False, True], ids=["each in its language", "one in another language"])
def test_everybodys_words_stay_when_templates_get_several_languages(old, crossed):
    apps_then = _migrate_to_the_first_days(old)
    _books(apps_then)
    pks = _words(apps_then)
    apps_then.get_model("customers", "Organization").objects.using(ALIAS).create(legal_name="Kelp", language="de")
    invoices = apps_then.get_model("invoicing", "Invoice").objects.using(ALIAS)
    asked = {"en": ("en", "en"), "de": ("de", "de"), "special": ("special", "en")}
    if crossed:  # somebody wrote an English document and chose the German words for its mail
        asked["crossed"] = ("de", "en")
    drafts = {
        name: invoices.create(customer_name=name, currency="EUR", template_id=pks[template], language=language).pk
        for name, (template, language) in asked.items()
    }

    call_command("migrate", database=ALIAS, verbosity=0)

    said = {
        name: _said(apps, row.template_id, row.language)
        for name, pk in drafts.items()
        for row in [Invoice.objects.using(ALIAS).get(pk=pk)]
    }
    german, english = ("Rechnung", "Hallo", "", "d@x.de", "", "Fuß"), ("Invoice", "", "e@x.example", "", "", "")
    assert said == {
        "en": english,
        "de": german,
        "special": ("Special", "", "", "", "Pay", ""),
        **({"crossed": german} if crossed else {}),
    }
    assert [Invoice.objects.using(ALIAS).get(pk=pk).template_id for pk in drafts.values()] == [
        pks[template] for template, _language in asked.values()
    ]
    default = BillingProfile.objects.using(ALIAS).get(organization__isnull=False).template_id
    assert (default == pks["de"]) is not crossed
    assert (_said(apps, default, "de"), _said(apps, default, "en")) == (german, english)
    names = InvoiceTemplate.objects.using(ALIAS).order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Standard", "Default", "STANDARD (2)", *(["Standard (3)"] if crossed else [])]
    assert guards.missing(using=ALIAS) == []
