"""Sending through the worker's pump to a sink on loopback, against a bare loop over one reused connection.

Both hand over the same bytes, with the PDF stored before; the sink is a process of its own and not counted.
"""

import json
import os
import smtplib
import subprocess
import sys

SINK = """
import asyncio, socket, sys
async def talk(reader, writer):
    say = lambda line: writer.write(line + b"\\r\\n")
    say(b"220 sink")
    while line := await reader.readline():
        word = line[:4].upper()
        if word == b"DATA":
            say(b"354 go"); await writer.drain()
            while (await reader.readline()) != b".\\r\\n": pass
            say(b"250 2.0.0 taken")
        elif word == b"QUIT":
            say(b"221 bye"); await writer.drain(); writer.close(); return
        else:
            say(b"250 ok")
        await writer.drain()
async def main():
    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**22)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def measure(rounds: int, mails: int) -> dict:
    """{"mail": [bare ms, ours ms]}: CPU for each mail."""
    from django.conf import settings

    from config.common import queue
    from config.common.roles import SYSTEM
    from customers.models import Contact, Organization
    from invoicing import documents, messages
    from invoicing.channels.smtp import WireBackend
    from invoicing.models import Delivery
    from invoicing.services import carrying, delivering, opening
    from invoicing.services.mail import Mail, Reader

    from .measuring import cost, in_turn
    from .opening import _drafts

    queue._ring = lambda task, *ids: None
    sink = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    try:
        settings.EMAIL_BACKEND = f"{WireBackend.__module__}.{WireBackend.__qualname__}"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(sink.stdout.readline())
        from config.common import clock

        on = clock.today(Organization.objects.current().time_zone)

        def queued():
            for draft in _drafts(mails):
                invoice = opening.open_invoice(draft, by=SYSTEM, on=on)
                documents.ensure_pdf(invoice)
                contact = Contact.objects.filter(customer=invoice.customer_id).first()
                reader = Reader(contact.email if contact else "ap@buyers.example")
                mail = Mail([reader], subject="Invoice {number}", reply_to="ar@kelpworks.example")
                delivering.queue_delivery(invoice, by=SYSTEM, mail=mail)

        def ours():
            queued()

            def pump():
                while carrying.waiting("email").exists():
                    carrying.carry_waiting()

            return cost(pump) / mails

        def bare():
            sent = Delivery.objects.filter(status="sent", channel="email").exclude(text="").order_by("-pk").first()
            document = sent.documents.get().document
            raw = (
                messages.message_for(sent, documents.read(document), name=document.name)
                .message()
                .as_bytes(linesep="\r\n")
            )
            connection = smtplib.SMTP("127.0.0.1", settings.EMAIL_PORT)

            def loop():
                for _ in range(mails):
                    connection.sendmail("ar@kelpworks.example", [sent.recipient], raw)

            found = cost(loop) / mails
            connection.quit()
            return found

        def building():
            sent = Delivery.objects.filter(status="sent", channel="email").exclude(text="").order_by("-pk").first()
            document = sent.documents.get().document
            content = documents.read(document)
            return cost(
                lambda: messages.message_for(sent, content, name=document.name).message().as_bytes(linesep="\r\n"),
                times=mails,
            )

        ours()
        return {"mail": in_turn(bare, ours, building, rounds=rounds)}
    finally:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(measure(int(os.environ["BENCH_ROUNDS"]), int(os.environ["BENCH_MAILS"]))))
