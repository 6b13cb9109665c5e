"""Mails with a link, and readers who follow it."""

import re

from django.core import mail
from django.test import Client
from django.urls import reverse

from invoicing.models import CustomerLink
from tests.invoicing.heard import READER, sent

ADDRESS = re.compile(r"http://127\.0\.0\.1:8000(/i/([\w-]{43})/)")


def link_of(message) -> str:
    """The path of the link in a mail as it left; the same in both of its parts."""
    [in_text] = {found[1] for found in ADDRESS.finditer(message.body)}
    assert {found[1] for found in ADDRESS.finditer(message.alternatives[0][0])} == {in_text}
    return in_text


def linked(invoice=None, **fields) -> tuple[CustomerLink, str]:
    """The link of a mail that was sent a day ago, and the path that its reader follows."""
    delivery = sent(invoice, portal_link=True, **fields)
    return CustomerLink.objects.get(delivery=delivery), link_of(mail.outbox[-1])


def page_of(link) -> str:
    return reverse("portal:invoice", args=[link.delivery.public_id])


def reader() -> Client:
    """A browser of somebody who is not signed in."""
    return Client(headers={"User-Agent": READER})


def let_in(path) -> Client:
    """The same, having followed that link."""
    browser = reader()
    assert browser.get(path).status_code == 302
    return browser
