"""How fast a channel goes: within its rate, with as many in hand as it bears, and not while it asks to be let rest.

The pace stands in the channel's row and is asked with that row held, so that all workers and hosts share it. Who is
refused for speed (421, 429) rests as long as the other side asks, and goes on with half as many in hand; one more
every few seconds while nothing is refused.
"""

from datetime import datetime, timedelta

from ..models import ChannelState

AT_ONCE = 20  # messages of one channel in hand at a time
REST = timedelta(seconds=10)  # where nobody says how long
RECOVERY = timedelta(seconds=5)  # between one more in hand and the next


class NotYet(Exception):
    """No message may begin now; `wait` says how long, None where others must end first."""

    def __init__(self, wait: timedelta | None):
        super().__init__(wait)
        self.wait = wait


def take_turn(state: ChannelState, *, in_hand: int, per_minute: int, now: datetime) -> None:
    """Let one more message of a channel begin, or raise NotYet. The caller holds the row; `now` is database time."""
    if state.slow_until and state.slow_until > now:
        raise NotYet(state.slow_until - now)
    if in_hand >= (state.at_once or AT_ONCE):
        raise NotYet(None)
    if per_minute and state.next_at and state.next_at > now:
        raise NotYet(state.next_at - now)
    changed: dict = {}
    if per_minute:
        changed["next_at"] = max(now, state.next_at or now) + timedelta(minutes=1) / per_minute
    if state.at_once and now > (state.slow_until or now) + RECOVERY:
        more = state.at_once + 1
        changed |= {"at_once": more if more < AT_ONCE else None, "slow_until": now if more < AT_ONCE else None}
    if changed:
        ChannelState.objects.filter(pk=state.pk).update(**changed)


def slow_down(key: str, *, retry_after: timedelta | None, now: datetime) -> None:
    """The other side asked for less: rest as long as it says, then half as many at once. `now` is database time."""
    state = ChannelState.objects.get(pk=key)
    until = now + (retry_after or REST)
    half = max(1, (state.at_once or AT_ONCE) // 2)
    ChannelState.objects.filter(pk=key).update(slow_until=max(until, state.slow_until or until), at_once=half)
