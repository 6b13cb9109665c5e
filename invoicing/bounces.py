"""Hard or soft: what a provider's account of a bounce means. Pure, no table.

anymail gives every kind of bounce one name; what is meant for ever stands in the provider's own words.
"""

from collections.abc import Mapping

HARD, SOFT = "hard", "soft"
# SparkPost's classes of what may be over tomorrow (soft, DNS, full, too large, timed out, relaying, transient).
_SPARKPOST_SOFT = {"20", "21", "22", "23", "24", "54", "70"}
_SOFT_WORDS = ("soft", "transient", "temporary", "undetermined")


def bounce_kind(told: Mapping, *, reject_reason: str | None = "") -> str:
    """HARD, or SOFT where the provider says it may pass; `told` is its own event, `reject_reason` anymail's word."""
    if reject_reason == "timed_out":
        return SOFT
    for each in _parts(told):
        if str(each.get("bounce_class", "")) in _SPARKPOST_SOFT:
            return SOFT
        if each.get("event") == "bounce" and each.get("hard_bounce") is False:  # Mailjet
            return SOFT
        words = [each.get(name) for name in ("event", "Type", "type", "bounceType", "bounce_type", "severity")]
        if any(soft in word.lower() for word in words if isinstance(word, str) for soft in _SOFT_WORDS):
            return SOFT
    return HARD


def _parts(told: Mapping) -> list[Mapping]:
    """The event and what it wraps, three levels down."""
    found = level = [told]
    for _depth in range(3):
        level = [value for each in level for value in each.values() if isinstance(value, Mapping)]
        found = [*found, *level]
    return found
