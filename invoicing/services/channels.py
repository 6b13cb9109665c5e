"""Stopping and resuming a channel."""

from django.utils.translation import gettext as _

from config.common import queue, roles
from config.common.errors import Stale

from ..models import ChannelState


def paused_channels() -> list[ChannelState]:
    return list(ChannelState.objects.exclude(paused_at=None))


def resume_channel(key: str, *, by) -> None:
    """Send again over a channel that was paused for its set-up. Stale when it is not paused any more."""
    roles.require(by, "channel.resume")
    if not ChannelState.objects.filter(key=key).exclude(paused_at=None).update(paused_at=None, reason=""):
        raise Stale(_("Sending is on already."))
    queue.enqueue("invoicing.tasks.carry", 0)
