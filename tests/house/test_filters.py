"""A filter that cannot be read lists nothing, rather than everything, and says so."""

import pytest
from django.test import RequestFactory

from invoicing.views.invoices import InvoiceListView
from tests.house.test_files import house, lists_of  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db


def test_what_a_filter_cannot_read_lists_nothing_and_is_told(house, as_role, admin):  # noqa: F811
    client = as_role(admin)
    wrong, asked = [], 0
    for path in lists_of(client):
        whole = client.get(path).context
        if "filter" not in whole or "page" not in whole or not whole["page"].rows:
            continue
        for name in whole["filter"].filters:
            answer = client.get(path, {name: "nonsense"})
            if not answer.context["filter"].form.errors:
                continue  # it takes any text
            asked += 1
            if answer.context["page"].rows or 'class="error"' not in answer.text:
                wrong.append(f"{path}?{name}")
            file = b"".join(client.get(path, {name: "nonsense", "format": "csv"}).streaming_content)
            if file.count(b"\r\n") > 1:
                wrong.append(f"{path}?{name} as a file")

    assert wrong == []
    assert asked > 15


def test_select_all_of_what_a_filter_cannot_read_is_nothing(house, as_role, admin):  # noqa: F811
    request = RequestFactory().get("/invoices/", {"template": "999"})
    request.user = admin

    assert not InvoiceListView.matching(request).exists()
