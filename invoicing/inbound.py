"""What an incoming mail says of one of ours: which it answers, by a person or by a machine. Pure, no table."""

import html
import re
from dataclasses import dataclass
from email.message import EmailMessage

from .bounces import HARD, SOFT
from .masking import storable

EXCERPT = 500
LOOKED_AT = 20_000  # characters of a text, and of HTML ten times as many: its head may be long
_ID = re.compile(r"<[^<>\s]{1,190}>")
_UNSEEN = re.compile(r"<(style|script|head|title)\b.*?(</\1\s*>|\Z)|<!--.*?(-->|\Z)", re.I | re.S)
_QUOTED = re.compile(r"<blockquote\b.*|<div\b[^<>]*\bclass=[\"']?gmail_quote.*", re.I | re.S)
_BREAKS = re.compile(r"<(br|/p|/div|/tr|/li|/h\d)\b[^<>]*>", re.I)
_MEANT = {"failed": "5.0.0", "delayed": "4.0.0"}  # by reports that leave their status out
_TAGS = re.compile(r"<[a-z/!?][^<>]*>", re.I)  # each stops at the next one: a page of nothing but < takes no time


@dataclass(frozen=True)
class Answer:
    """`kind`: replied, autoresponded, or what a mail server reports: bounced, or deferred where it keeps trying.

    `ids` are the Message-IDs it names.
    """

    kind: str
    ids: list[str]
    said: str = ""
    bounce_kind: str = ""


def read(message: EmailMessage) -> Answer:
    """Look at its headers, and into a report; the excerpt is at most EXCERPT characters, without what it quotes."""
    ids = _ID.findall(" ".join(str(message.get(name, "")) for name in ("In-Reply-To", "References")))
    if message.get_content_type() == "multipart/report":
        action, status, said = _report(message)
        named = [identity for part in message.walk() for identity in _ID.findall(str(part.get("Message-ID", "")))]
        written = _ID.findall(_text(message, "text/rfc822-headers"))
        if status:
            kind = "bounced" if status[0] in "45" else "autoresponded"
            kind = "deferred" if action == "delayed" else kind
            return Answer(kind, [*ids, *named, *written], said, HARD if status[0] == "5" else SOFT)
        return Answer("autoresponded", [*ids, *named, *written])  # that it was displayed, say: no person wrote it
    kind = "autoresponded" if _is_automatic(message) else "replied"
    return Answer(kind, ids, excerpt(getattr(message, "stripped_text", None) or _written(message)))


def excerpt(text: str) -> str:
    """The beginning of what was written: quoted lines and what announces them are left out."""
    own = []
    for line in storable(text).replace("\r\n", "\n").split("\n"):
        if line.startswith("-----Original") or (line.rstrip().endswith(":") and "@" in line and own):
            break
        if not line.startswith(">"):
            own.append(line.rstrip())
    return "\n".join(own).strip()[:EXCERPT]


def _is_automatic(message) -> bool:
    submitted = str(message.get("Auto-Submitted", "no")).lower()
    precedence = str(message.get("Precedence", "")).lower()
    marked = message.get("X-Autoreply") or message.get("X-Autorespond")
    return not submitted.startswith("no") or precedence in ("auto_reply", "bulk", "junk") or bool(marked)


def _report(message) -> tuple[str, str, str]:
    """Action, status code and the server's words of a delivery report (RFC 3464); empty for another report."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        fields = {name.lower(): str(value) for block in part.walk() for name, value in block.items()}
        action = fields.get("action", "").strip().lower()
        if status := fields.get("status", "").strip() or _MEANT.get(action, ""):
            return action, status, fields.get("diagnostic-code", status)[:EXCERPT]
    return "", "", ""


def _written(message) -> str:
    """What its writer wrote: the text, or the words of the HTML where that is all there is. No attachment's."""
    if text := _text(message, "text/plain").strip():
        return text
    page = _QUOTED.sub("", _UNSEEN.sub("", _text(message, "text/html", most=10 * LOOKED_AT)))
    words = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", " ".join(page.split()))))[:LOOKED_AT]
    return "\n".join(line.strip() for line in words.split("\n"))


def _text(message, kind, most=LOOKED_AT) -> str:
    for part in message.walk():
        if part.get_content_type() == kind and not part.is_multipart() and not part.is_attachment():
            return _decoded(part.get_payload(decode=True) or b"", part.get_content_charset())[:most]
    return ""


def _decoded(payload: bytes, charset) -> str:
    """In the charset it says; in UTF-8 where that is none, or none of text."""
    try:
        return payload.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return payload.decode("utf-8", "replace")
