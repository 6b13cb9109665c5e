"""Whatever is listed can be taken along: CSV and Excel, from the page itself."""

from datetime import date, time

import pytest

from invoicing.wall_time import WallTime
from tests import factories
from tests.house.addresses import addresses
from tests.invoicing.problems import failed

pytestmark = pytest.mark.django_db

# Steps on the way to something, which list what can be chosen; and what was brought, which is a file already.
STEPS = {"search", "invoicing:new", "invoicing:payment_new", "invoicing:import", "invoicing:sheets", "customers:sheets"}


@pytest.fixture
def house(demo_outbox, worker):
    """Something for each list."""
    factories.draft(terms_days=0)
    factories.payment(factories.opened(), 30000)
    failed(factories.opened())
    factories.queued()
    worker()
    factories.scheduled(by=factories.SYSTEM, wall=WallTime(date(2027, 1, 4), time(9), "Europe/Berlin"))


def lists_of(client) -> list[str]:
    """The addresses of pages with a table of rows."""
    found = []
    for address in addresses():
        if address.takes_values or "/" in address.name or address.name.startswith("admin:") or address.name in STEPS:
            continue
        answer = client.get(address.path)
        if answer.status_code == 200 and b"data-rows" in getattr(answer, "content", b""):
            found.append(address.path)
    return found


def test_every_list_and_report_is_handed_out_as_csv_and_as_excel(house, as_role, admin):
    client = as_role(admin)

    found = lists_of(client)

    assert len(found) > 12
    for path in found:
        page = client.get(path).text
        for kind in ("csv", "xlsx"):
            assert f"format={kind}" in page, f"{path} offers no {kind}"
            file = client.get(path, {"format": kind})
            assert file["Content-Disposition"].startswith("attachment"), path
            assert len(b"".join(file.streaming_content)) > 20, path
