"""The machinery of the triggers; what they forbid is in tests/house/test_guards_stone.py."""

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from config.common import guards

pytestmark = pytest.mark.django_db


def test_installing_twice_changes_nothing():
    guards.install()
    guards.install()

    assert guards.missing() == []


def test_a_missing_guard_is_an_error_that_says_how_to_get_it_back():
    with connection.cursor() as cursor:
        on = " ON common_auditevent" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER common_auditevent_no_update{on}")

    (problem,) = run_checks(databases=["default"], tags=["database"])

    assert problem.id == "dunlin.E001"
    assert "common_auditevent_no_update is missing" in problem.msg
    assert problem.hint == "Run manage.py migrate; it installs the triggers again."
    assert guards.missing() == ["common_auditevent_no_update"]


def test_with_all_guards_in_place_nothing_is_complained_about():
    assert run_checks(databases=["default"], tags=["database"]) == []


@pytest.mark.django_db(transaction=True)
def test_migrating_brings_back_what_was_lost():
    guards.lift()

    call_command("migrate", verbosity=0)

    assert guards.missing() == []


def test_migrate_starts_where_a_guard_is_missing_and_puts_it_back():
    """A new guard on a table that stands already: the next migrate must be able to install it."""
    guards.lift()
    with pytest.raises(SystemCheckError, match="is missing"):
        call_command("check", databases=["default"])

    call_command("migrate", verbosity=0, skip_checks=False)

    assert guards.missing() == []
