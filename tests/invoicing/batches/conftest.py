"""What the tests of the dialog of a batch begin with."""

import pytest

from config.common import clock
from tests import factories


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def chosen(clerk):
    """`chosen(first, second, …)`: the clerk's selection of these."""

    def select(*invoices, by=clerk, page="list"):
        return factories.selection(*invoices, by=by, page=page)

    return select
