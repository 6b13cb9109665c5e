"""What became of the demo's mails: told like a provider tells it, each thing at its own hour of the past."""

from datetime import timedelta

from django.utils import timezone

from config.common import clock

from ..models import Delivery
from ..services import tracking

READER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.0"
AGENTS = {"prefetched": "Mozilla/5.0", "scanned": "Barracuda Sentinel (EE)"}
SAID = "Thank you, this is with our payables desk. Payment goes out with the run at the end of the month."
KINDS = {"prefetched": "opened", "scanned": "clicked"}


def tell(invoice, happened: list[str]) -> None:
    """`happened` to the mail of its first reader, in this order; what would be in the future has not happened yet."""
    sent = Delivery.objects.filter(documents__invoice=invoice, role="to", channel="email", status="sent")
    delivery = sent.order_by("pk").first()
    if delivery is None or delivery.sent_at is None:
        return
    for n, what in enumerate(happened):
        at = delivery.sent_at + timedelta(hours=7 * n, minutes=1 + 11 * n)
        if at > timezone.now():
            return
        came_back = what == "bounced"
        facts = tracking.Facts(
            bounce_kind="hard" if came_back else "",
            said="550 5.1.1 mailbox does not exist" if came_back else SAID if what == "replied" else "",
            user_agent=AGENTS.get(what, READER),
        )
        with clock.at(at):
            tracking.record_event(
                delivery, kind=KINDS.get(what, what), at=at, source="Demo", event_id=str(n), facts=facts
            )
