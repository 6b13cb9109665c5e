"""Changing a row that somebody else may be changing too.

A row with a `version` is written only by who has seen that version, one without by who has `seen` its trail up to what
would be undone; who comes later is told what is different now, and nothing is written. The trail gets the changed
fields alone, before and after.
"""

from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from . import audit
from .errors import DomainError, Stale
from .models import AuditEvent

CHANGED = "changed"  # stands in the trail for a value that is somebody's personal data


def change(
    obj,
    values: dict,
    *,
    by,
    action: str,
    version: int | None = None,
    seen: int | None = None,
    hide: Collection[str] = (),
    thread=None,
    also=None,
    words: Mapping | None = None,
) -> bool:
    """Write the given fields of obj; False (and no event) if nothing is different.

    With `version` obj must still be at it: otherwise Stale, naming who changed what; `seen` as in still_as_seen.
    Fields in `hide` enter the trail by name only. `also` = (before, after), changes of a part of obj that belong to the
    same event and version, called by `words`.
    Refuses with DomainError what the columns refuse.
    """  # fmt: skip
    with transaction.atomic():
        still_as_seen(obj, seen, values)
        current = type(obj)._base_manager.values(*values, *(["version"] if version is not None else [])).get(pk=obj.pk)
        before, after = audit.changes(current, values)
        part_before, part_after = also or ({}, {})
        if not after and not part_after:
            return False
        fill(obj, values)
        rows = type(obj)._base_manager.filter(pk=obj.pk)
        bump = {}
        if version is not None:
            rows, bump = rows.filter(version=version), {"version": models.F("version") + 1}
        if not rows.update(**after, **bump):
            raise _stale(obj, version, words or {})
        if version is not None:
            obj.version = version + 1
            part_after = {**part_after, "version": version + 1}
        audit.record(
            action,
            obj,
            by=by,
            before={**_shown(before, hide), **part_before},
            after={**_shown(after, hide), **part_after},
            thread=thread,
        )
    return True


def seen_of(obj) -> int:
    """How far the trail of obj goes: what a form remembers of when its reader saw the row."""
    return _trail(obj).order_by("-seq").values_list("seq", flat=True).first() or 0


def still_as_seen(obj, seen: int | None, values: dict) -> None:
    """Refuse with Stale, naming who wrote what, where `values` would undo what others wrote since the trail was `seen`.

    Called in the transaction that writes; the row is held from here on. None is somebody who has seen no page.
    """
    if seen is None:
        return
    row = type(obj)._base_manager.select_for_update().filter(pk=obj.pk).first()
    if row is None:
        raise Stale(_("This was removed meanwhile, so nothing could be saved. What you typed is still here."))
    fields = {field.name for field in obj._meta.fields}
    news: dict[str, tuple] = {}
    who, last = "", seen
    for event in _trail(obj).filter(seq__gt=seen).order_by("seq"):
        last = event.seq
        for name in set(event.after) & set(values):
            now = getattr(row, name) if name in fields else event.after[name]
            if now != values[name]:
                news[name], who = (event.before.get(name), now), event.actor_name
    if news:
        refusal = _told_of(who, "; ".join(_told(obj, name, now, {}) for name, (_was, now) in sorted(news.items())))
        refusal.news, refusal.seen = news, last
        raise refusal


def _trail(obj):
    return AuditEvent.objects.filter(object_type=obj._meta.model_name, object_id=obj.pk)


def fill(obj, values: dict):
    """Set the fields on obj and refuse with DomainError, naming the field, what its columns cannot hold."""
    for name, value in values.items():
        setattr(obj, name, value)
    try:
        obj.clean_fields(exclude={field.name for field in obj._meta.fields} - set(values))
    except ValidationError as error:
        label, sentences = next(iter(error.message_dict.items()))
        raise DomainError(f"{label_of(obj, label)}: {' '.join(sentences)}") from None
    return obj


def label_of(obj, name: str) -> str:
    """The word for a field, as it begins a sentence."""
    label = str(obj._meta.get_field(name).verbose_name)
    return label[:1].upper() + label[1:]


def _shown(values, hide):
    return {name: CHANGED if name in hide else value for name, value in values.items()}


def _stale(obj, version, words) -> Stale:
    """Who changed which fields since `version`; `news` has their values, {field: (was, now)}, for the form."""
    events = _trail(obj).filter(after__version__gt=version).order_by("seq")
    news: dict[str, tuple] = {}
    who = ""
    for event in events:
        who = event.actor_name
        for name, now in event.after.items():
            news[name] = (news[name][0] if name in news else event.before.get(name), now)
    news.pop("version", None)
    if not news:
        return Stale(_("This was changed meanwhile. What you typed is still here, nothing of it is saved yet."))
    refusal = _told_of(who, "; ".join(_told(obj, name, now, words) for name, (_was, now) in news.items()))
    refusal.news = {name: values for name, values in news.items() if values[1] != CHANGED}
    return refusal


def _told_of(who, fields) -> Stale:
    return Stale(
        _(
            "%(who)s changed this meanwhile (%(fields)s). What you typed is still here, nothing of it is saved yet: "
            "look at it and save again to put it in place of theirs."
        )
        % {"who": who, "fields": fields}
    )


def _told(obj, name, value, words):
    fields = {field.name for field in obj._meta.fields}
    label = label_of(obj, name) if name in fields else str(words.get(name, name))
    return label if value == CHANGED else f"{label}: {value}"
