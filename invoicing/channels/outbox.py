"""The demo's mail server: real MIME messages into a table. Nothing leaves the machine."""

from django.core.mail.backends.base import BaseEmailBackend

from ..models import OutboxMessage


class OutboxBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        for message in email_messages:
            raw = message.message()
            OutboxMessage.objects.create(
                message_id=raw["Message-ID"],
                sender=raw["From"],
                recipients=", ".join(message.recipients()),
                subject=message.subject,
                raw=raw.as_bytes(linesep="\r\n"),
            )
            message.accepted_as = "250 Kept in the demo outbox"
        return len(email_messages)
