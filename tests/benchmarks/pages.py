"""The pages people wait for: CPU milliseconds of one request, from the request to the last byte, signed in."""

import json
import os
import re
import sys

PAGES = {
    "Workflow Snapshot": "/",
    "Invoices to be sent": "/invoices/to-be-sent/",
    "to be sent, by customer": "/invoices/to-be-sent/?sort=customer",
    "to be sent, tab Ready to send": "/invoices/to-be-sent/?tab=ready",
    "Sales invoices": "/invoices/",
    "by number": "/invoices/?sort=number",
    "by customer": "/invoices/?sort=customer",
    "by issue date, newest first": "/invoices/?sort=-issued",
    "by due date, newest first": "/invoices/?sort=-due",
    "by amount, largest first": "/invoices/?sort=-amount",
    "by customer, 40 pages deep": "/invoices/?sort=customer #40",
    "by due date, 40 pages deep": "/invoices/?sort=-due #40",
    "Draft": "/invoices/?status=draft",
    "Draft, by customer": "/invoices/?status=draft&sort=customer",
    "Open, by amount": "/invoices/?status=open&sort=-amount",
    "Open, by customer": "/invoices/?status=open&sort=customer",
    "Unbilled": "/invoices/?status=unbilled",
    "Unbilled, by amount": "/invoices/?status=unbilled&sort=amount",
    "Unpaid, by due date": "/invoices/?status=unpaid&sort=due",
    "Partly paid": "/invoices/?status=partly_paid",
    "Overdue": "/invoices/?status=overdue",
    "Overdue, by due date": "/invoices/?status=overdue&sort=due",
    "Overdue, by amount": "/invoices/?status=overdue&sort=-amount",
    "Paid, by customer": "/invoices/?status=paid&sort=customer",
    "Void": "/invoices/?status=void",
    "light: sent and opened": "/invoices/?light=green",
    "light: sent, not opened": "/invoices/?light=yellow",
    "light: red": "/invoices/?light=red",
    "light: marked as sent": "/invoices/?light=grey",
    "light: under way": "/invoices/?light=ring",
    "light: red, by amount": "/invoices/?light=red&sort=-amount",
    "Needs a follow-up": "/invoices/?follow_up=any",
    "Needs a follow-up: not opened": "/invoices/?follow_up=unopened",
    "Delivery problems": "/deliveries/problems/",
    "Credit notes": "/invoices/?kind=credit_note",
    "Credit notes, by amount": "/invoices/?kind=credit_note&sort=-amount",
    "one currency": "/invoices/?currency=SEK",
    "one currency, by amount": "/invoices/?currency=SEK&sort=-amount",
    "one customer": "/invoices/?customer=60",
    "issued in one month": "/invoices/?issued_from=2025-03-01&issued_to=2025-03-31",
    "issued in one month, by amount": "/invoices/?issued_from=2025-03-01&issued_to=2025-03-31&sort=-amount",
    "search: a number": "/invoices/?q=INV-2025-00017",
    "search: one customer's name": "/invoices/?q=works 60 ",
    "search: an amount": "/invoices/?q=4800",
    "search: a word in many names": "/invoices/?q=beacon",
    "Customers": "/customers/",
    "a customer's profile": "/customers/60/",
    "Payments": "/payments/",
    "Payments, by customer": "/payments/?sort=customer",
    "Payments, by amount": "/payments/?sort=-amount",
    "an invoice": "/invoices/5000/",
    "Ageing": "/reports/ageing/",
}


def measure(times: int) -> dict:
    """{page: [CPU ms, queries, status]} of the database the settings name."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from config.common.models import User

    from .measuring import cost

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.filter(role="manager").first())
    found = {}
    for name, place in PAGES.items():
        url = _deep(client, place)
        with CaptureQueriesContext(connection) as asked:
            status = client.get(url).status_code
        queries = len(asked)
        found[name] = [cost(lambda url=url: client.get(url), times=times), queries, status]
    return found


def _deep(client, place):
    """`#40`: that many pages further, by the page's own links."""
    base, _hash, pages = place.partition(" #")
    url = base
    for _ in range(int(pages or 0)):
        after = re.search(r"[?;&]after=([\w-]+)", client.get(url).content.decode())
        if after is None:
            break
        url = f"{base}&after={after[1]}"
    return url


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(measure(int(os.environ["BENCH_REQUESTS"]))))
