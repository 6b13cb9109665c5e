"""The pages of Invoice Templates: list, new, edit, languages, logo, archive, preview; and a customer's choice."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pypdf import PdfReader

from config.common import clock
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing.demo import logo
from invoicing.models import BillingProfile, Document, Invoice, InvoiceTemplate
from invoicing.paper.rendering import RenderFailure
from invoicing.services import profiles, templates
from invoicing.views import template_preview
from tests import factories
from tests.house.test_two_clerks import body_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def standard(db):
    factories.organization()
    return InvoiceTemplate.objects.get()


def at(name, *args):
    return reverse(f"invoicing:template_{name}", args=args)


def text_of(answer) -> str:
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


# --- The list -------------------------------------------------------------------------------------------------


def test_the_list_says_who_uses_which_in_how_many_languages(standard, as_role, viewer, manager):
    other = templates.create_template(by=manager, name="Exports")
    templates.change_template(other, by=manager, version=1, layout="compact")
    templates.remove_language(other, by=manager, version=2, language="de")
    for _n in range(2):
        profiles.choose_template(factories.customer(), by=manager, template=other)

    page = " ".join(re.sub(r"<[^>]+>", " ", as_role(viewer).get(at("list")).text).split())

    assert "Standard Classic English, German the organization" in page
    assert "Exports Compact, for long invoices English 2 customers" in page
    assert "Use by default" not in page.replace("Used by default by", "")


def test_the_list_asks_as_much_for_many_as_for_few(standard, as_role, viewer, django_assert_num_queries):
    client = as_role(viewer)
    client.get(at("list"))
    for n in range(30):
        templates.create_template(by=SYSTEM, name=f"T{n}")

    with django_assert_num_queries(5):  # two of them are its own
        client.get(at("list"))


def test_the_file_has_a_row_for_each_language(standard, as_role, viewer):
    file = as_role(viewer).get(at("list"), {"format": "csv"})

    rows = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0].startswith('"Template","Layout"')
    assert sum("{number} von {organization}" in row for row in rows) == 1
    assert sum("{number} from {organization}" in row for row in rows) == 1


# --- A new one ------------------------------------------------------------------------------------------------


def test_a_new_one_leads_to_its_page_and_a_taken_name_is_said_in_the_dialog(standard, as_role, manager):
    client = as_role(manager)

    refused = client.post(at("new"), {"name": "STANDARD"}, headers=HTMX)
    made = client.post(at("new"), {"name": "Exports", "copy_of": standard.pk})

    assert refused.status_code == 422
    assert "There is a template called STANDARD already." in refused.text
    assert 'value="STANDARD"' in refused.text
    assert made["Location"] == at("edit", InvoiceTemplate.objects.get(name="Exports").pk)


# --- Editing --------------------------------------------------------------------------------------------------


def test_one_save_keeps_the_look_and_all_languages(standard, as_role, manager):
    client, address = as_role(manager), at("edit", standard.pk)
    typed = {
        **body_of(client.get(address)),
        "layout": "window",
        "colour": "#0B5C75",
        "cc_en": "a@x.example; b@x.example",
        "footer_de": "Amtsgericht",
    }

    assert client.post(address, typed).status_code == 302

    standard.refresh_from_db()
    assert (standard.layout, standard.colour, standard.version) == ("window", "#0b5c75", 2)
    assert standard.texts.get(language="en").cc == "a@x.example, b@x.example"
    assert standard.texts.get(language="de").footer == "Amtsgericht"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("subject_de", "Rechnung {nmber}", "Did you mean {number}?"),
        ("cc_en", "nobody", "“nobody” is not an email address."),
        ("colour", "#ffff00", "#ffff00 is too light for white paper"),
        ("name", "exports", "There is a template called exports already."),
        ("name", "", "This field is required."),
        ("footer_en", "x" * 4001, "at most 4000 characters"),
        ("footer_de", "x\n" * 61, "At most 60 lines can be printed here. Shorten it."),
        ("message_de", "x" * 10_001, "at most 10000 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    field, value, sentence, standard, as_role, manager
):
    templates.create_template(by=manager, name="Exports")
    client, address = as_role(manager), at("edit", standard.pk)
    typed = {**body_of(client.get(address)), "message_en": "Typed for an hour", field: value}

    refused = client.post(address, typed)

    assert refused.status_code == 422
    assert sentence in refused.text.replace("&#x27;", "'")
    assert f'id="id_{field}_error"' in refused.text
    assert "Typed for an hour" in refused.text
    assert InvoiceTemplate.objects.get(pk=standard.pk).version == 1


def test_a_language_that_a_colleague_added_meanwhile_is_not_emptied(standard, as_role, manager, admin):
    templates.remove_language(standard, by=admin, version=1, language="de")
    client, address = as_role(manager), at("edit", standard.pk)
    typed = {**body_of(client.get(address)), "footer_en": "Mine"}
    templates.add_language(InvoiceTemplate.objects.get(), by=admin, version=2, language="de")

    told = client.post(address, typed)
    again = client.post(address, body_of(told))

    assert told.status_code == 422
    assert "Ines Admin changed this meanwhile (Languages: de, en)" in told.text
    assert again.status_code == 302
    assert standard.texts.get(language="en").footer == "Mine"
    assert standard.texts.get(language="de").subject == "{number} von {organization}"


def test_a_language_goes_with_its_consequence_said_and_comes_back(standard, as_role, manager):
    client = as_role(manager)

    asked = client.get(at("languages", standard.pk, "de"), headers=HTMX)
    gone = client.post(at("languages", standard.pk, "de"), {"version": 1})
    assert "New mails and invoices in German then carry the words in English" in asked.text
    assert gone.status_code == 302
    assert list(standard.texts.values_list("language", flat=True)) == ["en"]

    page = client.get(at("edit", standard.pk)).text
    assert "Add German" in page
    assert client.post(at("languages", standard.pk, "de"), {"version": 2, "add": "yes"}).status_code == 302
    assert client.get(at("languages", standard.pk, "xx")).status_code == 404
    assert standard.texts.count() == 2


def test_a_logo_is_uploaded_shown_and_removed_and_anything_else_refused(standard, as_role, manager):
    client, address = as_role(manager), at("logo", standard.pk)
    script = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", "image/png")
    picture = SimpleUploadedFile("logo.png", logo.png(), "image/png")

    refused = client.post(address, {"logo": script, "version": 1})
    assert client.get(address).status_code == 404
    saved = client.post(address, {"logo": picture, "version": 1})
    shown = client.get(address)

    assert refused.status_code == 422
    assert "The logo must be a PNG or JPEG picture." in refused.text
    assert saved.status_code == 302
    assert shown["Content-Type"] == "image/png"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert client.post(address, {"remove": "yes", "version": 2}).status_code == 302
    assert client.get(address).status_code == 404


def test_archive_bring_back_default_and_delete(standard, as_role, manager):
    other, client = templates.create_template(by=manager, name="Other"), as_role(manager)
    buyer = factories.customer()
    profiles.choose_template(buyer, by=manager, template=other)

    asked = client.get(at("archiving", other.pk), headers=HTMX)
    assert "1 customer uses it by default and gets the organization’s from then on." in asked.text
    client.post(at("archiving", other.pk))
    assert InvoiceTemplate.objects.get(pk=other.pk).is_archived
    assert client.post(at("default", other.pk)).status_code in (302, 422)
    assert BillingProfile.objects.get(customer=None).template == standard
    client.post(at("archiving", other.pk), {"archived": "no"})
    client.post(at("default", other.pk))
    assert BillingProfile.objects.get(customer=None).template == other

    profiles.choose_template(buyer, by=manager, template=None)
    client.post(at("default", standard.pk))
    assert client.post(at("deleting", other.pk)).status_code == 302
    assert list(InvoiceTemplate.objects.all()) == [standard]
    assert client.post(at("deleting", other.pk)).status_code == 422  # a page of yesterday is told


# --- The preview ----------------------------------------------------------------------------------------------


def _look(client, template, **typed):
    body = {**body_of(client.get(at("edit", template.pk))), **typed}
    answer = client.post(at("preview", template.pk), body, headers=HTMX)
    found = re.search(r'<iframe src="([^"]+)"', answer.text)
    return answer, found and found[1]


def _state():
    return (
        InvoiceTemplate.objects.get().version,
        Invoice.objects.count(),
        Document.objects.count(),
        AuditEvent.objects.count(),
    )


@pytest.mark.parametrize("layout", ["classic", "window", "compact"])
@pytest.mark.parametrize(("language", "title"), [("en", "Invoice"), ("de", "Rechnung")])
def test_the_preview_shows_what_is_typed_and_saves_nothing(layout, language, title, standard, as_role, manager):
    client, before = as_role(manager), _state()

    answer, frame = _look(
        client, standard, layout=layout, preview_language=language, **{f"footer_{language}": "Typed just now"}
    )
    pdf = client.get(frame)

    assert "Drawing…" in answer.text
    assert pdf["Content-Type"] == "application/pdf"
    assert title in text_of(pdf)
    assert "Typed just now" in text_of(pdf)
    assert "INV-0000" in text_of(pdf)
    assert _state() == before


def test_the_preview_takes_the_invoice_that_is_chosen_with_its_own_parties(standard, as_role, manager):
    client = as_role(manager)
    invoice = factories.opened(factories.customer("Harbour Café GmbH"))

    factories.opened(factories.customer("Newer Ltd"))
    before = _state()

    answer, frame = _look(client, standard, preview_invoice=invoice.number.lower(), footer_en="Another foot")

    text = text_of(client.get(frame))
    assert f">{invoice.number}</a>, <bdi>Harbour Café GmbH</bdi>" in answer.text
    assert invoice.number in text
    assert "Harbour Café GmbH" in text
    assert "Another foot" in text
    assert _state() == before


def _shown_with(client, template, words) -> str:
    """What the preview says it is shown with."""
    answer, _frame = _look(client, template, preview_invoice=words)
    return " ".join(re.sub(r"<[^>]+>", "", answer.text).split())


def test_any_invoice_is_found_by_its_number_or_its_customer_drafts_too(standard, as_role, manager):
    client = as_role(manager)
    first = factories.opened(factories.customer("First Ltd"))
    draft = factories.draft(factories.customer("Second Ltd"))
    for _n in range(6):
        newest = factories.opened(factories.customer("Second Ltd"))

    for words, shown in (
        ("", f"Invoice {newest.number}, Second Ltd"),
        (first.number, f"Invoice {first.number}, First Ltd"),
        ("first l", f"Invoice {first.number}, First Ltd"),
        ("second", f"Invoice {newest.number}, Second Ltd"),
        (f"Draft #{draft.pk}", "Invoice Draft, Second Ltd"),
        ("inv-0000", "InvoiceAn invented invoice"),
    ):
        assert _shown_with(client, standard, words).startswith(shown), words


@pytest.mark.parametrize("words", ["Nobody & Co", "#999999999", "Draft #", "#" * 99, "9" * 5000, "²#²"])
def test_where_no_invoice_fits_the_preview_says_so_and_shows_another(words, standard, as_role, manager):
    client = as_role(manager)
    invoice = factories.opened()

    told = _shown_with(client, standard, "\0" + words)

    assert told.startswith("No invoice fits “")
    assert f"Invoice {invoice.number}, Harbour Café GmbH" in told


def test_an_opened_invoice_is_no_draft_whatever_its_key(standard, as_role, manager):
    invoice = factories.opened()

    assert "No invoice fits" in _shown_with(as_role(manager), standard, f"Draft #{invoice.pk}")


def test_the_box_offers_what_fits_drafts_and_the_invented_one_too(standard, as_role, manager):
    client, buyer = as_role(manager), factories.customer("<i>Second")
    opened, draft = factories.opened(buyer), factories.draft(buyer)
    for _n in range(9):
        factories.opened(factories.customer("Another Ltd"))

    page = client.get("/settings/preview-invoices/", {"preview_invoice": "<i>sec"}).text
    everything = client.get("/settings/preview-invoices/", {"preview_invoice": ""}).text

    offered = re.findall(r'<option value="([^"]*)"', page)
    assert offered == [f"Draft #{draft.pk}", opened.number, "INV-0000"]
    assert "<i>" not in page
    assert everything.count("<option") == 9
    for words in offered:
        assert "No invoice fits" not in _shown_with(client, standard, words)


def test_the_preview_says_what_has_to_be_mended_instead(standard, as_role, manager):
    answer, frame = _look(as_role(manager), standard, colour="#ffff00")

    assert frame is None
    assert "Not drawn: this has to be mended first." in answer.text
    assert "#ffff00 is too light for white paper" in answer.text


def test_each_tab_has_its_frame_and_what_was_typed_long_ago_is_forgotten(standard, as_role, manager):
    client = as_role(manager)
    frames = [_look(client, standard, footer_en=f"Typed {n}")[1] for n in range(5)]

    assert "Typed 1" in text_of(client.get(frames[1]))
    assert "Typed 4" in text_of(client.get(frames[4]))
    over = client.get(frames[0])
    assert over.status_code == 404
    assert "This preview is over. Type on, or reload the page, to see a new one." in over.text
    assert over["X-Frame-Options"] == "SAMEORIGIN"


def test_nobody_else_sees_the_preview_that_somebody_types(standard, as_role, manager, admin):
    _answer, frame = _look(as_role(manager), standard)

    assert as_role(admin).get(frame).status_code == 404


def test_only_the_preview_may_stand_in_a_frame_and_in_ours_alone(standard, as_role, manager, monkeypatch):
    client = as_role(manager)
    _answer, frame = _look(client, standard)

    drawn = client.get(frame)
    assert drawn["X-Frame-Options"] == "SAMEORIGIN"
    assert drawn["Content-Security-Policy"] == "frame-ancestors 'self'"
    for page in (at("edit", standard.pk), at("list")):
        assert client.get(page)["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in client.get(page)["Content-Security-Policy"]

    def broken(*_args, **_more):
        raise RenderFailure("The page is too large.")

    monkeypatch.setattr(template_preview.sampling, "draw_sample", broken)
    failed = client.get(frame)
    assert failed.status_code == 422
    assert "The page is too large." in failed.text
    assert failed["X-Frame-Options"] == "SAMEORIGIN"


# --- Who uses which -------------------------------------------------------------------------------------------


def test_a_customer_gets_a_template_in_a_dialog_of_the_profile(standard, as_role, clerk, viewer, manager):
    other, buyer = templates.create_template(by=manager, name="Exports"), factories.customer()
    client, address = as_role(clerk), reverse("invoicing:customer_template", args=[buyer.pk])
    profile = reverse("customers:detail", args=[buyer.pk])
    assert "The organization’s default" in client.get(profile).text

    asked = client.get(address, headers=HTMX)
    chosen = client.post(address, {"template": other.pk, "was": ""})

    assert "The organization’s default: Standard" in asked.text
    assert chosen["Location"] == profile
    assert "Exports" in client.get(profile).text
    assert factories.draft(buyer).template == other
    told = client.post(address, {"template": standard.pk, "was": ""})
    assert told.status_code == 422
    assert "Somebody chose Exports meanwhile." in told.text
    assert client.post(address, {"template": standard.pk, "was": other.pk}).status_code == 302
    assert as_role(viewer).get(address).status_code == 403


def test_a_new_draft_shows_the_customers_template_and_a_customer_typed_proposes_theirs(
    standard, as_role, clerk, manager
):
    other = templates.create_template(by=manager, name="Exports")
    buyer = factories.customer("Exporting Ltd")
    profiles.choose_template(buyer, by=manager, template=other)
    client = as_role(clerk)

    page = client.get(reverse("invoicing:new"), {"customer": buyer.pk}).text
    options = client.get(reverse("invoicing:template_proposal"), {"customer": f"{buyer.number} · Exporting Ltd"}).text

    assert re.search(rf'<option value="{other.pk}" selected>\s*Exports', page)
    assert f'<option value="{other.pk}" selected>Exports</option>' in options
    nobody = client.get(reverse("invoicing:template_proposal"), {"customer": "Nobody"}).text
    assert f'<option value="{standard.pk}" selected>Standard</option>' in nobody


def test_an_archived_template_stays_on_offer_in_the_draft_that_has_it_alone(standard, as_role, clerk, manager):
    other = templates.create_template(by=manager, name="Exports")
    kept, new = factories.draft(template=other), factories.draft()
    templates.archive_template(other, by=manager, at=clock.now())
    client = as_role(clerk)

    def offers(draft):
        return "Exports" in client.get(reverse("invoicing:edit", args=[draft.pk])).text

    assert (offers(kept), offers(new)) == (True, False)
