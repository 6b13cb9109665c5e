"""What invoicing brings to the shell of every page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from config.common import roles

from ..models import ChannelState
from .figures import SHOWN_AT_MOST, waiting
from .outbox import outbox_is_on


def work(request) -> list[dict]:
    """What is done every day; Delivery problems only while there are any."""
    counts = waiting(request)
    here = request.path
    items = [
        _item(_("Workflow Snapshot"), "home", "home", current=here == reverse("home")),
        _item(_("Invoices to be sent"), "invoicing:queue", "send", request=request, count=counts["to_be_sent"]),
    ]
    if counts["problems"] or here.startswith("/deliveries/problems/"):
        items.append(
            _item(_("Delivery problems"), "invoicing:problems", "alert", request=request, count=counts["problems"])
        )
    return [{"title": "", "items": items}]


def settings(request) -> list[dict]:
    """Only what this person may change; reading is possible for everyone by address."""
    offered = [
        ("template.write", _("Invoice Templates"), "invoicing:template_list", "page"),
        ("tax.write", _("Tax rates"), "invoicing:tax_list", "percent"),
        ("series.write", _("Number series"), "invoicing:series_list", "hash"),
        ("organization.write", _("Organization"), "customers:organization", "building"),
    ]
    items = [
        _item(label, name, icon, request=request) for act, label, name, icon in offered if roles.may(request.user, act)
    ]
    sections = [{"title": _("AR Settings"), "items": items}] if items else []
    if outbox_is_on():
        outbox = _item(_("Outbox"), "invoicing:outbox", "inbox", request=request)
        sections.append({"title": _("Demo"), "items": [outbox]})
    return sections


def facts(request) -> dict:
    """Channels that stand still, for the banner on top of every page."""
    labels = {"email": _("Email")}
    return {
        "paused_channels": [
            {"key": state.key, "label": labels.get(state.key, state.key), "reason": state.reason}
            for state in ChannelState.objects.exclude(paused_at=None)
        ]
    }


def _item(label, name, icon, *, request=None, current=None, count=0) -> dict:
    url = reverse(name)
    return {
        "label": label,
        "url": url,
        "icon": icon,
        "count": f"{SHOWN_AT_MOST}+" if count > SHOWN_AT_MOST else count,
        "current": request.path.startswith(url) if current is None else current,
    }
