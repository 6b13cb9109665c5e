"""What /healthz/ready asks of this app."""

from datetime import timedelta

from django.db.models import Case, Exists, OuterRef, Q, When
from django.db.models.functions import Coalesce

from config.common import clock

from .models import ChannelState, Delivery
from .services import proving

WAITING_TOO_LONG = timedelta(minutes=15)


def balances() -> str:
    """The last proof of the balances found no difference; before the first one there is nothing to say."""
    proof = proving.last_proof()
    return proof.detail if proof else ""


def deliveries() -> str:
    """Nothing that could go out has waited for more than 15 minutes. A paused channel is a person's decision."""
    paused = ChannelState.objects.filter(key=OuterRef("channel"), paused_at__isnull=False)
    since = Delivery.objects.filter(Q(status__in=Delivery.WAITING) | Q(status="scheduled")).exclude(Exists(paused))
    oldest = (
        since.annotate(due=Coalesce("not_before", Case(When(status="scheduled", then="scheduled_at")), "queued_at"))
        .filter(due__lt=clock.database_now() - WAITING_TOO_LONG)
        .order_by("due")
        .values_list("due", flat=True)
        .first()
    )
    return f"one has waited since {oldest.isoformat(timespec='seconds')}" if oldest else ""
