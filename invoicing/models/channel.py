"""Whether a channel may send at the moment."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChannelState(models.Model):
    """A channel that was stopped once, for all its messages: a wrong password is one problem, not a thousand."""

    key = models.CharField(max_length=20, primary_key=True)
    paused_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    slow_until = models.DateTimeField(null=True)  # the other side asked for a rest until then; database time
    at_once = models.PositiveSmallIntegerField(null=True)  # fewer in hand than usual, since it asked to slow down
    next_at = models.DateTimeField(null=True)  # when the next message may begin, where a rate is set

    class Meta:
        verbose_name = _("channel state")
        verbose_name_plural = _("channel states")
        constraints = [
            models.CheckConstraint(
                name="channel_pause_has_reason", condition=models.Q(paused_at=None) | ~models.Q(reason="")
            )
        ]

    def __str__(self):
        return self.key
