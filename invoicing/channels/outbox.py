"""The demo's mail server: real MIME messages into a table. Nothing leaves the machine.

An address that begins with nobody@ is refused like one that does not exist, so that failures can be seen too.
"""

from email.header import decode_header, make_header
from email.utils import parseaddr

from django.core.mail.backends.base import BaseEmailBackend

from ..models import OutboxMessage
from .base import ChannelFailure


class OutboxBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        for message in email_messages:
            for address in message.recipients():
                if (plain := parseaddr(address)[1]).lower().startswith("nobody@"):
                    raise ChannelFailure(f"550 5.1.1 {plain}: no such mailbox", kind="permanent", code="550")
            raw = message.message()
            OutboxMessage.objects.create(
                message_id=raw["Message-ID"],
                sender=raw["From"],
                recipients=", ".join(str(make_header(decode_header(each))) for each in message.recipients()),
                subject=message.subject,
                raw=raw.as_bytes(linesep="\r\n"),
            )
            message.accepted_as = "250 Kept in the demo outbox"
        return len(email_messages)
