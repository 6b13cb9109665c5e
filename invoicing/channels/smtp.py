"""SMTP that says when a message is on the wire.

RFC 5321 delivers at the final dot, and RFC 1047 describes the gap between the receiver's acceptance and our
reading of its 250. So the marker is committed after the body and immediately before the dot: a crash before it is
safe to repeat, one after it is of unknown outcome.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable

from django.core.mail.backends.smtp import EmailBackend

from .base import ChannelFailure, OutcomeUnknown

CONNECT_SECONDS = 10
COMMAND_SECONDS = 30
FINAL_REPLY_SECONDS = 120
WANTS_PASSWORD = {530, 534, 535, 538}  # wherever in the dialogue it is said: no message will pass
TOO_LARGE = 552  # of one message, even where it is said of the sender: the others pass
CHUNK = 64 * 1024


class WireSMTP(smtplib.SMTP):
    """DATA in two parts: the body, then (after on_wire) the dot."""

    on_wire: Callable[[], None] | None = None
    on_the_wire = False
    last_reply: tuple[int, bytes] = (0, b"")

    def _get_socket(self, host, port, timeout):
        """The dot goes at once: held back for company it would wait 40 ms for the body's acknowledgement."""
        connection = super()._get_socket(host, port, timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def data(self, msg):
        self.on_the_wire = False
        self.putcmd("data")
        code, text = self.getreply()
        if code != 354:
            raise smtplib.SMTPDataError(code, text)
        body = re.sub(rb"(?m)^\.", b"..", msg)
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        for start in range(0, len(body), CHUNK):  # the time-out is one of each piece: a large file may take its time
            self.send(body[start : start + CHUNK])
        self._refuse_a_broken_line()
        if self.on_wire is not None:
            self.on_wire()
        self.on_the_wire = True
        self.sock.settimeout(FINAL_REPLY_SECONDS)
        self.send(b".\r\n")
        self.last_reply = self.getreply()
        self.on_the_wire = not (self.last_reply[0] == 250 or 400 <= self.last_reply[0] < 600)  # neither yes nor no
        self.sock.settimeout(COMMAND_SECONDS)
        return self.last_reply

    def _refuse_a_broken_line(self):
        """A server that hung up or refused while it was sent the body has delivered nothing: safe to repeat."""
        assert self.sock is not None
        patience = self.sock.gettimeout()
        self.sock.setblocking(False)
        try:
            said = self.sock.recv(512)
        except (BlockingIOError, ssl.SSLWantReadError):
            return  # it listens, as it should
        finally:
            self.sock.settimeout(patience)
        if said[:3].isdigit():
            raise smtplib.SMTPDataError(int(said[:3]), said[4:].strip())
        raise smtplib.SMTPServerDisconnected("The mail server hung up before the end of the message.")


class WireSMTPSSL(WireSMTP, smtplib.SMTP_SSL):
    pass


class WireBackend(EmailBackend):
    """Django's SMTP backend over the connection above; host, user and password come from settings (EMAIL_URL)."""

    connection: WireSMTP | None

    def __init__(self, **kwargs):
        kwargs["timeout"] = CONNECT_SECONDS
        super().__init__(**kwargs)

    @property
    def connection_class(self):
        return WireSMTPSSL if self.use_ssl else WireSMTP

    def open(self):
        opened = super().open()
        if self.connection is not None and self.connection.sock is not None:
            self.connection.sock.settimeout(COMMAND_SECONDS)
        return opened

    def hand_over(self, message, on_wire) -> tuple[int, bytes]:
        """Send one message and return the server's last reply; the exceptions are smtplib's own."""
        self.open()
        connection = self.connection
        if connection is None:
            raise smtplib.SMTPServerDisconnected("There is no connection to the mail server.")
        connection.on_wire = on_wire
        try:
            self.send_messages([message])
            return connection.last_reply
        finally:
            connection.on_wire = None

    @property
    def is_on_the_wire(self) -> bool:
        return self.connection is not None and self.connection.on_the_wire

    def drop(self):
        """Forget a connection whose state is not known."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def _text(reply) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)


def _of_code(code: int, text, *, permanent="permanent") -> ChannelFailure:
    kind = permanent if 500 <= code < 600 else "rate" if code == 421 else "temporary"
    if code in WANTS_PASSWORD:
        kind = "config"
    elif code == TOO_LARGE:
        kind = "permanent"
    return ChannelFailure(f"{code} {_text(text)}"[:500], kind=kind, code=str(code))


def classify(error: Exception, *, on_the_wire: bool) -> Exception:
    """What an exception means: a definite refusal is never unknown, silence after the dot always is.

    A server that refuses us before a message was named refuses all messages: that is for a person to mend.
    """
    if on_the_wire:
        if isinstance(error, smtplib.SMTPResponseException):
            said = f"{error.smtp_code} {_text(error.smtp_error)}"
            return OutcomeUnknown(f"The mail server answered neither yes nor no: {said}"[:500])
        return OutcomeUnknown(f"The connection ended before the mail server answered: {error}"[:500])
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
        return ChannelFailure(
            f"The mail server does not accept our user name and password: {error.smtp_code} {_text(error.smtp_error)}"[
                :500
            ],
            kind="config",
            code=str(error.smtp_code),
        )
    if isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError):
        return ChannelFailure(f"The mail server and we cannot agree on security: {error}"[:500], kind="config")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _of_code(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return _of_code(error.smtp_code, error.smtp_error, permanent="config")
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_code(error.smtp_code, error.smtp_error)
    if isinstance(error, socket.gaierror):
        return ChannelFailure(f"The mail server's name cannot be found: {error}"[:500], kind="config")
    return ChannelFailure(f"The mail server could not be reached: {error}"[:500], kind="temporary")
