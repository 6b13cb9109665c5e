"""What invoicing brings to the shell of every page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from config.common import roles
from customers.views.navigation import to_confirm

from .figures import SHOWN_AT_MOST, organization_of, waiting
from .outbox import outbox_is_on


def work(request) -> list[dict]:
    """What is done every day; Scheduled and Delivery problems only while there are any."""
    counts = waiting(request)
    here = request.path
    items = [
        _item(_("Workflow Snapshot"), "home", "home", current=here == reverse("home")),
        _item(_("Invoices to be sent"), "invoicing:queue", "send", request=request, count=counts["to_be_sent"]),
    ]
    if counts["scheduled"] or here.startswith("/deliveries/scheduled/"):
        items.append(_item(_("Scheduled"), "invoicing:scheduled", "clock", request=request, count=counts["scheduled"]))
    if counts["problems"] or here.startswith("/deliveries/problems/"):
        items.append(
            _item(_("Delivery problems"), "invoicing:problems", "alert", request=request, count=counts["problems"])
        )
    batches = _item(_("Batch Operations"), "invoicing:batch_list", "layers", request=request, count=counts["batches"])
    items.append({**batches, "running": counts["batches_running"]})
    return [{"title": "", "items": items}]


def settings(request) -> list[dict]:
    """Only what this person may change; reading is possible for everyone by address."""
    offered = [
        ("template.write", _("Invoice Templates"), "invoicing:template_list", "page"),
        ("template.write", _("Email Templates"), "invoicing:email_template_list", "bell"),
        ("channel.test", _("Email"), "invoicing:email_settings", "mail"),
        ("tax.write", _("Tax rates"), "invoicing:tax_list", "percent"),
        ("series.write", _("Number series"), "invoicing:series_list", "hash"),
        ("limit.write", _("Write-off limits"), "invoicing:limit_list", "sliders"),
        ("organization.write", _("Organization"), "customers:organization", "building"),
        ("user.write", _("People"), "people", "key"),
    ]
    counts = {"customers:organization": to_confirm(request)}
    items = [
        _item(label, name, icon, request=request, count=counts.get(name, 0))
        for act, label, name, icon in offered
        if roles.may(request.user, act)
    ]
    sections = [{"title": _("AR Settings"), "items": items}] if items else []
    if outbox_is_on():
        outbox = _item(_("Outbox"), "invoicing:outbox", "inbox", request=request)
        sections.append({"title": _("Demo"), "items": [outbox]})
    return sections


def facts(request) -> dict:
    """Channels that stand still, for the banner on top of every page."""
    labels = {"email": _("Email")}
    organization = organization_of(request)
    return {
        "paused_channels": [
            {"key": key, "label": labels.get(key, key), "reason": reason}
            for key, reason in (organization.paused if organization else ())
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
