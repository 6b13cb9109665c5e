"""A scripted mail server of one connection at a time: it answers, hangs up or falls silent where the test says."""

import contextlib
import socket
import struct
import threading

CUT = None  # hang up
SILENCE = "…"  # say nothing until the client gives up
STEPS = {b"EHLO": "ehlo", b"HELO": "ehlo", b"AUTH": "auth", b"MAIL": "mail", b"RCPT": "rcpt", b"DATA": "data"}


class Server(threading.Thread):
    """`script` says what it does at each step: an answer, CUT or SILENCE; it can be changed while it runs.

    connect: reset at once; body: after the first line of the message, SILENCE there reads no more of it either;
    dot: when the whole message is there.
    `received` holds every message that came with its final dot, whatever the answer to it was; `commands` the rest.
    """

    GOOD = {
        "connect": "",
        "greeting": "220 sink",
        "ehlo": "250 sink",
        "auth": "235 2.7.0 welcome",
        "mail": "250 ok",
        "rcpt": "250 ok",
        "data": "354 go on",
        "body": "",
        "dot": "250 2.0.0 Ok: queued as 4711",
    }

    def __init__(self, **script):
        super().__init__(daemon=True)
        self.script = {**self.GOOD, **script}
        self.received, self.commands = [], []
        self.let_go = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def does(self, **script):
        """From now on everything well but these steps."""
        self.script = {**self.GOOD, **script}

    def run(self):
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines, contextlib.suppress(OSError):
                if self.script["connect"] is CUT:
                    _reset(connection)
                else:
                    self._talk(connection, lines)

    def _talk(self, connection, lines):
        if not self._answer(lines, "greeting"):
            return
        for line in lines:
            self.commands.append(line)
            verb = line[:4].upper()
            step = STEPS.get(verb)
            if verb in (b"QUIT", b"RSET"):
                lines.write(b"250 ok\r\n")
                lines.flush()
                continue
            if not self._answer(lines, step):
                return
            if step == "data" and self.script["data"].startswith("354") and not self._take(connection, lines):
                return

    def _take(self, connection, lines) -> bool:
        """The message itself; whether the dialogue goes on."""
        if self.script["body"] != "":
            lines.readline()
            if self.script["body"] == SILENCE:
                self.let_go.wait(30)
            elif self.script["body"] is not CUT:
                self._answer(lines, "body")
            _reset(connection)
            return False
        body = []
        for part in lines:
            if part == b".\r\n":
                self.received.append(b"".join(body))
                return self._answer(lines, "dot")
            body.append(part)
        return False  # hung up before the dot: no message

    def _answer(self, lines, step):
        text = self.script[step]
        if text is CUT:
            return False
        if text == SILENCE:
            lines.read()
            return False
        lines.write(text.encode() + b"\r\n")
        lines.flush()
        return True

    def stop(self):
        self.let_go.set()
        self.listener.close()


def _reset(connection):
    """Close without a farewell (RST), as a firewall or a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
