"""Whose invoice a file is."""

import pytest

from config.common.roles import SYSTEM
from customers.services.customers import archive_customer
from invoicing.einvoice.model import Address, Identifier, Party
from invoicing.services import matching
from tests import factories

BUYER = Party(
    name="Muelle Norte S.L.",
    trade_name="Muelle Norte",
    vat_id="ESB83920174",
    endpoint=Identifier("ESB83920174", "9920"),
    registration=Identifier("PO-1234", "0002"),
    address=Address(street="Calle del Faro 8", city="Vigo", country="ES"),
)
NOBODY = Party(name="Nobody Else Ltd")

pytestmark = pytest.mark.django_db


def find(buyer=BUYER, ours=True):
    return matching.find_customer(buyer, numbers_are_ours=ours)


@pytest.mark.parametrize("written", ["ESB83920174", "esb 839.201-74", "ES B83920174"])
def test_the_vat_id_decides_however_it_is_written(written):
    known = factories.customer("Another Name", vat_id=written)

    found = find()

    assert (found.customer, found.how, found.asks) == (known, "vat", False)


def test_the_e_invoice_address_decides_where_there_is_no_vat_id():
    known = factories.customer("Another Name", endpoint_scheme="9920", endpoint_id="esb83920174")

    assert (find().customer, find().how) == (known, "endpoint")


def test_an_address_of_another_scheme_is_another_address():
    factories.customer("Another Name", endpoint_scheme="0088", endpoint_id="ESB83920174")

    assert find().how == "new"


def test_our_customer_number_decides():
    known = factories.customer("Another Name", number="K-77")
    buyer = Party(name="Whoever", identifiers=(Identifier("K-77"),))

    assert (find(buyer).customer, find(buyer).how) == (known, "number")


def test_a_strangers_customer_number_counts_only_together_with_the_name():
    factories.customer("Another Name", number="K-77")
    buyer = Party(name="Whoever", identifiers=(Identifier("K-77"),))

    assert find(buyer, ours=False).how == "new"
    assert find(Party(name="Another Name", identifiers=(Identifier("K-77"),)), ours=False).how == "number"


def test_the_registration_number_decides():
    known = factories.customer("Another Name", registration_no="PO-1234", registration_scheme="0002")

    assert (find().customer, find().how) == (known, "registration")


@pytest.mark.parametrize("name", ["Muelle Norte S.L.", "MUELLE NORTE s.l.", "Muelle Norte"])
def test_a_name_alone_is_only_proposed(name):
    known = factories.customer(name, vat_id="ES00000000T")

    found = find()

    assert (found.customer, found.options, found.how, found.asks) == (None, [known], "name", True)


def test_without_anything_alike_a_new_customer_is_made():
    factories.customer("Somebody Else")

    assert (find().how, find().asks) == ("new", False)


def test_of_several_with_the_vat_id_the_name_tells_which():
    factories.customer("Branch Vigo", vat_id="ESB83920174")
    known = factories.customer("Muelle Norte S.L.", vat_id="ESB83920174")

    assert find().customer == known


def test_several_that_nothing_tells_apart_are_asked_about():
    branches = [factories.customer(name, vat_id="ESB83920174") for name in ("Branch Vigo", "Branch Cádiz")]

    found = find()

    assert (found.customer, found.options, found.how, found.asks) == (None, branches, "several", True)


def test_one_in_the_archive_gives_way_to_one_who_is_not():
    from config.common import clock

    gone = factories.customer("Old record", vat_id="ESB83920174")
    archive_customer(gone, by=SYSTEM, at=clock.now())
    known = factories.customer("New record", vat_id="ESB83920174")

    assert find().customer == known


def test_the_same_company_is_told_by_the_first_identifier_both_have():
    assert matching.same_party(BUYER, Party(name="Other", vat_id="ES-B83920174"))
    assert not matching.same_party(BUYER, Party(name="Muelle Norte S.L.", vat_id="ES1"))
    assert matching.same_party(BUYER, Party(name="MUELLE NORTE S.L."))
    assert not matching.same_party(BUYER, NOBODY)


def test_what_the_file_says_otherwise_is_told():
    known = factories.customer("Muelle Norte S.L.", vat_id="ESB83920174")

    assert matching.differences(BUYER, known) == [
        "street “Calle del Faro 8” (here: Elbchaussee 1)",
        "city “Vigo” (here: Hamburg)",
        "country “ES” (here: DE)",
    ]
