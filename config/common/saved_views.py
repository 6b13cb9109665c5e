"""Saved views: a list as somebody likes it (filters, sort, columns) under a name, for oneself or shared with everybody.

Only the owner changes one; a shared one may also be deleted by an admin, so that no list is stuck with what somebody
left behind.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from . import audit, edits, roles
from .errors import DomainError, Forbidden
from .models import SavedView

ACT = "view"  # to keep a bookmark, reading is enough
REMOVE_ACT = "view.remove_shared"
MOST = 30  # of one person on one list
SHOWN_AT_MOST = 60
LONGEST = 2000  # characters of a query
PLACE = ("after", "before", "format", "view")  # where one is in a list, and how one came there: no part of a view


def normal(query: str) -> str:
    """A query string without the place in the list and what is blank, in one order: the same list, the same text."""
    asked = QueryDict(query.removeprefix("?"))
    kept = ((key, value) for key, values in asked.lists() if key not in PLACE for value in values)
    return urlencode(sorted((key, value) for key, value in kept if value))


def offered_to(person):
    """Their own, and what others share."""
    return SavedView.objects.filter(Q(owner=person) | Q(is_shared=True)).select_related("owner")


@dataclass(frozen=True)
class Item:
    view: SavedView
    url: str
    is_current: bool
    is_mine: bool


@dataclass(frozen=True)
class Bar:
    """The saved views of a list, as the page shows them."""

    page: str
    items: list[Item]
    current: Item | None  # the view one came by, or the one that looks just like this
    is_modified: bool
    query: str  # what is in force now
    may_remove: bool  # the current one


def bar(person, *, page: str, query: str, chosen: str = "") -> Bar:
    """What is offered on a list, and whether what is in force is one of them. One query.

    `chosen` is the id of the view one came by, as the address says it.
    """
    now = normal(query)
    found = list(offered_to(person).filter(page=page).order_by("name", "pk")[:SHOWN_AT_MOST])
    by_id = {str(view.pk): view for view in found}
    current = by_id.get(chosen) or next((view for view in found if now and view.query == now), None)
    items = [Item(view, address(view), view is current, view.owner_id == person.pk) for view in found]
    item = next((item for item in items if item.is_current), None)
    return Bar(
        page=page,
        items=items,
        current=item,
        is_modified=current is not None and current.query != now,
        query=now,
        may_remove=item is not None and (item.is_mine or roles.may(person, REMOVE_ACT)),
    )


def address(view: SavedView) -> str:
    """The query string that leads to it, from `?` on."""
    return f"?view={view.pk}&{view.query}" if view.query else f"?view={view.pk}"


def save_view(*, by, page: str, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep a list under a name. DomainError where the person has one of that name there, or too many."""
    roles.require(by, ACT)
    name, query = name.strip(), normal(query)
    if len(query) > LONGEST:
        raise DomainError(_("These filters are too long to keep. Take some away and save again."))
    if SavedView.objects.filter(owner=by, page=page).count() >= MOST:
        raise DomainError(_("You have %(n)d views of this list. Delete one you no longer use first.") % {"n": MOST})
    view = edits.fill(SavedView(owner=by), {"page": page, "name": name, "query": query, "is_shared": shared})
    with _named_once(view):
        view.save(force_insert=True)
        audit.record(
            "saved_view.created",
            view,
            by=by,
            after={"page": page, "name": name, "query": query, "is_shared": shared},
        )
    return view


def change_view(view: SavedView, *, by, **fields) -> SavedView:
    """Change name, is_shared or query. Forbidden for anybody but the owner."""
    roles.require(by, ACT)
    if unknown := set(fields) - {"name", "is_shared", "query"}:
        raise TypeError(f"there is no {sorted(unknown)}")
    if view.owner_id != by.pk:
        raise Forbidden(
            _("“%(name)s” belongs to %(owner)s, who alone changes it. Save your own view instead.")
            % {"name": view.name, "owner": view.owner}
        )
    if "query" in fields:
        fields["query"] = normal(fields["query"])
        if len(fields["query"]) > LONGEST:
            raise DomainError(_("These filters are too long to keep. Take some away and save again."))
    if "name" in fields:
        fields["name"] = fields["name"].strip()
    with _named_once(view):
        edits.change(view, fields, by=by, action="saved_view.changed")
    return view


def delete_view(view: SavedView, *, by) -> None:
    """Delete one's own; an admin also what somebody else shares."""
    roles.require(by, ACT)
    if view.owner_id != by.pk:
        if not view.is_shared:
            raise Forbidden(_("This view is private. Only its owner deletes it."))
        roles.require(by, REMOVE_ACT)
    with transaction.atomic():
        audit.record(
            "saved_view.deleted", view, by=by, before={"page": view.page, "name": view.name, "query": view.query}
        )
        view.delete()


@contextmanager
def _named_once(view):
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(
            _("You have a view called “%(name)s” on this list already. Choose another name, or update that one.")
            % {"name": view.name}
        ) from None
