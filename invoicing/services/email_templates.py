"""The words of reminders and receipts: made, changed, chosen as default, archived. Every change leaves an event."""

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from config.common import audit, edits, roles
from config.common.errors import DomainError, Stale

from .. import merge
from ..models import EmailTemplate, EmailTemplateText
from . import defaults

ACT = "template.write"
TEXT_FIELDS = ("subject", "message", "reply_to", "cc")
Texts = Mapping[str, Mapping[str, str]]  # {language: {field: value}}, `cc` comma-separated


def is_taken(kind: str, name: str, *, except_pk: int | None = None) -> bool:
    """Whether another one of the kind is called so, archived ones too; capitals make no difference."""
    others = EmailTemplate.objects.filter(kind=kind).exclude(pk=except_pk or 0).values_list("name", flat=True)
    return name.strip().casefold() in {other.casefold() for other in others}


def taken(name: str) -> str:
    return _("There is a template “%(name)s” of this kind already. Choose another name.") % {"name": name.strip()}


def set_up(*, by) -> None:
    """Give a kind that has none yet the templates Dunlin comes with; safe to repeat."""
    roles.require(by, ACT)
    with transaction.atomic():
        for kind, offered in defaults.EMAIL_TEMPLATES.items():
            if EmailTemplate.objects.filter(kind=kind).exists():
                continue
            for place, words in enumerate(offered):
                texts = _texts_of_offered(words)
                create_template(by=by, kind=kind, name=words["name"], texts=texts, is_default=place == 0)


def standard_texts(kind: str, language: str) -> dict:
    """What a template begins with that copies no other: the words of the first one Dunlin comes with."""
    texts = _texts_of_offered(defaults.EMAIL_TEMPLATES[kind][0])
    first = language if language in texts else "en"
    return {first: texts[first]}


def texts_of(template: EmailTemplate) -> dict:
    return {text.language: {name: getattr(text, name) for name in TEXT_FIELDS} for text in template.texts.all()}


def create_template(*, by, kind: str, name: str, texts: Texts, is_default: bool = False) -> EmailTemplate:
    """Add a template with its words. DomainError: a name that is taken, no words, a merge field this kind has not."""
    roles.require(by, ACT)
    template = edits.fill(EmailTemplate(is_default=is_default), {"kind": kind, "name": name.strip()})
    rows = _rows(template, texts)
    with _named_once(template):
        template.save(force_insert=True)
        for row in rows.values():
            row.template = template
            row.save(force_insert=True)
        after = {"kind": kind, "name": template.name, "languages": _listed(rows), **_flat(texts_of(template))}
        audit.record("email_template.created", template, by=by, after=after)
    return template


def change_template(
    template: EmailTemplate, *, by, version: int, name: str | None = None, texts: Texts | None = None
) -> EmailTemplate:
    """Change the name, and put `texts` in place of all its words: a language that is not there is taken away.

    DomainError as for create_template. Stale if it is no longer that version, naming what a colleague changed.
    """
    roles.require(by, ACT)
    values = {} if name is None else {"name": name.strip()}
    rows = None if texts is None else _rows(template, texts)
    with _named_once(edits.fill(EmailTemplate(pk=template.pk, kind=template.kind, name=template.name), values)):
        also = ({}, {}) if rows is None else _put_texts(template, rows)
        edits.change(
            template,
            values,
            by=by,
            action="email_template.changed",
            version=version,
            also=also,
            words=_words(),
        )  # where the version has gone on, the words written above are taken back
    return template


def make_default(template: EmailTemplate, *, by) -> EmailTemplate:
    """Reminders or receipts are written with it from now on where nobody chose another. DomainError if archived."""
    roles.require(by, ACT)
    with _alone():
        template.refresh_from_db(fields=["archived_at"])
        if template.is_archived:
            raise DomainError(
                _("%(name)s is archived. Bring it back first, then make it the default.") % _named(template)
            )
        for other in EmailTemplate.objects.filter(kind=template.kind, is_default=True).exclude(pk=template.pk):
            edits.change(other, {"is_default": False}, by=by, action="email_template.default_moved")
        edits.change(template, {"is_default": True}, by=by, action="email_template.made_default")
    return template


def archive_template(template: EmailTemplate, *, by, at: datetime) -> EmailTemplate:
    """Offered no more; what refers to it keeps it. DomainError for the default, Stale where it is done already."""
    roles.require(by, ACT)
    with transaction.atomic():
        _not_the_default(template)
        if not EmailTemplate.objects.current().filter(pk=template.pk, is_default=False).update(archived_at=at):
            raise Stale(_("%(name)s is archived already, so there was nothing to do.") % _named(template))
        audit.record("email_template.archived", template, by=by, after={"archived_at": at})
    template.archived_at = at
    return template


def restore_template(template: EmailTemplate, *, by) -> EmailTemplate:
    """Bring it back from the archive. Stale if it is not there."""
    roles.require(by, ACT)
    with transaction.atomic():
        if not EmailTemplate.objects.filter(pk=template.pk).exclude(archived_at=None).update(archived_at=None):
            raise Stale(_("%(name)s is not archived, so there was nothing to do.") % _named(template))
        audit.record("email_template.restored", template, by=by, before={"archived_at": template.archived_at})
    template.archived_at = None
    return template


def delete_template(template: EmailTemplate, *, by, version: int) -> None:
    """Take it away with its words. DomainError for the default and for one in use; Stale if it was changed."""
    roles.require(by, ACT)
    with transaction.atomic():
        _not_the_default(template)
        if not EmailTemplate.objects.filter(pk=template.pk, version=version).exists():
            raise Stale(_("%(name)s was changed meanwhile. Nothing was deleted; look at it first.") % _named(template))
        before = {"kind": template.kind, "name": template.name, **_flat(texts_of(template))}
        audit.record("email_template.deleted", template, by=by, before=before)
        try:
            template.delete()
        except ProtectedError:
            raise DomainError(
                _("%(name)s is in use, so it cannot be deleted. Archive it instead.") % _named(template)
            ) from None


def _not_the_default(template):
    template.refresh_from_db(fields=["is_default"])
    if template.is_default:
        raise DomainError(
            _("%(name)s is the default of its kind. Make another one the default first.") % _named(template)
        )


def _rows(template, texts: Texts) -> dict[str, EmailTemplateText]:
    """The words as rows in the order of the languages, refused with DomainError where they will not do."""
    unknown = set(texts) - set(dict(settings.LANGUAGES))
    if unknown:
        raise TypeError(f"there is no language {sorted(unknown)}")
    if not texts:
        raise DomainError(_("A template needs its words in one language at least."))
    rows = {}
    for language in (code for code, _label in settings.LANGUAGES if code in texts):
        given = {name: (texts[language].get(name) or "").strip() for name in TEXT_FIELDS}
        rows[language] = edits.fill(EmailTemplateText(), {"language": language, **given})
        if not given["subject"]:
            raise DomainError(f"{label_of('subject', language)}: {_('Type a subject: no email goes out without one.')}")
        for name in ("subject", "message"):
            try:
                merge.CHECKS[name](given[name], merge.FIELDS_OF[template.kind])
            except ValidationError as mistake:
                raise DomainError(f"{label_of(name, language)}: {mistake.messages[0]}") from None
    return rows


def _put_texts(template, rows) -> tuple[dict, dict]:
    """Write the words; what was there and what is there now, where that differs."""
    template = EmailTemplate.objects.select_for_update().filter(pk=template.pk).first()
    if template is None:
        raise Stale(_("This was removed meanwhile, so nothing could be saved. What you typed is still here."))
    known = {text.language: text for text in template.texts.all()}
    wanted = {code: {name: getattr(row, name) for name in TEXT_FIELDS} for code, row in rows.items()}
    before = {"languages": _listed(known), **_flat(texts_of(template))}
    after = {"languages": _listed(rows), **_flat(wanted)}
    template.texts.exclude(language__in=rows).delete()
    for language, row in rows.items():
        if language in known:
            if wanted[language] != {name: getattr(known[language], name) for name in TEXT_FIELDS}:
                EmailTemplateText.objects.filter(pk=known[language].pk).update(**wanted[language])
        else:
            row.template = template
            row.save(force_insert=True)
    return audit.changes(before, {**dict.fromkeys(before, ""), **after})


def label_of(name: str, language: str) -> str:
    """What a field of a language is called."""
    label = edits.label_of(EmailTemplateText(), name)
    return f"{label} ({dict(settings.LANGUAGES).get(language, language)})"


def _words() -> dict:
    """What the parts of a change of texts are called: "subject_en"."""
    codes = dict(settings.LANGUAGES)
    labels = {f"{name}_{code}": label_of(name, code) for code in codes for name in TEXT_FIELDS}
    return {"languages": _("Languages"), **labels}


def _flat(texts) -> dict:
    return {f"{name}_{language}": value for language, words in texts.items() for name, value in words.items()}


def _listed(languages) -> str:
    return ", ".join(sorted(languages))


def _texts_of_offered(words) -> dict:
    languages = [code for code in words if code != "name"]
    return {code: dict(zip(("subject", "message"), words[code], strict=True)) for code in languages}


def _named(template) -> dict:
    return {"name": template.name}


@contextmanager
def _named_once(template):
    """A transaction for a template that may not be called as another of its kind is."""
    if is_taken(template.kind, template.name, except_pk=template.pk):
        raise DomainError(taken(template.name))
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(taken(template.name)) from None


@contextmanager
def _alone():
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Stale(_("A colleague chose another default at this moment. Reload the page to see it.")) from None
