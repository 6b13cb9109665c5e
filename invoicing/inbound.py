"""What an incoming mail says of one of ours: which it answers, by a person or by a machine. Pure, no table."""

import re
from dataclasses import dataclass
from email.message import EmailMessage

from .bounces import HARD, SOFT

EXCERPT = 500
_ID = re.compile(r"<[^<>\s]{1,190}>")


@dataclass(frozen=True)
class Answer:
    """`kind`: replied, autoresponded, or bounced (a report by a mail server). `ids` are the Message-IDs it names."""

    kind: str
    ids: list[str]
    said: str = ""
    bounce_kind: str = ""


def read(message: EmailMessage) -> Answer:
    """Look at its headers, and into a report; the excerpt is at most EXCERPT characters, without what it quotes."""
    ids = _ID.findall(" ".join(str(message.get(name, "")) for name in ("In-Reply-To", "References")))
    if message.get_content_type() == "multipart/report":
        status, said = _report(message)
        if status:
            named = [identity for part in message.walk() for identity in _ID.findall(str(part.get("Message-ID", "")))]
            written = _ID.findall(_text(message, "text/rfc822-headers"))
            kind = "bounced" if status[0] in "45" else "autoresponded"
            return Answer(kind, [*ids, *named, *written], said, HARD if status[0] == "5" else SOFT)
    kind = "autoresponded" if _is_automatic(message) else "replied"
    return Answer(kind, ids, excerpt(getattr(message, "stripped_text", None) or _text(message, "text/plain")))


def excerpt(text: str) -> str:
    """The beginning of what was written: quoted lines and what announces them are left out."""
    own = []
    for line in text.replace("\r\n", "\n").replace("\0", "").split("\n"):
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


def _report(message) -> tuple[str, str]:
    """The status code of a delivery report (RFC 3464) and the server's words; ("", "") for another report."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        fields = {name.lower(): str(value) for block in part.walk() for name, value in block.items()}
        if status := fields.get("status", "").strip():
            return status, fields.get("diagnostic-code", status)[:EXCERPT]
    return "", ""


def _text(message, kind) -> str:
    for part in message.walk():
        if part.get_content_type() == kind and not part.is_multipart():
            payload = part.get_payload(decode=True) or b""
            return payload.decode(part.get_content_charset() or "utf-8", "replace")[:20_000]
    return ""
