"""AR Settings, Email Templates: the list, a new one, its page with the words of each language."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoicing.models import EmailTemplate
from invoicing.services import email_templates as service
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/settings/email-templates/"
EN = {"subject_en": "About {number}", "message_en": "Please pay.", "reply_to_en": "", "cc_en": ""}


@pytest.fixture
def seat(as_role, manager):
    factories.organization()
    return as_role(manager)


def template(name="Second reminder"):
    return EmailTemplate.objects.get(name=name)


def page_of(row):
    return f"{LIST}{row.pk}/"


def typed(row, **fields):
    return {"name": row.name, "version": row.version, "languages_typed": "en", **EN, **fields}


# --- The list -------------------------------------------------------------------------------------------------


def test_the_list_shows_both_kinds_with_their_default_first_and_the_archived_last(seat, manager):
    service.make_default(template("Last reminder"), by=manager)
    service.archive_template(template("Friendly reminder"), by=manager, at="2026-11-20T09:00Z")

    page = seat.get(LIST).text

    named = re.findall(r'email-templates/\d+/">([^<]+)</a>', page)
    assert named == ["Last reminder", "Second reminder", "Friendly reminder", "Receipt"]
    assert page.count(">Default<") == 2
    assert page.count(">Archived<") == 1
    assert "Last reminder: {number}, {amount_due} overdue" in page


def test_the_list_speaks_our_language_and_a_viewer_may_read_it(as_role, viewer):
    factories.organization(language="de")

    page = as_role(viewer).get(LIST).text

    assert "Zweite Erinnerung: {number}" in page
    assert "Actions for" not in page
    assert "New template" not in page


def test_the_list_takes_two_queries_of_its_own_however_many_there_are(seat, manager):
    def asked():
        with CaptureQueriesContext(connection) as found:
            seat.get(LIST)
        return [query for query in found.captured_queries if "emailtemplate" in query["sql"]]

    few = len(asked())
    for n in range(9):
        service.create_template(by=manager, kind="receipt", name=f"R{n}", texts={"en": {"subject": "x"}})

    assert (few, len(asked())) == (2, 2)


def test_all_words_can_be_taken_along_one_row_a_language(seat):
    file = b"".join(seat.get(LIST, {"format": "csv"}).streaming_content).decode()

    heads, *rows = csv.reader(io.StringIO(file.removeprefix("\ufeff")))
    assert heads[:5] == ["Kind", "Template", "Default", "Archived", "Language"]
    assert [row[:5] for row in rows][:2] == [
        ["Reminder", "Friendly reminder", "yes", "no", "English"],
        ["Reminder", "Friendly reminder", "yes", "no", "German"],
    ]
    assert len(rows) == 8


def test_before_anything_is_set_up_the_list_says_where_to_begin(as_role, manager):
    page = as_role(manager).get(LIST).text

    assert "They are made when the organization is first saved." in page


# --- A new one ------------------------------------------------------------------------------------------------


def test_a_new_one_begins_with_the_standard_words_in_our_language(seat):
    answer = seat.post(f"{LIST}new/", {"kind": "receipt", "name": "Thanks", "like": ""})

    row = template("Thanks")
    assert (answer.status_code, answer["Location"]) == (302, page_of(row))
    assert (row.kind, row.is_default) == ("receipt", False)
    assert row.texts.get().subject == "Thank you for your payment of {amount_paid}"


def test_a_copy_has_the_words_of_the_other_in_all_its_languages(seat):
    like = template("Last reminder")
    dialog = seat.get(f"{LIST}new/?like={like.pk}").text
    assert 'value="Copy of Last reminder"' in dialog

    seat.post(f"{LIST}new/?like={like.pk}", {"kind": "reminder", "name": "Sterner", "like": like.pk})

    assert service.texts_of(template("Sterner")) == service.texts_of(like)


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"name": "second REMINDER"}, "name", "There is a template “second REMINDER” of this kind already."),
        ({"name": ""}, "name", "This field is required."),
        ({"kind": "invoice"}, "kind", "is not one of the available choices"),
        ({"like": "receipt"}, "like", "That one is of the other kind."),
    ],
)
def test_a_new_one_that_will_not_do_is_told_so_at_its_field(fields, field, sentence, seat):
    body = {"kind": "reminder", "name": "Typed", "like": "", **fields}
    if body["like"]:
        body["like"] = template("Receipt").pk

    answer = seat.post(f"{LIST}new/", body)

    assert answer.status_code == 422
    assert re.search(rf'id="id_{field}_error">.*{sentence}', answer.text, re.S)
    assert EmailTemplate.objects.count() == 4


def test_a_double_click_makes_one(seat):
    once = re.search(r'name="once" value="([^"]+)"', seat.get(f"{LIST}new/").text)[1]
    body = {"kind": "reminder", "name": "Typed", "like": "", "once": once}

    answers = [seat.post(f"{LIST}new/", body) for _each in range(2)]

    assert [answer["Location"] for answer in answers] == [page_of(template("Typed"))] * 2
    assert EmailTemplate.objects.count() == 5


# --- Its page -------------------------------------------------------------------------------------------------


def test_words_are_saved_by_language_and_addresses_as_one_line(seat):
    row = template()
    both = {
        "subject_de": "Zu {number}",
        "message_de": "",
        "reply_to_de": "us@kelp.example",
        "cc_de": "a@x.example;b@x.example",
    }

    answer = seat.post(page_of(row), typed(row, languages_typed="en,de", **both))

    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert service.texts_of(template())["de"] == {
        "subject": "Zu {number}",
        "message": "",
        "reply_to": "us@kelp.example",
        "cc": "a@x.example, b@x.example",
    }
    assert service.texts_of(template())["en"]["subject"] == "About {number}"


def test_a_mistake_stands_at_its_field_and_what_was_typed_is_kept(seat):
    row = template()

    answer = seat.post(page_of(row), typed(row, subject_en="{amount_payd}", message_en="Kept"))

    assert answer.status_code == 422
    assert re.search(r'id="id_subject_en_error">.*Did you mean {amount_due}\?', answer.text, re.S)
    assert ">\nKept</textarea>" in answer.text
    assert template().version == 1


def test_a_name_that_is_taken_is_told_at_its_field(seat):
    row = template()

    answer = seat.post(page_of(row), typed(row, name="Last Reminder"))

    assert answer.status_code == 422
    assert re.search(r'id="id_name_error">.*There is a template “Last Reminder” of this kind', answer.text, re.S)


def test_a_language_is_taken_away_and_added_again_without_losing_what_is_typed(seat):
    row = template()
    known = seat.get(page_of(row)).text
    assert 'name="subject_de"' in known
    assert "Add German" not in known

    without = seat.post(page_of(row), typed(row, languages_typed="en,de", take="de", message_en="Typed"))
    assert without.status_code == 200
    assert 'name="subject_de"' not in without.text
    assert "Add German" in without.text
    assert ">\nTyped</textarea>" in without.text
    assert "data-dirty" in without.text
    assert sorted(service.texts_of(template())) == ["de", "en"], "nothing is saved by that"

    seat.post(page_of(row), typed(row))
    assert list(service.texts_of(template())) == ["en"]
    row = template()
    added = seat.post(page_of(row), typed(row, add="de", message_en="Typed"))
    assert added.status_code == 200
    assert 'name="subject_de"' in added.text
    assert ">\nTyped</textarea>" in added.text
    assert 'value="2"' in added.text


def test_a_template_without_any_language_is_refused(seat):
    row = template()

    answer = seat.post(page_of(row), typed(row, languages_typed=""))

    assert answer.status_code == 422
    assert "A template needs its words in one language at least. Add one." in answer.text
    assert template().texts.count() == 2


def test_a_language_there_is_not_is_none(seat):
    row = template()

    seat.post(page_of(row), typed(row, languages_typed="en,xx,../de", subject_xx="x"))

    assert list(service.texts_of(template())) == ["en"]


def test_who_saves_after_a_colleague_took_a_language_away_does_not_bring_it_back_by_the_way(seat, admin):
    row = template()
    texts = service.texts_of(row)
    body = {f"{name}_{code}": value for code, words in texts.items() for name, value in words.items()} | typed(
        row, languages_typed="en,de", name="Mine"
    )
    service.change_template(template(), by=admin, version=1, texts={"en": texts["en"]})

    told = seat.post(page_of(row), {**body, **{f"{name}_en": value for name, value in texts["en"].items()}})

    assert told.status_code == 422
    assert "Ines Admin changed this meanwhile" in told.text
    assert 'name="subject_de"' not in told.text
    assert 'value="Mine"' in told.text


def test_what_was_typed_in_a_language_that_a_colleague_took_away_is_kept(seat, admin):
    row = template()
    texts = service.texts_of(row)
    service.change_template(template(), by=admin, version=1, texts={"en": texts["en"]})
    german = {"subject_de": "Meins", "message_de": "", "reply_to_de": "", "cc_de": ""}

    told = seat.post(page_of(row), typed(row, languages_typed="en,de", **german))

    assert told.status_code == 422
    assert 'value="Meins"' in told.text
    version = re.search(r'name="version" value="(\d+)"', told.text)[1]
    assert seat.post(page_of(row), typed(row, languages_typed="en,de", **german, version=version)).status_code == 302
    assert service.texts_of(template())["de"]["subject"] == "Meins"


def test_a_language_that_a_colleague_added_is_there_when_saving_again(seat, admin):
    row = template()
    texts = service.texts_of(row)
    service.change_template(row, by=admin, version=1, texts={"en": texts["en"]})
    row = template()
    service.change_template(template(), by=admin, version=2, texts=texts)

    told = seat.post(page_of(row), typed(row, name="Mine"))

    assert told.status_code == 422
    assert "Zweite Erinnerung: {number}" in told.text
    assert 'name="languages_typed" value="en,de"' in told.text


# --- Default, archive, end ------------------------------------------------------------------------------------


def test_default_archive_and_end_from_the_menu(seat):
    row = template()

    assert seat.post(f"{page_of(row)}default/")["Location"] == LIST
    assert template().is_default
    other = template("Friendly reminder")
    seat.post(f"{page_of(other)}archiving/")
    assert template("Friendly reminder").is_archived
    seat.post(f"{page_of(other)}archiving/?back=1")
    assert not template("Friendly reminder").is_archived
    assert "Delete Friendly reminder?" in seat.get(f"{page_of(other)}deleting/").text
    seat.post(f"{page_of(other)}deleting/", {"version": other.version})
    assert not EmailTemplate.objects.filter(name="Friendly reminder").exists()


def test_a_stale_tab_is_told_that_it_is_gone(seat, manager):
    row = template()
    page = page_of(row)
    service.delete_template(template(), by=manager, version=1)

    for answer in (seat.post(page, typed(row)), seat.post(f"{page}default/"), seat.post(f"{page}deleting/")):
        assert answer.status_code == 422
        assert "Somebody was quicker" in answer.text
    assert seat.get(page).status_code == 404


def test_a_clerk_reads_the_list_and_nothing_more(as_role, clerk):
    factories.organization()
    client, page = as_role(clerk), page_of(template())

    assert client.get(LIST).status_code == 200
    for address in (page, f"{LIST}new/", f"{page}deleting/"):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403
    for address in (f"{page}default/", f"{page}archiving/"):
        assert client.post(address).status_code == 403
    assert client.post(reverse("invoicing:email_preview"), {"mail_kind": "receipt"}).status_code == 403
