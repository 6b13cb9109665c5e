"""How far a batch operation is and what it was asked to do, in words and in the figures of its meter. No queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.common.templatetags.dunlin import grouped

from .models import BatchItem, BatchOperation
from .presenting import Badge
from .services.batches import wishes

Action = BatchOperation.Action
Status = BatchItem.Status

# As the tabs and the rows of an operation stand: what needs a person comes first.
ORDER = [
    Status.FAILED,
    Status.UNKNOWN,
    Status.NEEDS_ATTENTION,
    Status.STILL_TRYING,
    Status.PENDING,
    Status.WORKING,
    Status.SCHEDULED,
    Status.DONE,
    Status.SKIPPED,
    Status.CANCELLED,
]
_ACTS = {
    Action.OPEN: lambda n: ngettext("Open %(n)s invoice", "Open %(n)s invoices", n),
    Action.SEND: lambda n: ngettext("Send %(n)s invoice", "Send %(n)s invoices", n),
    Action.MARK: lambda n: ngettext("Mark %(n)s invoice as sent", "Mark %(n)s invoices as sent", n),
    Action.SUBMIT: lambda n: ngettext("Submit %(n)s e-invoice", "Submit %(n)s e-invoices", n),
}
SOON = timedelta(seconds=5)  # before that a rate says nothing


@dataclass(frozen=True)
class Count:
    """How many of an operation's invoices stand so; `kind` is the colour of the dot."""

    status: str
    n: int
    label: str
    kind: str

    @property
    def words(self) -> str:
        return f"{grouped(self.n)} {self.label}"


@dataclass(frozen=True)
class Progress:
    """`good` and `bad` are the two parts of the meter, of `total`; rate and left are words, "" while unknown."""

    total: int
    good: int
    bad: int
    counts: list[Count]
    rate: str = ""
    left: str = ""

    @property
    def processed(self) -> int:
        return self.good + self.bad


def title(operation: BatchOperation) -> str:
    """What it does, as a sentence without its subject: Open and send 48 invoices."""
    return named(wishes.of(operation), operation.total)


def named(asked: wishes.Wishes, n: int) -> str:
    """The same for what is asked for in the dialog, and `n` invoices."""
    if asked.waits:
        words = ngettext("Schedule %(n)s invoice", "Schedule %(n)s invoices", n)
        return words % {"n": grouped(n)}
    if asked.opens and asked.mails:
        words = ngettext("Open and send %(n)s invoice", "Open and send %(n)s invoices", n)
        return words % {"n": grouped(n)}
    return act(asked.action, n)


def act(action: str, n: int) -> str:
    """The act alone, whatever goes with it: Open 48 invoices."""
    return _ACTS[Action(action)](n) % {"n": grouped(n)}


def switches(operation: BatchOperation) -> str:
    """What was switched on in the dialog, for the line under its title; "" where nothing was."""
    found = [(operation.send_email, _("Send Email")), (operation.submit_einvoice, _("Submit E-Invoice"))]
    return _(" and ").join(label for is_on, label in found if is_on)


def badge(operation: BatchOperation) -> Badge:
    """Its state, in the one vocabulary of states."""
    kinds = {"completed": "ok", "failed": "bad"}
    return Badge(operation.get_status_display(), kinds.get(operation.status, "live"))


def is_running(operation: BatchOperation) -> bool:
    return operation.status in operation.RUNNING


def is_retryable(operation: BatchOperation) -> bool:
    """Whether anything is left that Retry failed would take up."""
    return bool(operation.counts.get(Status.FAILED) or operation.counts.get(Status.NEEDS_ATTENTION))


def dot_kind(status: str) -> str:
    """The colour of an outcome, as components/_dot.html knows it."""
    if status in BatchItem.TROUBLED:
        return "failed"
    return "opened" if status == Status.DONE else ""


def troubled(operation: BatchOperation) -> int:
    """How many need somebody to look at them."""
    return sum(operation.counts.get(status, 0) for status in BatchItem.TROUBLED)


def progress_of(operation: BatchOperation, *, now: datetime, round_of: int | None = None) -> Progress:
    """`round_of`: how many invoices the present round began with, where it is a retry; `now` is business time."""
    counts = [
        Count(status.value, n, str(status.label), dot_kind(status))
        for status in ORDER
        if (n := operation.counts.get(status, 0))
    ]
    waiting = sum(operation.counts.get(status, 0) for status in BatchItem.ACTIVE)
    total = sum(operation.counts.values()) or operation.total
    processed = total - waiting if operation.counts else 0
    bad = troubled(operation)
    rate, left = _pace(operation, waiting=waiting, of=round_of or total, now=now)
    return Progress(total=total, good=processed - bad, bad=bad, counts=counts, rate=rate, left=left)


def _pace(operation, *, waiting, of, now) -> tuple[str, str]:
    """How many a minute, and how long at that pace; nothing before there is a pace."""
    if operation.status != BatchOperation.Status.IN_PROGRESS or not operation.started_at or not waiting:
        return "", ""
    done, took = of - waiting, now - operation.started_at
    if done <= 0 or took < SOON:
        return "", ""
    seconds = took // timedelta(seconds=1)
    a_minute, an_hour = done * 60 // seconds, done * 3600 // seconds
    if a_minute:
        rate = ngettext("about %(n)s a minute", "about %(n)s a minute", a_minute) % {"n": grouped(a_minute)}
    else:
        rate = ngettext("about %(n)s an hour", "about %(n)s an hour", an_hour) % {"n": an_hour} if an_hour else ""
    return rate, "" if operation.cancelled_at else _time_left(waiting * seconds // done)


def _time_left(seconds: int) -> str:
    """Rounded as a person would: minutes up to an hour and a half, then hours, then days."""
    minutes, hours = -(-seconds // 60), -(-seconds // 3600)
    if seconds < 60:
        return _("less than a minute left")
    if minutes <= 90:
        return ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    if hours <= 36:
        return ngettext("about %(n)d hour left", "about %(n)d hours left", hours) % {"n": hours}
    days = -(-hours // 24)
    return ngettext("about %(n)d day left", "about %(n)d days left", days) % {"n": days}
