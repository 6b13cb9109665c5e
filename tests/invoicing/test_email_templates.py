"""The words of reminders and receipts: made, changed, chosen, archived, deleted."""

import pytest
from django.db import IntegrityError, transaction

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing import merge
from invoicing.models import EmailTemplate, EmailTemplateText
from invoicing.services import defaults
from invoicing.services import email_templates as service

pytestmark = pytest.mark.django_db
WORDS = {"subject": "About {number}", "message": "Please pay {amount_due}."}


@pytest.fixture(autouse=True)
def seeded(db):
    service.set_up(by=SYSTEM)


def template(name="Second reminder"):
    return EmailTemplate.objects.get(name=name)


def made(by, name="Ours", kind="reminder", **texts):
    return service.create_template(by=by, kind=kind, name=name, texts=texts or {"en": WORDS})


def rows():
    return list(EmailTemplate.objects.values_list("name", "is_default", "archived_at", "version")), list(
        EmailTemplateText.objects.values_list("template__name", "language", "subject", "message")
    )


def refused(error, match, act, *args, **fields):
    """The sentence, and that nothing was written."""
    before, told = rows(), AuditEvent.objects.count()
    with pytest.raises(error, match=match), transaction.atomic():
        act(*args, **fields)
    assert rows() == before
    assert AuditEvent.objects.count() == told


# --- What an installation begins with -------------------------------------------------------------------------


def test_a_new_installation_has_three_reminders_and_a_receipt_in_both_languages():
    assert list(EmailTemplate.objects.values_list("kind", "name", "is_default")) == [
        ("reminder", "Friendly reminder", True),
        ("reminder", "Second reminder", False),
        ("reminder", "Last reminder", False),
        ("receipt", "Receipt", True),
    ]
    for each in EmailTemplate.objects.all():
        assert sorted(each.texts.values_list("language", flat=True)) == ["de", "en"]


def test_setting_up_again_changes_nothing_and_brings_back_nothing(manager):
    last = template("Last reminder")
    service.delete_template(last, by=manager, version=1)
    before, told = rows(), AuditEvent.objects.count()

    service.set_up(by=SYSTEM)

    assert (rows(), AuditEvent.objects.count()) == (before, told)


def test_the_words_that_come_with_dunlin_name_only_fields_their_kind_has_and_what_matters():
    for kind, offered in defaults.EMAIL_TEMPLATES.items():
        for words in offered:
            for language in ("en", "de"):
                for text in words[language]:
                    merge.check(text, merge.FIELDS_OF[kind])
                said = " ".join(words[language])
                named = {"receipt": ["{amount_paid}", "{paid_on}"], "reminder": ["{amount_due}", "{due_date}"]}[kind]
                assert all(field in said for field in ["{number}", *named])


# --- Making and changing --------------------------------------------------------------------------------------


def test_a_template_is_made_with_its_words_and_the_trail_says_so(manager):
    row = made(manager, " Ours ", en=WORDS, de={**WORDS, "subject": "Zu {number}", "cc": "a@x.example"})

    assert (str(row), row.is_default, row.version) == ("Ours", False, 1)
    assert service.texts_of(row) == {
        "en": {**WORDS, "reply_to": "", "cc": ""},
        "de": {**WORDS, "subject": "Zu {number}", "reply_to": "", "cc": "a@x.example"},
    }
    event = AuditEvent.objects.order_by("seq").last()
    assert (event.action, event.after["languages"], event.after["subject_de"]) == (
        "email_template.created", "de, en", "Zu {number}",
    )  # fmt: skip


def test_it_speaks_the_language_asked_for_else_english_else_what_it_has(manager):
    both, german = made(manager, en=WORDS, de=WORDS), made(manager, "Deutsch", de=WORDS)

    assert [both.text_in(code).language for code in ("de", "en", "fr")] == ["de", "en", "en"]
    assert german.text_in("en").language == "de"


@pytest.mark.parametrize("name", ["second reminder", " Second Reminder ", "SECOND REMINDER"])
def test_a_name_is_used_once_a_kind_whatever_its_capitals(name, manager):
    sentence = "There is a template “.*” of this kind already. Choose another name."

    refused(DomainError, sentence, made, manager, name)
    refused(DomainError, sentence, service.change_template, template("Last reminder"), by=manager, version=1, name=name)

    assert str(made(manager, "Second reminder", kind="receipt")) == "Second reminder"


def test_a_name_beyond_ascii_is_used_once_too(manager):
    made(manager, "Mahnung für Übersee")

    refused(DomainError, "of this kind already", made, manager, "MAHNUNG FÜR ÜBERSEE")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"en": {"subject": "{numbr}"}}, r"Default Email Subject \(English\): .*Did you mean {number}\?"),
        ({"en": {**WORDS, "message": "{amount_paid}"}}, r"Message \(English\): .*Did you mean {amount_due}\?"),
        ({"en": WORDS, "de": {"subject": " ", "message": "x"}}, r"Subject \(German\): Type a subject"),
        ({"en": {**WORDS, "reply_to": "nobody"}}, "Reply-To Email: "),
        ({}, "A template needs its words in one language at least."),
    ],
)
def test_words_that_will_not_do_are_refused(texts, sentence, manager):
    refused(DomainError, sentence, service.create_template, by=manager, kind="reminder", name="Ours", texts=texts)
    refused(DomainError, sentence, service.change_template, template(), by=manager, version=1, texts=texts)


def test_a_receipt_may_name_what_was_paid(manager):
    row = made(manager, kind="receipt", en={"subject": "{amount_paid} on {paid_on}"})

    assert row.texts.get().subject == "{amount_paid} on {paid_on}"


def test_changing_writes_what_is_different_and_tells_that_alone(manager):
    row = template()
    texts = service.texts_of(row)
    texts["de"]["subject"] = "Neu: {number}"

    service.change_template(row, by=manager, version=1, name="Second reminder", texts=texts)

    event = AuditEvent.objects.order_by("seq").last()
    assert event.after == {"subject_de": "Neu: {number}", "version": 2}
    assert event.before == {"subject_de": "Zweite Erinnerung: {number}, seit {days_late} Tagen überfällig"}
    assert EmailTemplate.objects.get(pk=row.pk).version == 2


def test_what_is_not_different_leaves_no_event(manager):
    row, told = template(), AuditEvent.objects.count()

    service.change_template(row, by=manager, version=1, name=row.name, texts=service.texts_of(row))

    assert (AuditEvent.objects.count(), EmailTemplate.objects.get(pk=row.pk).version) == (told, 1)


def test_a_language_that_is_not_given_is_taken_away_and_one_more_is_added(manager):
    row = template()
    english = service.texts_of(row)["en"]

    service.change_template(row, by=manager, version=1, texts={"en": english})
    assert [text.language for text in row.texts.all()] == ["en"]

    service.change_template(row, by=manager, version=2, texts={"en": english, "de": WORDS})
    assert sorted(text.language for text in row.texts.all()) == ["de", "en"]
    assert AuditEvent.objects.order_by("seq").last().after["languages"] == "de, en"


def test_the_slower_of_two_managers_is_told_and_no_word_is_written(manager, admin):
    texts = service.texts_of(template())
    service.change_template(template(), by=admin, version=1, texts={**texts, "en": {**texts["en"], "subject": "Hers"}})

    mine = {**texts, "de": {**texts["de"], "subject": "Meins"}}
    refused(
        Stale,
        r"Ines Admin changed this meanwhile \(Default Email Subject \(English\): Hers\)",
        service.change_template,
        template(),
        by=manager,
        version=1,
        texts=mine,
    )


# --- The default ----------------------------------------------------------------------------------------------


def test_there_is_one_default_a_kind(manager):
    service.make_default(template(), by=manager)

    assert list(EmailTemplate.objects.filter(is_default=True).values_list("name", flat=True)) == [
        "Second reminder",
        "Receipt",
    ]
    assert EmailTemplate.objects.default_of("reminder").name == "Second reminder"
    told = AuditEvent.objects.count()
    service.make_default(template(), by=manager)
    assert AuditEvent.objects.count() == told


def test_the_database_holds_no_second_default_and_no_archived_one():
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailTemplate.objects.filter(name="Second reminder").update(is_default=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailTemplate.objects.filter(name="Receipt").update(archived_at=clock.now())


def test_the_default_is_neither_archived_nor_deleted(manager):
    sentence = "Friendly reminder is the default of its kind. Make another one the default first."
    row = template("Friendly reminder")

    refused(DomainError, sentence, service.archive_template, row, by=manager, at=clock.now())
    refused(DomainError, sentence, service.delete_template, row, by=manager, version=1)


# --- Archive and end ------------------------------------------------------------------------------------------


def test_an_archived_template_is_offered_no_more_until_it_is_brought_back(manager):
    row = service.archive_template(template(), by=manager, at=clock.now())

    assert row not in EmailTemplate.objects.current()
    refused(Stale, "is archived already", service.archive_template, row, by=manager, at=clock.now())
    refused(DomainError, "is archived. Bring it back first", service.make_default, row, by=manager)

    service.restore_template(row, by=manager)
    assert row in EmailTemplate.objects.current()
    refused(Stale, "is not archived", service.restore_template, row, by=manager)


def test_a_template_is_deleted_with_its_words_by_who_has_seen_them(manager, admin):
    row = template()
    service.change_template(template(), by=admin, version=1, name="Changed")
    refused(Stale, "was changed meanwhile. Nothing was deleted", service.delete_template, row, by=manager, version=1)

    pk = row.pk
    service.delete_template(row, by=manager, version=2)

    assert not EmailTemplate.objects.filter(pk=pk).exists()
    assert not EmailTemplateText.objects.filter(template_id=pk).exists()
    event = AuditEvent.objects.order_by("seq").last()
    assert (event.action, event.object_id) == ("email_template.deleted", pk)
    assert event.before["subject_en"] == "Second reminder: {number}, {days_late} days overdue"


def test_only_managers_write_templates(clerk):
    row, texts = template(), service.texts_of(template())

    refused(Forbidden, "needs the role Manager", made, clerk)
    refused(Forbidden, "needs the role", service.change_template, row, by=clerk, version=1, texts=texts, name="x")
    refused(Forbidden, "needs the role", service.make_default, row, by=clerk)
    refused(Forbidden, "needs the role", service.archive_template, row, by=clerk, at=clock.now())
    refused(Forbidden, "needs the role", service.restore_template, row, by=clerk)
    refused(Forbidden, "needs the role", service.delete_template, row, by=clerk, version=1)
