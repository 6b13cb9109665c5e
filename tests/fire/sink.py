"""A mail server on loopback that takes everything, slowly, and remembers it."""

import asyncio
import random
import socket
import threading
import time
from collections import Counter
from email import message_from_bytes

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

CANNED_PDF = b"%PDF-1.4 the same page for every invoice, where drawing it is not what is tried\n%%EOF\n"


class Sink:
    """Stores first, then takes its time over the 250, as a busy server does: the gap of RFC 1047, made wide.

    `mails`: (Message-ID, recipient) of each accepted message in order. `answer(envelope, recipient)` may refuse one
    with a text; `password` refuses everybody who does not know it.
    """

    def __init__(self, *, delay=(0.0, 0.0), seed=1, password=None, answer=None):
        self.delay, self.dice, self.password, self.answer = delay, random.Random(seed), password, answer
        self.mails, self.at, self.refused = [], [], []
        self.refuse_data = lambda content: None  # given the bytes of a message: None takes it, a text refuses it
        self.most_at_once = self._in_hand = 0
        self._lock = threading.Lock()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_error):
        self._controller.stop()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def counted(self) -> Counter:
        return Counter(self.mails)

    # --- aiosmtpd's hooks -------------------------------------------------------------------------------------

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer and (text := self.answer(envelope, address)):
            self.refused.append((address, text))
            return text
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        if text := self.refuse_data(bytes(envelope.original_content)):
            return text
        message = message_from_bytes(envelope.original_content)
        with self._lock:
            self.at.append(time.time())
            self.mails += [(message["Message-ID"], address) for address in envelope.rcpt_tos]
        self._in_hand += 1
        self.most_at_once = max(self.most_at_once, self._in_hand)
        await asyncio.sleep(self.dice.uniform(*self.delay))
        self._in_hand -= 1
        return "250 2.0.0 stored"

    def authenticate(self, server, session, envelope, mechanism, data):
        return AuthResult(success=data.password.decode() == self.password, handled=False)


class _Controller(Controller):
    def factory(self):
        sink = self.handler
        if sink.password is None:
            return SMTP(sink, ident="sink")
        return SMTP(sink, ident="sink", authenticator=sink.authenticate, auth_required=True, auth_require_tls=False)
