"""What somebody tries who wishes us ill, or whose cat walks over the keys."""

import base64
import csv
import io
import itertools
import json
import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib import admin as django_admin
from django.core import mail
from django.urls import reverse
from openpyxl import load_workbook

from config.common import people
from config.common.models import AuditEvent, User
from invoicing.models import TaxRate
from tests import factories
from tests.common.signing_in import signed_in
from tests.invoicing.problems import failed

from .addresses import addresses

pytestmark = pytest.mark.django_db
PASSWORD = "a-rather-long-one"


# --- Accounts -------------------------------------------------------------------------------------------------


def test_nobody_gives_themselves_another_address_past_the_trail(viewer, as_role):
    client = as_role(viewer)

    answers = [
        client.get("/accounts/email/"),
        client.post("/accounts/email/", {"action_add": "", "email": "evil@elsewhere.example"}),
        client.post("/accounts/email/", {"action_primary": "", "email": "evil@elsewhere.example"}),
    ]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, reverse("profile"))] * 3
    assert User.objects.get().email == viewer.email
    assert not EmailAddress.objects.exists()


def test_the_address_an_admin_replaced_signs_nobody_in_any_more(admin, client):
    user = people.create_person(by=admin, email="old@kelpworks.example", name="Lou", password=PASSWORD)
    client.post(reverse("account_reset_password"), {"email": "old@kelpworks.example"})  # allauth notes the address
    assert len(mail.outbox) == 1

    people.change_person(user, by=admin, email="new@kelpworks.example")

    client.post(reverse("account_reset_password"), {"email": "old@kelpworks.example"})
    assert [message.to for message in mail.outbox if "password/reset/key" in message.body] == [
        ["old@kelpworks.example"]
    ]
    assert not client.login(email="old@kelpworks.example", password=PASSWORD)
    assert client.login(email="new@kelpworks.example", password=PASSWORD)


def test_a_second_factor_can_be_set_up_by_who_once_reset_a_password(admin, client):
    user = people.create_person(by=admin, email="lou@kelpworks.example", name="Lou", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=False)  # what a reset leaves behind
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})

    assert answer.status_code == 302
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_what_is_told_after_an_act_travels_in_no_cookie(clerk, as_role):
    client = as_role(clerk)

    answer = client.post("/me/", {"name": "Femke", "time_zone": "UTC", "language": "en"})

    assert "messages" not in answer.cookies
    assert "Your profile is saved." in client.get("/me/").content.decode()


# --- The administration ---------------------------------------------------------------------------------------


def test_the_administration_has_no_pages_that_packages_brought():
    rooms = {type(page).__module__.split(".")[0] for page in django_admin.site._registry.values()}

    assert rooms <= {"config", "customers", "invoicing", "dunning", "portal"}


@pytest.mark.parametrize(
    "page", ["django_q/schedule/add/", "django_q/ormq/", "account/emailaddress/add/", "auth/group/"]
)
def test_the_administration_runs_no_function_and_makes_no_second_address(page, admin, as_role):
    assert as_role(admin).get(f"/admin/{page}").status_code == 404


def test_an_admin_takes_a_lost_second_factor_away_without_seeing_it(admin, clerk):
    factor = Authenticator.objects.create(user=clerk, type="totp", data={"secret": "KEEPTHISSECRET"})
    client = signed_in(admin)
    address = f"/admin/mfa/authenticator/{factor.pk}"

    assert "KEEPTHISSECRET" not in client.get(f"{address}/change/").content.decode()
    assert client.post(f"{address}/change/", {"data": "{}"}).status_code == 403
    client.post(f"{address}/delete/", {"post": "yes"})

    assert not Authenticator.objects.exists()
    event = AuditEvent.objects.last()
    assert (event.action, event.object_id, event.actor_id) == ("user.second_factor_removed", clerk.pk, admin.pk)
    assert "KEEPTHISSECRET" not in f"{event.before}{event.after}"


# --- Addresses that were tampered with ------------------------------------------------------------------------


def cursor(text) -> str:
    text = text if isinstance(text, str) else json.dumps(text)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSORS = [
    "[1, Infinity]",
    "[NaN, NaN]",
    "[" * 1500,
    ["\ud800", 1],
    ["a\0b", 1],
    [10**30, 10**30],
    [{}, 1],
    [[1], 1],
    {},
]


@pytest.mark.parametrize("text", CURSORS, ids=lambda text: str(text)[:16].encode("unicode_escape").decode())
@pytest.mark.parametrize("sort", ["", "name"])
def test_a_cursor_that_was_tampered_with_means_the_first_page(text, sort, viewer, as_role):
    client = as_role(viewer)

    for key in ("after", "before"):
        assert client.get("/customers/", {"sort": sort, key: cursor(text)}).status_code == 200


# --- Files for a spreadsheet ----------------------------------------------------------------------------------

RUNS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("x")',
]
FILES = {  # lists that must be among those found; a new one is found by itself
    "/customers/",
    "/invoices/",
    "/invoices/to-be-sent/",
    "/payments/",
    "/deliveries/problems/",
    "/settings/taxes/",
    "/settings/organization/bank-accounts/",
}


def poisoned(run):
    """One of everything that is listed somewhere, called by a text that a spreadsheet would run."""
    ours = factories.organization()
    ours.bank_accounts.create(holder=run, account_no=run)
    rate = TaxRate.objects.create(name=run, category="S", percent=19)
    buyer = factories.customer(run, email="a@b.example", buyer_reference=run)
    words = {"order_number": run, "buyer_reference": run, "source_reference": run}
    factories.draft(buyer, lines=[factories.line(run, tax=rate)], terms_days=0, **words)
    factories.payment(factories.billed(factories.opened(buyer, **words)), 100, reference=run)
    lost = failed(factories.opened(buyer))
    type(lost).objects.filter(pk=lost.pk).update(reason=run)
    User.objects.create_user(f"run{ours.pk}{lost.pk}@dunlin.example", PASSWORD, name=run, role="viewer")
    return buyer


def exports_of(client, pk):
    """{address: (CSV rows, Excel cells)} of everything of ours that answers with a file, for the thing of this key."""
    found = {}
    for address in (each for each in addresses() if hasattr(each.callback, "act")):
        path = address.path.replace("/1/", f"/{pk}/")
        answer = client.get(path, {"format": "csv"})
        if answer.get("Content-Disposition", "").endswith('.csv"'):
            text = answer.getvalue().decode("utf-8-sig")
            book = load_workbook(io.BytesIO(client.get(path, {"format": "xlsx"}).getvalue()))
            found[path] = (list(csv.reader(io.StringIO(text, newline=""))), [*itertools.chain(*book.active.rows)])
    return found


def test_no_cell_of_any_export_is_run_by_a_spreadsheet(admin, as_role):
    for run in RUNS:
        buyer = poisoned(run)
    starts = tuple("=+-@\t\r\n\0")
    figure = re.compile(r"-?[0-9][0-9.]*")

    found = exports_of(as_role(admin), buyer.pk)

    assert set(found) >= FILES
    for path, (rows, cells) in found.items():
        told = {cell for row in rows for cell in row}
        assert [cell for cell in told if cell.lstrip(" ").startswith(starts) and not figure.fullmatch(cell)] == [], path
        assert [cell.coordinate for cell in cells if cell.data_type in ("f", "e")] == [], path
        runs = [cell for cell in cells if cell.data_type == "s" and cell.value.lstrip(" ").startswith(starts)]
        assert all(cell.quotePrefix for cell in runs), path
        assert len(cells) == sum(map(len, rows)), path
        shown = {cell.lstrip("'").strip() for cell in told}  # some services take the blanks away themselves
        assert path not in FILES or {run.strip() for run in RUNS} <= shown, f"{path} proves nothing"
