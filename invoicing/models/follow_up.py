"""Which invoices somebody should ask after: what became of their mails says more than that they are open."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from .delivery import Delivery
from .delivery_facts import BOUNCED, UNOPENED

AFTER = timedelta(days=7)
OFTEN = 3  # times opened, by one reader


def unopened(*, at: datetime) -> Q:
    """Sent a week ago, opens measured, none opened or answered by a person. What came back is a problem instead."""
    read = Q(opened_at__isnull=False) | Q(replied_at__isnull=False)
    return Q(_mailed(UNOPENED, ~BOUNCED, sent_at__lte=at - AFTER)) & ~Q(_mailed(read))


def opened_often() -> Q:
    return Q(_mailed(opened_at__isnull=False, open_count__gte=OFTEN))


def clicked() -> Q:
    """The link was followed, and no payment came."""
    return Q(_mailed(clicked_at__isnull=False))


def needs_follow_up(rows, kind: str = "", *, at: datetime):
    """Open, billed invoices that are `unopened`, opened `often` or `clicked`; any of these where `kind` is not one."""
    owed = rows.open().invoices().filter(billed_at__isnull=False)
    reasons = {"unopened": unopened(at=at), "often": opened_often(), "clicked": clicked()}
    if kind in reasons:
        return owed.filter(reasons[kind])
    return owed.filter(reasons["unopened"] | reasons["often"] | reasons["clicked"])


def _mailed(*conditions, **more) -> Exists:
    return Exists(Delivery.objects.filter(*conditions, **more, documents__invoice=OuterRef("pk"), role="to"))
