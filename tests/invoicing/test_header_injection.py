"""No name, subject, address or file name adds a header, a reader or a second message: looked at where they arrive."""

import random
import uuid
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parseaddr

import pytest

from invoicing import merge, messages
from invoicing.channels.email import EmailChannel
from invoicing.models import Delivery
from tests.smtp_server import Server

BREAKS = ["\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\t", "\r\n "]
SIGNS = [*'"\\<>@,;:()[]', "\ud800", "\u202e", "=?", "?=", "%0d%0a", "\\r\\n"]
WORDS = [
    "Bcc: thief@example.com",
    "Cc: thief@example.com",
    "To: thief@example.com",
    "X-Evil: 1",
    "Content-Type: text/html",
    "Subject: another",
    "=?utf-8?B?DQpCY2M6IHRoaWVmQGV4YW1wbGUuY29t?=",
    "=?utf-8?Q?=0D=0ABcc:_thief@example.com?=",
    "=?utf-7?Q?+AA0ACg-Bcc: x?=",
    "\r\n\r\n<html><script>alert(1)</script>",
    "\r\n.\r\nMAIL FROM:<thief@example.com>\r\n",
    "\n.\nRCPT TO:<thief@example.com>\n",
    "\r.\rDATA\r",
    "Ines",
    "Žofie Ærø",
    "東京計器",
    "🦆",
    "{number}",
    "ノ" * 90,
    "long " * 60,
]
HEADERS = ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Reply-To", "Subject", "To"]
HEADERS.append("X-AR-Delivery")
PARTS = {"Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Content-Disposition"}


@pytest.fixture
def sink(settings):
    """A mail server on loopback that takes everything."""
    server = Server()
    server.start()
    settings.EMAIL_BACKEND = "invoicing.channels.smtp.WireBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield server
    server.stop()


def hostile(chance) -> str:
    pools = (BREAKS, SIGNS, WORDS)
    return "".join(chance.choice(chance.choice(pools)) for _part in range(chance.randint(1, 7)))


def delivery(chance, n, **fields):
    """As the services leave it: the subject filled and composed, the name of the sender made safe."""
    values = dict.fromkeys(merge.FIELDS, hostile(chance))
    subject = merge.fill_subject(f"{{customer}} {hostile(chance)}".replace("{", "{{", chance.random() < 0.2), values)
    text = messages._clean(merge.fill(hostile(chance), values)).encode("utf-8", "replace").decode()
    return Delivery(
        **{
            "public_id": uuid.UUID(int=n),
            "message_id": f"<{n}@dunlin.example>",
            "sender": messages._named(hostile(chance), "invoices@kelp.example"),
            "recipient": "ap@harbour.example",
            "recipient_name": hostile(chance),
            "reply_to": "receivables@kelp.example",
            "subject": subject[:250] if chance.random() < 0.5 else hostile(chance),
            "text": text or "-",
            "html": "<p>Hello</p>",
            "composed_at": datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
            **fields,
        }
    )


def test_whatever_stands_in_names_subjects_texts_and_file_names_the_headers_are_ours(sink, size):
    chance = random.Random(20261120)
    rounds = size(5000)

    with EmailChannel().session() as session:
        for n in range(1, rounds + 1):
            name = hostile(chance).encode("utf-8", "replace").decode()
            message = messages.message_for(delivery(chance, n), b"%PDF", name=name)
            session.send(message, on_wire=lambda: None)

    assert len(sink.received) == rounds
    envelopes = [line.strip().upper() for line in sink.commands if line[:4].upper() in (b"MAIL", b"RCPT")]
    assert [line.split(b" BODY=")[0].split(b" SIZE=")[0] for line in envelopes] == [
        b"MAIL FROM:<INVOICES@KELP.EXAMPLE>",
        b"RCPT TO:<AP@HARBOUR.EXAMPLE>",
    ] * rounds
    for n, raw in enumerate(sink.received, start=1):
        message = message_from_bytes(raw)
        assert sorted(message.keys()) == HEADERS
        assert message["Message-ID"] == f"<{n}@dunlin.example>"
        assert parseaddr(message["From"])[1] == "invoices@kelp.example"
        read = message_from_bytes(raw.split(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=policy.default)
        assert [each.addr_spec for each in read["To"].addresses] == ["ap@harbour.example"]
        assert [each.addr_spec for each in read["From"].addresses] == ["invoices@kelp.example"]
        assert not any(broken in str(read["Subject"]) for broken in "\r\n\u2028\u2029\x85")
        kinds = [part.get_content_type() for part in message.walk()]
        assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"]
        assert all(set(part.keys()) <= PARTS for part in message.walk() if part is not message)


@pytest.mark.parametrize("address", ["recipient", "reply_to"])
def test_an_address_with_a_line_break_never_leaves(sink, address, size):
    """Forms refuse it long before; were one in the table all the same, the message is refused, not sent wrong."""
    chance, sent = random.Random(7), 0

    with EmailChannel().session() as session:
        for n in range(size(1000)):
            broken = "ap@harbour.example" + chance.choice(BREAKS[:3]) + hostile(chance)
            try:
                message = messages.message_for(delivery(chance, n, **{address: broken}), b"%PDF", name="x.pdf")
                session.send(message, on_wire=lambda: None)
            except ValueError:  # Django's BadHeaderError is one
                continue
            sent += 1

    assert sent == 0
    assert sink.received == []
