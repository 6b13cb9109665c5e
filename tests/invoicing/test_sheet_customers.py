"""Whose invoice a row is."""

import pytest

from config.common.sheets.kinds import Record
from invoicing.services.sheet_customers import Buyers
from tests import factories

pytestmark = pytest.mark.django_db


def found(**values):
    values = {f"customer_{key}": value for key, value in values.items()}
    return Buyers([Record(2, values, dict(values), [])]).find(values)


@pytest.fixture
def harbour():
    return factories.customer("Harbour", number="K-1", vat_id="DE136695976", email="AP@harbour.example")


def test_number_vat_id_email_or_exact_name_find_the_customer(harbour):
    for how in (
        {"number": "K-1"}, {"vat_id": "de 136 695 976"}, {"email": "ap@Harbour.example"}, {"name": "Harbour"},
    ):  # fmt: skip
        assert found(**how) == (harbour, "", ""), how


def test_nobody_is_guessed_at(harbour):
    sentence = "No customer here has this. Import the customers first, or correct it."
    assert found(name="Harbor") == (None, "customer_name", sentence)
    assert found(number="K-2", name="Harbour") == (None, "customer_number", sentence)
    assert found() == (None, "customer_number", "It says no customer: a number, VAT id, email or name.")


def test_of_several_the_candidates_are_named_and_other_columns_narrow_them(harbour):
    other = factories.customer("Harbour", number="K-2", email="other@x.example")

    assert found(name="Harbour")[1:] == (
        "customer_name",
        "Several customers may be meant: Harbour (K-1), Harbour (K-2). Add the customer number.",
    )
    assert found(name="Harbour", email="other@x.example") == (other, "", "")


def test_a_vat_id_that_contradicts_the_number_is_an_error(harbour):
    assert found(number="K-1", vat_id="NL859302117B01")[1:] == (
        "customer_vat_id",
        "Harbour (K-1) has the VAT id DE136695976 here. Which of the two is meant?",
    )


def test_it_asks_once_however_many_rows(harbour, django_assert_num_queries):
    records = [
        Record(n, {"customer_number": f"K-{n}", "customer_email": f"{n}@x.example", "customer_name": str(n)}, {}, [])
        for n in range(300)
    ]

    with django_assert_num_queries(3):
        Buyers(records)
