"""What a provider told us, fit to be kept: small, and without what is personal. Pure, no table."""

import json
import math
import re
from collections.abc import Mapping

MOST = 4000  # characters of JSON
DEEPEST = 6
MASK = "…"
_EMAIL = re.compile(r"[^\s<>\"'(),:;=@]{1,64}@(?=[\w-]+(\.[\w-]+)+)")
_IPV4 = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")
_IPV6 = re.compile(r"\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}\b", re.I)
# Names of fields that hold a person, a place, an address or what was written; in any spelling.
_PERSONAL = re.compile(
    r"^(ip|ip.?address|client.?ip|ipaddress|geo.*|geo.?location|city|region|zip|postal.*|country.*|coords|lat.*|lon.*"
    r"|email|recipient.*|rcpt.*|raw.?rcpt.*|to|from|cc|bcc|sender|friendly.?from|reply.?to|name|subject|.*user.?agent.*|agent"
    r"|text.*|html.*|body.*|content|attachments?|parts|headers?|destination|common.?headers|.*link.*|.*url.*|signature|token)$",
    re.I,
)
_NOT_STORED = re.compile(r"[\0\ud800-\udfff]")  # NUL, and halves of characters
_META = {"user-variables", "Metadata", "metadata", "Payload", "X-Mailin-custom", "rcpt_meta"}  # our own words


def storable(text) -> str:
    """As text without what no database keeps: whoever sends it would make us refuse, and be sent it again for ever."""
    return _NOT_STORED.sub("", str(text))


def masked(told) -> dict | None:
    """The event without personal data, at most MOST characters as JSON; None for nothing."""
    if not told:
        return None
    kept = _masked(told if isinstance(told, Mapping) else {"told": told}, DEEPEST)
    if len(json.dumps(kept, default=str)) > MOST:
        kept = {name: value for name, value in kept.items() if not isinstance(value, dict | list)}
        kept = {**dict(list(kept.items())[:20]), "shortened": True}
    return kept if len(json.dumps(kept, default=str)) <= MOST else {"shortened": True}


def without_addresses(text: str) -> str:
    """A server's words without the local part of addresses and without numbers of networks."""
    return _IPV6.sub(MASK, _IPV4.sub(MASK, _EMAIL.sub(f"{MASK}@", storable(text))))


def _masked(value, depth):
    if isinstance(value, Mapping):
        if not depth:
            return MASK
        return {
            storable(name)[:80]: MASK if _is_personal(str(name)) and name not in _META else _masked(each, depth - 1)
            for name, each in list(value.items())[:60]
        }
    if isinstance(value, list | tuple):
        return [_masked(each, depth - 1) for each in value[:10]] if depth else MASK
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such numbers, whatever a provider writes
    if isinstance(value, bool | int | float) or value is None:
        return value
    return without_addresses(value)[:500]


def _is_personal(name) -> bool:
    return bool(_PERSONAL.match(name))
