"""How often something may be tried: counted in rows, so that all processes and hosts count together.

A span is counted in twelfths, and those that reach into it are added up: nobody gets the double at the turn of an hour.
Who is counted stands in the row as a keyed hash alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.crypto import salted_hmac

from . import clock
from .models import RateLimit

PARTS = 12
KEPT = timedelta(days=2)  # longer than any span counted here


@dataclass(frozen=True)
class Limit:
    """At most `tries` in any `seconds`, of what `name` says."""

    name: str
    tries: int
    seconds: int

    @property
    def part(self) -> int:
        return max(1, self.seconds // PARTS)


def fingerprint(*who) -> str:
    """Stands for an address, an account or a network in rows and in the trail; means nothing without the secret key."""
    text = "\n".join(str(each).strip().casefold() for each in who)
    return salted_hmac("dunlin.limits", text, algorithm="sha256").hexdigest()[:32]


def spend(limit: Limit, *who) -> bool:
    """Count one try; False, and nothing counted, when the limit was reached.

    Each counts itself first and looks then: of many at the same moment no more than `tries` are let through.
    """
    key, since = _key(limit, who), _since(limit)
    _add(key, since)
    if _tries(limit, key) <= limit.tries:
        return True
    RateLimit.objects.filter(key=key, since=since, tries__gt=0).update(tries=F("tries") - 1)
    return False


def give_back(limit: Limit, *who) -> None:
    """Take one try back: it turned out well."""
    newest = RateLimit.objects.filter(key=_key(limit, who), tries__gt=0).order_by("-since").first()
    if newest:
        RateLimit.objects.filter(pk=newest.pk, tries__gt=0).update(tries=F("tries") - 1)


def once(name: str, *who, seconds: int) -> bool:
    """True for the first who asks within these seconds, False for every other."""
    return spend(Limit(name, 1, seconds), *who)


def sweep() -> int:
    """Forget what no span reaches any more; how many rows."""
    gone, _by_model = RateLimit.objects.filter(since__lt=clock.database_now() - KEPT).delete()
    return gone


def _key(limit, who):
    return f"{limit.name}:{fingerprint(limit.name, *who)}"


def _since(limit) -> datetime:
    now = int(clock.database_now().timestamp())
    return datetime.fromtimestamp(now - now % limit.part, UTC)


def _tries(limit, key) -> int:
    reach = clock.database_now() - timedelta(seconds=limit.seconds + limit.part)
    rows = RateLimit.objects.filter(key=key, since__gt=reach)
    return rows.aggregate(tries=Sum("tries"))["tries"] or 0


def _add(key, since) -> None:
    row = RateLimit.objects.filter(key=key, since=since)
    if row.update(tries=F("tries") + 1):
        return
    try:
        with transaction.atomic():
            RateLimit.objects.create(key=key, since=since, tries=1)
    except IntegrityError:  # somebody made the row in this moment
        row.update(tries=F("tries") + 1)
