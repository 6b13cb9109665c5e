"""Invoice Templates: several, each with a look and words in several languages."""

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing import snapshots
from invoicing.demo import logo
from invoicing.models import Invoice, InvoiceTemplate, InvoiceTemplateText
from invoicing.services import profiles
from invoicing.services import templates as service
from tests import factories

pytestmark = pytest.mark.django_db


def standard():
    factories.organization()
    return InvoiceTemplate.objects.get(name="Standard")


def words(template, language="en"):
    return template.texts.get(language=language)


# --- A new one ------------------------------------------------------------------------------------------------


def test_a_new_one_begins_with_words_in_every_language_we_know(manager):
    made = service.create_template(by=manager, name=" Exports ")

    assert (made.name, made.layout, made.colour, made.version) == ("Exports", "classic", "#142126", 1)
    assert words(made).subject == "{number} from {organization}"
    assert words(made, "de").subject == "{number} von {organization}"
    event = AuditEvent.objects.get(action="template.created")
    assert event.after == {"name": "Exports", "languages": "de, en"}


def test_a_copy_has_look_logo_and_words_of_the_other(manager):
    first = standard()
    service.change_template(
        first, by=manager, version=1, layout="window", colour="#0b5c75", texts={"en": {"footer": "Foot"}}
    )
    service.store_template_logo(first, by=manager, version=2, data=logo.png())
    service.remove_language(first, by=manager, version=3, language="de")

    made = service.create_template(by=manager, name="Copy", copy_of=InvoiceTemplate.objects.get(pk=first.pk))

    assert (made.layout, made.colour, made.logo_sha256) == ("window", "#0b5c75", first.logo_sha256)
    assert [(text.language, text.footer) for text in made.texts.all()] == [("en", "Foot")]


@pytest.mark.parametrize("name", ["Standard", "sTANDARD", " standard "])
def test_a_name_is_given_once_whatever_its_case(name, manager):
    standard()
    events = AuditEvent.objects.count()

    with pytest.raises(DomainError, match="There is a template called .* already. Choose another name."):
        service.create_template(by=manager, name=name)

    assert InvoiceTemplate.objects.count() == 1
    assert AuditEvent.objects.count() == events


def test_the_database_too_keeps_names_and_languages_apart():
    template = standard()

    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceTemplate.objects.create(name="STANDARD")
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceTemplateText.objects.create(template=template, language="en")


# --- Changing -------------------------------------------------------------------------------------------------


def test_look_and_words_change_together_as_one_version_and_one_event(manager):
    template = standard()

    service.change_template(
        template,
        by=manager,
        version=1,
        layout="compact",
        texts={"de": {"footer": "Amtsgericht Hamburg"}, "en": {"footer": ""}},
    )

    stored = InvoiceTemplate.objects.get()
    assert (stored.layout, stored.version, words(stored, "de").footer) == ("compact", 2, "Amtsgericht Hamburg")
    event = AuditEvent.objects.get(action="template.changed")
    assert event.before == {"layout": "classic", "footer_de": ""}
    assert event.after == {"layout": "compact", "footer_de": "Amtsgericht Hamburg", "version": 2}


def test_an_unknown_merge_field_is_refused_with_the_nearest_right_one(manager):
    template = standard()

    with pytest.raises(DomainError, match=r"Default Email Subject \(German\): .*\{number\}"):
        service.change_template(template, by=manager, version=1, texts={"de": {"subject": "Rechnung {numbr}"}})

    assert InvoiceTemplate.objects.get().version == 1
    assert words(template, "de").subject == "{number} von {organization}"


def test_the_slower_of_two_managers_is_told_in_which_language(manager, admin):
    first, slower = standard(), standard()
    service.change_template(first, by=admin, version=1, texts={"de": {"footer": "Kelpworks"}})

    with pytest.raises(Stale, match=r"Ines Admin changed this meanwhile \(Footer \(German\): Kelpworks\)"):
        service.change_template(slower, by=manager, version=1, texts={"de": {"footer": "Tide"}})

    assert words(first, "de").footer == "Kelpworks"


@pytest.mark.parametrize(
    ("colour", "sentence"),
    [
        ("#ffff00", "#ffff00 is too light for white paper: nobody could read the title. Choose a darker one."),
        ("#fff", "Colour: Write a colour as # and six digits, such as #0b5c75."),
        ("red;}</style>", "Colour: "),
    ],
)
def test_a_colour_that_cannot_be_read_or_is_none_is_refused(colour, sentence, manager):
    template = standard()

    with pytest.raises(DomainError) as refused:
        service.change_template(template, by=manager, version=1, colour=colour)

    assert str(refused.value).startswith(sentence)
    assert InvoiceTemplate.objects.get().colour == "#142126"


def test_some_language_has_a_subject(manager):
    template = standard()
    blank = {"subject": " "}

    with pytest.raises(DomainError, match="A template needs a subject in at least one language. Type one."):
        service.change_template(template, by=manager, version=1, texts={"en": blank, "de": blank})

    service.change_template(template, by=manager, version=1, texts={"en": {"subject": ""}})
    assert words(template).subject == ""


def test_templates_are_for_managers(clerk):
    template = standard()
    acts = [
        lambda: service.create_template(by=clerk, name="x"),
        lambda: service.change_template(template, by=clerk, version=1, colour="#000000"),
        lambda: service.add_language(template, by=clerk, version=1, language="de"),
        lambda: service.remove_language(template, by=clerk, version=1, language="de"),
        lambda: service.store_template_logo(template, by=clerk, version=1, data=logo.png()),
        lambda: service.remove_template_logo(template, by=clerk, version=1),
        lambda: service.archive_template(template, by=clerk, at=clock.now()),
        lambda: service.restore_template(template, by=clerk),
        lambda: service.delete_template(template, by=clerk),
    ]
    events = AuditEvent.objects.count()

    for act in acts:
        with pytest.raises(Forbidden):
            act()

    assert InvoiceTemplate.objects.get().version == 1
    assert AuditEvent.objects.count() == events


# --- Languages ------------------------------------------------------------------------------------------------


def test_a_language_is_taken_away_and_added_again_with_its_first_words(manager):
    template = standard()
    service.change_template(template, by=manager, version=1, texts={"de": {"subject": "Eigenes"}})

    service.remove_language(template, by=manager, version=2, language="de")
    service.remove_language(template, by=manager, version=3, language="de")  # twice: once
    assert template.text("de").language == "en"
    service.add_language(InvoiceTemplate.objects.get(), by=manager, version=3, language="de")
    service.add_language(InvoiceTemplate.objects.get(), by=manager, version=3, language="de")

    assert words(template, "de").subject == "{number} von {organization}"
    assert InvoiceTemplate.objects.get().version == 4


def test_the_last_language_stays(manager):
    template = standard()
    service.remove_language(template, by=manager, version=1, language="de")

    with pytest.raises(DomainError, match="English is the only language of this template. Add another before"):
        service.remove_language(template, by=manager, version=2, language="en")

    assert [text.language for text in InvoiceTemplate.objects.get().texts.all()] == ["en"]


def test_a_language_is_not_taken_away_from_a_page_of_yesterday(manager, admin):
    template = standard()
    service.change_template(template, by=admin, version=1, texts={"de": {"footer": "Neu"}})

    with pytest.raises(Stale, match="Ines Admin changed this meanwhile"):
        service.remove_language(template, by=manager, version=1, language="de")

    assert words(template, "de").footer == "Neu"


# --- Logo -----------------------------------------------------------------------------------------------------


def test_a_logo_is_kept_with_the_documents_and_goes_before_the_organizations(manager):
    template, draft = standard(), factories.draft()
    assert snapshots.parties(draft)[2]["logo_sha256"] == ""

    service.store_template_logo(template, by=manager, version=1, data=logo.png())

    digest = InvoiceTemplate.objects.get().logo_sha256
    assert storages["documents"].exists(f"logos/{digest}.png")
    assert snapshots.parties(Invoice.objects.get())[2]["logo_sha256"] == digest
    service.remove_template_logo(template, by=manager, version=2)
    assert snapshots.parties(Invoice.objects.get())[2]["logo_sha256"] == ""


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"GIF89a", b""])
def test_what_is_no_picture_is_no_logo(data, manager):
    template = standard()

    with pytest.raises(DomainError, match="The logo must be a PNG or JPEG picture"):
        service.store_template_logo(template, by=manager, version=1, data=data)

    assert InvoiceTemplate.objects.get().logo_sha256 == ""


def test_a_picture_that_holds_code_is_no_logo(manager):
    template = standard()

    with pytest.raises(DomainError, match="holds something besides a picture"):
        service.store_template_logo(template, by=manager, version=1, data=logo.png() + b"<?php system('x'); ?>")

    assert InvoiceTemplate.objects.get().logo_sha256 == ""


# --- Archived and deleted ---------------------------------------------------------------------------------------


def test_an_archived_one_is_kept_by_its_drafts_and_taken_by_no_new_one(manager):
    first, other = standard(), service.create_template(by=manager, name="Other")
    buyer = factories.customer()
    profiles.choose_template(buyer, by=manager, template=other)
    kept = factories.draft(buyer)

    service.archive_template(other, by=manager, at=clock.now())
    service.archive_template(other, by=manager, at=clock.now())

    assert Invoice.objects.get(pk=kept.pk).template == other
    assert factories.draft(buyer).template == first
    assert AuditEvent.objects.filter(action="template.archived").count() == 1
    service.restore_template(other, by=manager)
    assert factories.draft(buyer).template == other


def test_what_the_organization_uses_by_default_is_not_archived(manager):
    template = standard()

    with pytest.raises(DomainError, match="The organization uses Standard by default. Let it use another one first."):
        service.archive_template(template, by=manager, at=clock.now())

    assert not InvoiceTemplate.objects.get().is_archived


def test_only_what_nobody_uses_is_deleted(manager):
    standard()
    used, chosen, free = (service.create_template(by=manager, name=name) for name in ("Used", "Chosen", "Free"))
    factories.draft(template=used)
    profiles.choose_template(factories.customer(), by=manager, template=chosen)

    with pytest.raises(DomainError, match="Invoices use Used, so it stays. Archive it instead."):
        service.delete_template(used, by=manager)
    with pytest.raises(DomainError, match="Chosen is used by default. Choose another default first."):
        service.delete_template(chosen, by=manager)
    service.delete_template(free, by=manager)

    assert set(InvoiceTemplate.objects.values_list("name", flat=True)) == {"Standard", "Used", "Chosen"}
    assert AuditEvent.objects.get(action="template.deleted").before == {"name": "Free"}


# --- Stone ----------------------------------------------------------------------------------------------------


def test_opening_freezes_the_look_and_the_words_of_the_invoices_language(manager):
    template = standard()
    service.change_template(
        template,
        by=manager,
        version=1,
        colour="#0b5c75",
        layout="window",
        texts={"de": {"footer": "Fuß", "payment_instructions": "Bitte"}, "en": {"footer": "Foot"}},
    )

    invoice = factories.opened(factories.customer(language="de"))
    service.change_template(template, by=SYSTEM, version=2, colour="#000000", texts={"de": {"footer": "Später"}})

    invoice.refresh_from_db()
    frozen = {name: value for name, value in invoice.paper.items() if name not in ("bank", "logo_sha256")}
    assert frozen == {
        "template": "Standard",
        "template_version": 2,
        "layout": "window",
        "colour": "#0b5c75",
        "payment_instructions": "Bitte",
        "footer": "Fuß",
    }
