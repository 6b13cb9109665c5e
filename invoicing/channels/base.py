"""What a channel promises: data in, data out; no status, no request, no HTML. The service keeps the books."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True)
class Receipt:
    """The other side has accepted the message; what it said is kept (at most 500 characters)."""

    response: str
    provider_id: str = ""
    code: str = ""


class ChannelFailure(Exception):
    """The world said no, and nothing was accepted.

    kind: temporary (try again later), rate (asked to slow down, `retry_after`), permanent (this message never),
    config (no message will, until a person mends the set-up).
    """

    def __init__(self, reason: str, *, kind: str, code: str = "", retry_after: timedelta | None = None):
        super().__init__(reason)
        self.reason, self.kind, self.code, self.retry_after = reason, kind, code, retry_after


class OutcomeUnknown(Exception):
    """The message was on the wire and no answer came: it may have been accepted (RFC 1047)."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Session(Protocol):
    def send(self, message, on_wire: Callable[[], None]) -> Receipt:
        """Hand one message over. Calls on_wire() immediately before the byte or request that may deliver it."""
        ...


class Channel(Protocol):
    per_minute: int  # how many messages may begin in a minute; 0: as many as it takes
    repeats_for: timedelta  # how long the same message may be asked for again with no risk of a second one

    def session(self) -> AbstractContextManager[Session]:
        """Something to send a group of messages over, one connection where the transport has one."""
        ...
