"""Invoice Templates: made, changed, given languages, archived. Nothing here changes what was opened before."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from config.common import audit, edits, roles
from config.common.errors import DomainError
from customers.services.logos import clean_logo

from .. import documents, merge
from ..models import BillingProfile, Invoice, InvoiceTemplate, InvoiceTemplateText
from ..paper import colours
from . import defaults

LOOK = {"name", "colour", "layout"}
WORDS = ("subject", "message", "reply_to", "cc", "payment_instructions", "footer")


def create_template(*, by, name: str, copy_of: InvoiceTemplate | None = None) -> InvoiceTemplate:
    """A new one: a copy of another, or as a new installation begins. DomainError: the name is taken."""
    roles.require(by, "template.write")
    template = edits.fill(InvoiceTemplate(), {"name": name.strip()})
    _check_name(template)
    if copy_of is not None:
        copied = {each: getattr(copy_of, each) for each in ("colour", "layout", "logo_sha256")}
        edits.fill(template, copied)
        texts = {text.language: {each: getattr(text, each) for each in WORDS} for text in copy_of.texts.all()}
    else:
        texts = defaults.TEMPLATES
    with transaction.atomic():
        _named(template, lambda: template.save(force_insert=True))
        InvoiceTemplateText.objects.bulk_create(
            InvoiceTemplateText(template=template, language=language, **words) for language, words in texts.items()
        )
        after = {"name": template.name, "languages": _listed(texts)}
        audit.record("template.created", template, by=by, after=after)
    return template


def change_template(
    template: InvoiceTemplate, *, by, version: int, texts: Mapping[str, dict] | None = None, **look
) -> InvoiceTemplate:
    """Change the look, and by language the words (`cc` is comma-separated), of what was seen at `version`.

    DomainError: a merge field there is not, a colour too light for paper, a name that is taken, no subject left in any
    language. Stale: no longer that version.
    """
    roles.require(by, "template.write")
    _known(look, LOOK)
    stored = {text.language: text for text in template.texts.all()}
    before, after, words, changed = {}, {}, {"languages": _("Languages")}, []
    for language, values in (texts or {}).items():
        _known(values, set(WORDS))
        text = stored[language]
        was = {name: getattr(text, name) for name in values}
        _check_words(edits.fill(text, values))
        old, new = audit.changes(was, values)
        before |= {f"{name}_{language}": value for name, value in old.items()}
        after |= {f"{name}_{language}": value for name, value in new.items()}
        words |= {f"{name}_{language}": _told(text, name) for name in values}
        if new:
            changed.append((text, list(new)))
    _check_subjects(stored.values())
    if "name" in look:
        look["name"] = look["name"].strip()
        _check_name(InvoiceTemplate(pk=template.pk, name=look["name"]))
    edits.fill(InvoiceTemplate(), look)
    if "colour" in look and (sentence := colours.refusal(look["colour"])):
        raise DomainError(sentence)

    def write():
        edits.change(
            template, look, by=by, action="template.changed", version=version, also=(before, after), words=words
        )
        for text, names in changed:
            text.save(update_fields=names)

    _named(InvoiceTemplate(name=look.get("name", template.name)), write)
    return template


def add_language(template: InvoiceTemplate, *, by, version: int, language: str) -> InvoiceTemplate:
    """It begins with the words a new installation has in that language. There already: nothing happens."""
    roles.require(by, "template.write")
    texts = {text.language: text for text in template.texts.all()}
    if language in texts:
        return template
    words = defaults.TEMPLATES.get(language) or {"subject": "{number}"}
    text = edits.fill(InvoiceTemplateText(template=template), {"language": language, **words})
    with transaction.atomic():
        _change_languages(template, by=by, version=version, was=texts, now=[*texts, language])
        text.save(force_insert=True)
    return template


def remove_language(template: InvoiceTemplate, *, by, version: int, language: str) -> InvoiceTemplate:
    """Invoices in it get the English words from then on, else the first. DomainError for the only one; twice: once."""
    roles.require(by, "template.write")
    texts = {text.language: text for text in template.texts.all()}
    if language not in texts:
        return template
    left = [text for text in texts.values() if text.language != language]
    if not left:
        raise DomainError(
            _("%(language)s is the only language of this template. Add another before you take it away.")
            % {"language": texts[language].get_language_display()}
        )
    _check_subjects(left)
    with transaction.atomic():
        _change_languages(template, by=by, version=version, was=texts, now=[text.language for text in left])
        texts[language].delete()
    return template


def store_template_logo(template: InvoiceTemplate, *, by, version: int, data: bytes) -> InvoiceTemplate:
    """Check, redraw and keep the picture as the organization's is. DomainError: it is no picture for paper."""
    roles.require(by, "template.write")
    digest = documents.keep_logo(clean_logo(data))
    edits.change(template, {"logo_sha256": digest}, by=by, action="template.logo_changed", version=version)
    return template


def remove_template_logo(template: InvoiceTemplate, *, by, version: int) -> InvoiceTemplate:
    """From then on it shows the organization's."""
    roles.require(by, "template.write")
    edits.change(template, {"logo_sha256": ""}, by=by, action="template.logo_removed", version=version)
    return template


@transaction.atomic
def archive_template(template: InvoiceTemplate, *, by, at) -> None:
    """No new draft takes it; drafts and invoices that have it keep it. DomainError for the organization's default."""
    roles.require(by, "template.write")
    InvoiceTemplate.objects.select_for_update().filter(pk=template.pk).first()  # whoever would use it by default waits
    if BillingProfile.objects.filter(template=template, organization__isnull=False).exists():
        raise DomainError(
            _("The organization uses %(template)s by default. Let it use another one first.") % {"template": template}
        )
    if InvoiceTemplate.objects.filter(pk=template.pk, archived_at=None).update(archived_at=at):
        audit.record("template.archived", template, by=by)


@transaction.atomic
def restore_template(template: InvoiceTemplate, *, by) -> None:
    roles.require(by, "template.write")
    if InvoiceTemplate.objects.filter(pk=template.pk, archived_at__isnull=False).update(archived_at=None):
        audit.record("template.restored", template, by=by)


@transaction.atomic
def delete_template(template: InvoiceTemplate, *, by) -> None:
    """Only what nobody uses. DomainError where a draft, an invoice, a customer or the organization does."""
    roles.require(by, "template.write")
    if sentence := why_kept(template):
        raise DomainError(sentence)
    audit.record("template.deleted", template, by=by, before={"name": template.name})
    try:
        template.delete()
    except ProtectedError:
        words = _("%(name)s is in use, so it cannot be deleted. Archive it instead.")
        raise DomainError(words % {"name": template}) from None


def why_kept(template: InvoiceTemplate) -> str:
    """Why it cannot be deleted, as a sentence; "" where it can."""
    if Invoice.objects.filter(template=template).exists():
        return _("Invoices use %(template)s, so it stays. Archive it instead.") % {"template": template}
    if BillingProfile.objects.filter(template=template).exists():
        return _("%(template)s is used by default. Choose another default first.") % {"template": template}
    return ""


def _change_languages(template, *, by, version, was, now):
    also = ({"languages": _listed(was)}, {"languages": _listed(now)})
    words = {"languages": _("Languages")}
    edits.change(template, {}, by=by, action="template.changed", version=version, also=also, words=words)


def _listed(languages) -> str:
    return ", ".join(sorted(languages))


def _told(text, name) -> str:
    return f"{edits.label_of(text, name)} ({text.get_language_display()})"


def _check_words(text):
    for name in ("subject", "message"):
        try:
            merge.CHECKS[name](getattr(text, name))
        except ValidationError as mistake:
            raise DomainError(f"{_told(text, name)}: {mistake.messages[0]}") from None


def _check_subjects(texts):
    if not any(text.subject.strip() for text in texts):
        raise DomainError(_("A template needs a subject in at least one language. Type one."))


def is_taken(name: str, *, except_for: InvoiceTemplate) -> bool:
    others = InvoiceTemplate.objects.exclude(pk=except_for.pk).values_list("name", flat=True)
    return name.casefold() in {other.casefold() for other in others}  # SQLite folds ASCII alone


def taken(name: str) -> str:
    return _("There is a template called %(name)s already. Choose another name.") % {"name": name}


def _check_name(template):
    if is_taken(template.name, except_for=template):
        raise DomainError(taken(template.name))


def _named(template, write):
    try:
        with transaction.atomic():
            write()
    except IntegrityError:  # somebody took the name at this moment
        raise DomainError(taken(template.name)) from None


def _known(fields, allowed):
    if unknown := set(fields) - allowed:
        raise TypeError(f"there is no {sorted(unknown)}")
