"""Two people have the same form open, or one has it open for too long: the second is told, and nothing is lost."""

import re
import threading

import html5lib
import pytest
from django.db import connection
from django.urls import reverse

from config.common import clock
from config.common.models import AuditEvent, User
from customers.models import Contact, Customer, Organization, OrganizationEmail
from customers.services import contacts, customers
from customers.services import organization as organizations
from invoicing.models import EmailTemplate, Invoice, InvoiceTemplate, Series, TaxRate
from invoicing.services import drafting, opening
from tests import factories

pytestmark = pytest.mark.django_db


def _row(model, **lookup):
    return lambda: model.objects.filter(**lookup).order_by("pk").first()


# What is edited: its page, its row, a field and what the first types into it; another field, for the second.
EDITED = {
    "draft": ("invoicing:edit", _row(Invoice), ("note", "First"), ("order_number", "PO-2")),
    "customer": ("customers:edit", _row(Customer), ("name", "First GmbH"), ("buyer_reference", "R-2")),
    "contact": ("customers:contact_edit", _row(Contact), ("phone", "040 1"), ("name", "Second")),
    "organization": ("customers:organization", _row(Organization), ("city", "Delft"), ("phone", "010 2")),
    "own email": (
        "customers:organization_email", _row(OrganizationEmail), ("label", "First"), ("email", "b@kelp.example"),
    ),
    "template": ("invoicing:template_edit", _row(InvoiceTemplate), ("footer_en", "First"), ("subject_en", "Second")),
    "email template": (
        "invoicing:email_template_edit", _row(EmailTemplate), ("subject_en", "First"), ("name", "Second"),
    ),
    "tax": ("invoicing:tax_edit", _row(TaxRate, category="S"), ("name", "First"), ("percent", "20")),
    "series": ("invoicing:series_edit", _row(Series), ("pattern", "A-{number:05}"), ("next_no", "50")),
    "user": ("person_edit", _row(User, role="viewer"), ("name", "First"), ("time_zone", "Asia/Tokyo")),
}  # fmt: skip


@pytest.fixture
def town(viewer):
    factories.draft()
    factories.tax()


@pytest.fixture
def sit_down(client, admin, as_role):
    """`sit_down(name)` is an admin called so, signed in a moment ago."""

    def signed_in(name):
        person = User.objects.create_user(f"{name}@dunlin.example", "a-long-password", name=name, role="admin")
        seat = as_role(person)
        confirm = seat.post(reverse("account_reauthenticate"), {"password": "a-long-password"})
        assert confirm.status_code == 302
        return seat

    return signed_in


def address(name, row):
    return reverse(name, args=[] if name == "customers:organization" else [row.pk])


def body_of(answer) -> dict:
    """What the page's own form would send as it stands."""
    tree = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
    form = next(
        each
        for each in tree.iter("form")
        if each.get("data-guard") is not None and (each.get("enctype") or "").startswith("multipart") is False
    )
    found = {}
    for each in form.iter():
        name, kind = each.get("name"), each.get("type")
        if not name or each.tag == "button" or each.get("disabled") is not None:
            continue
        if each.tag == "textarea":
            found[name] = (each.text or "").removeprefix("\n")
        elif each.tag == "select":
            found[name] = next((o.get("value") for o in each.iter("option") if o.get("selected") is not None), "")
        elif kind not in ("checkbox", "radio") or each.get("checked") is not None:
            found[name] = each.get("value") or ""
    return found


def events():
    return AuditEvent.objects.count()


@pytest.mark.parametrize("what", EDITED)
def test_the_second_is_told_who_changed_what_and_keeps_what_was_typed(what, town, sit_down):
    name, find, (field, typed), (other, mine) = EDITED[what]
    url = address(name, find())
    first, second = sit_down("Femke"), sit_down("Tomas")
    theirs, ours = body_of(first.get(url)), body_of(second.get(url))

    assert first.post(url, {**theirs, field: typed}).status_code == 302
    before = events()
    told = second.post(url, {**ours, other: mine})

    page = told.content.decode()
    assert told.status_code == 422
    assert re.search(r'role="alert".*Femke changed this', page, re.S)
    assert events() == before
    kept = body_of(told)
    assert kept[other] == mine
    assert kept[field] == typed, "what was left alone is as the first wrote it"
    assert second.post(url, kept).status_code == 302

    now = body_of(first.get(url))
    assert now[other] == mine
    assert now[field] == typed


@pytest.mark.parametrize("what", EDITED)
def test_both_typed_in_the_same_field_and_the_second_decides_knowingly(what, town, sit_down):
    name, find, (field, typed), _other = EDITED[what]
    url = address(name, find())
    first, second = sit_down("Femke"), sit_down("Tomas")
    theirs, ours = body_of(first.get(url)), body_of(second.get(url))
    mine = f"{typed} again" if field != "pattern" else "B-{number:05}"

    assert first.post(url, {**theirs, field: typed}).status_code == 302
    told = second.post(url, {**ours, field: mine})

    assert told.status_code == 422
    assert ("Changed: Note" if what == "draft" else typed) in told.content.decode()
    assert body_of(told)[field] == mine
    assert second.post(url, body_of(told)).status_code == 302
    assert body_of(first.get(url))[field] == mine


@pytest.mark.parametrize("what", [name for name in EDITED if name != "draft"])
def test_the_same_change_sent_twice_is_not_held_against_its_sender(what, town, sit_down):
    name, find, (field, typed), _other = EDITED[what]
    url = address(name, find())
    seat = sit_down("Femke")
    body = {**body_of(seat.get(url)), field: typed}

    assert seat.post(url, body).status_code == 302
    before = events()
    assert seat.post(url, body).status_code == 302
    assert events() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["contact", "series"])
def test_of_two_who_save_at_the_same_moment_one_is_told(what, town, sit_down):
    name, find, (field, typed), _other = EDITED[what]
    url = address(name, find())
    answers, together = [], threading.Barrier(2)

    def work(seat, body):
        try:
            together.wait()
            answers.append(seat.post(url, body).status_code)
        finally:
            connection.close()

    threads = []
    for n, seat in enumerate([sit_down("Femke"), sit_down("Tomas")]):
        own = f"{typed}{n}" if what == "contact" else f"{n}-{typed}"
        threads.append(threading.Thread(target=work, args=(seat, {**body_of(seat.get(url)), field: own})))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [302, 422]


# --- Tabs that were left open ---------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "dialog"])
@pytest.mark.parametrize("happened", ["opened", "deleted"])
def test_a_draft_that_is_none_any_more_is_not_changed_and_what_was_typed_is_kept(
    happened, headers, town, admin, as_role
):
    draft, seat = Invoice.objects.get(), as_role(admin)
    url = reverse("invoicing:edit", args=[draft.pk])
    body = {**body_of(seat.get(url)), "note": "Typed for an hour"}
    if happened == "opened":
        opening.open_invoice(draft, by=admin, on=factories.TODAY)
    else:
        drafting.delete_draft(draft, by=admin, version=draft.version)

    told = seat.post(url, body, headers=headers)

    assert told.status_code == 422
    assert "meanwhile" in told.content.decode()
    assert "Typed for an hour" in told.content.decode()
    assert Invoice.objects.filter(note="Typed for an hour").count() == 0


GONE = {
    "contact": ("customers:contact_edit", _row(Contact), lambda row, by: contacts.remove_contact(row, by=by)),
    "own email": (
        "customers:organization_email",
        _row(OrganizationEmail),
        lambda row, by: organizations.remove_organization_email(row, by=by),
    ),
}


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "dialog"])
@pytest.mark.parametrize("what", GONE)
def test_what_was_removed_meanwhile_is_said_to_be_gone(what, headers, town, admin, as_role):
    name, find, remove = GONE[what]
    row, seat = find(), as_role(admin)
    url = reverse(name, args=[row.pk])
    body = body_of(seat.get(url))
    remove(row, admin)

    told = seat.post(url, body, headers=headers)

    assert told.status_code == 422
    assert "Somebody was quicker" in told.content.decode()
    assert seat.post(url, {"remove": "yes"}).status_code == 422


@pytest.mark.parametrize("happened", ["opened", "deleted", "changed"])
def test_a_stale_question_whether_to_delete_deletes_nothing(happened, town, admin, as_role):
    draft, seat = Invoice.objects.get(), as_role(admin)
    body = {"version": draft.version}
    if happened == "opened":
        opening.open_invoice(draft, by=admin, on=factories.TODAY)
    elif happened == "deleted":
        drafting.delete_draft(draft, by=admin, version=draft.version)
    else:
        drafting.change_draft(draft, by=admin, version=draft.version, fields={"note": "Newer"})
    left = Invoice.objects.count()

    told = seat.post(reverse("invoicing:deleting", args=[draft.pk]), body)

    assert told.status_code == 422
    assert Invoice.objects.count() == left


def test_a_draft_for_a_customer_who_was_archived_meanwhile_is_refused_with_its_text(town, admin, as_role):
    buyer, seat = Customer.objects.get(), as_role(admin)
    url = reverse("invoicing:new") + f"?customer={buyer.pk}"
    body = {**body_of(seat.get(url)), "note": "Typed"}
    customers.archive_customer(buyer, by=admin, at=clock.now())

    told = seat.post(url, body)

    assert told.status_code == 422
    assert "is archived and gets no new invoices" in told.content.decode()
    assert body_of(told)["note"] == "Typed"
    assert Invoice.objects.count() == 1


def test_archiving_twice_says_that_it_was_done(town, admin, as_role):
    buyer, seat = Customer.objects.get(), as_role(admin)
    url = reverse("customers:archiving", args=[buyer.pk])

    assert seat.post(url).status_code == 302
    assert seat.post(url).status_code == 422
