"""What customers bring to the shell of every page."""

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from config.common import clock, heartbeats, roles
from config.common.reading import ListOf
from customers.models import BankAccountChange, Organization


def ledger(request) -> list[dict]:
    """The ledger's section; what belongs to other apps is known by its address alone."""
    entries = [
        (_("Sales invoices"), "invoicing:list", "file", "/invoices/"),
        (_("Customers"), "customers:list", "users", "/customers/"),
        (_("Payments"), "invoicing:payment_list", "bank", "/payments/"),
    ]
    elsewhere = request.path.startswith(("/invoices/to-be-sent/", "/deliveries/"))
    return [
        {
            "title": _("Ledger"),
            "items": [
                {
                    "label": label,
                    "url": reverse(name),
                    "icon": icon,
                    "current": request.path.startswith(beginning) and not elsewhere,
                }
                for label, name, icon, beginning in entries
            ],
        }
    ]


def facts(request) -> dict:
    """For every page: whose invoices these are, and whether the worker is alive."""
    organization = organization_of(request)
    return {
        "organization": organization,
        "worker_silent_since": heartbeats.silent_since(read=organization),
        "bank_changes_to_confirm": to_confirm(request),
    }


def reads(day) -> dict:
    """Who proposed the changes of bank accounts that wait: they cannot confirm their own."""
    waiting = BankAccountChange.objects.filter(status="waiting").order_by("pk").values("proposed_by")
    return {"bank_proposers": ListOf(waiting, "proposed_by")}


def to_confirm(request) -> int:
    """How many changes of bank accounts wait for this person."""
    organization = organization_of(request)
    if organization is None or not roles.may(request.user, "bank_account.write"):
        return 0
    return sum(proposer != request.user.pk for (proposer,) in organization.bank_proposers)


def organization_of(request, *, also: Callable[[date], dict] | None = None) -> Organization | None:
    """Read once a request; None before the installation is set up.

    The small facts that every page shows come along in the same query (settings.SHELL_READS), and so do those of one
    page: `also` gives them as {name: expression} for the organization's day, and the row then carries them. A page
    that wants some asks before anybody else does.
    """
    found = getattr(request, "organization", False)
    if found is False or (found is not None and also is not None):
        request.organization = _read([import_string(path) for path in settings.SHELL_READS] + [also] * bool(also))
    return request.organization


_last = {"zone": "UTC"}  # the zone seen last: the day is known before the row is read


def _read(asked) -> Organization | None:
    """The row with what was asked along; twice only where our zone has another day than the one guessed."""
    day = clock.today(_last["zone"])
    found = _row(asked, day)
    if found is not None and found.time_zone != _last["zone"]:
        _last["zone"] = found.time_zone
        if clock.today(found.time_zone) != day:
            return _row(asked, clock.today(found.time_zone))
    return found


def _row(asked, day):
    expressions = {name: fact for reads in asked for name, fact in reads(day).items()}
    return Organization.objects.defer("logo").annotate(**expressions).order_by("pk").first()
