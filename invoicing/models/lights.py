"""The Status light in SQL, for filters. What it means is said in presenting.light; tests hold this against that."""

from django.db.models import Exists, OuterRef, Q, Subquery

from .delivery import Delivery
from .delivery_facts import BOUNCED, PROBLEM

UNDER_WAY = ["scheduled", "queued", "sending", "retrying"]


def in_light(rows, light: str):
    """Invoices whose light is green, yellow, red, grey, a ring ("ring": under way or scheduled), or none ("none")."""
    emails = _sends().exclude(channel="manual")
    under_way, unknown = Exists(emails.filter(status__in=UNDER_WAY)), Exists(emails.filter(status="unknown"))
    reached = emails.filter(status="sent").exclude(BOUNCED)
    newest = Subquery(_sends().order_by("-pk").values("channel")[:1])
    quiet = rows.exclude(under_way).exclude(unknown)
    if light == "ring":
        return _among(rows, Q(status__in=[*UNDER_WAY, "unknown"])).filter(under_way)
    if light == "green":
        opened = _among(quiet, Q(opened_at__isnull=False))
        return opened.filter(Exists(reached.filter(opened_at__isnull=False)))
    if light == "yellow":
        return quiet.filter(Exists(reached)).exclude(Exists(reached.filter(opened_at__isnull=False)))
    if light == "grey":
        by_hand = _among(quiet, Q(channel="manual"))
        return by_hand.exclude(Exists(reached)).alias(newest_send=newest).filter(newest_send="manual")
    if light == "red":
        lost = _among(rows, PROBLEM).exclude(under_way).alias(newest_send=newest)
        return lost.filter(Q(unknown) | (~Q(Exists(reached)) & ~Q(newest_send="manual") & Exists(emails)))
    return rows.exclude(Exists(_sends()))


def _sends():
    """What went, or is to go, to the readers of an invoice."""
    return Delivery.objects.filter(documents__invoice=OuterRef("pk"), kind="invoice", role="to").exclude(
        status="cancelled"
    )


def _among(rows, condition):
    """Those with a delivery of that kind: found by its own index, however many invoices there are."""
    return rows.filter(pk__in=Delivery.objects.filter(condition).values("documents__invoice"))
