"""Addresses that mail came back from, or whose reader complained: somebody is asked before the next is sent."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import formats
from django.utils.translation import gettext as _

from config.common.addresses import mailbox
from config.common.errors import DomainError
from customers.models import Contact


def check(customer: int | None, emails: Iterable[str], *, anyway=False, since: datetime | None = None) -> None:
    """Refuse with DomainError what would go to one of these addresses, unless somebody said `anyway`.

    `since`: only what came back after that moment, for what was asked about before.
    """
    if not anyway and (told := warning(customer, emails, since=since)):
        raise DomainError(told)


def warning(customer: int | None, emails: Iterable[str], *, since: datetime | None = None) -> str:
    """One sentence for those of these addresses that are in trouble, "" for none; one query."""
    wanted = {mailbox(email) for email in emails}
    rows = Contact.objects.troubled().filter(customer=customer).order_by("pk") if customer and wanted else ()
    found = [contact for contact in rows if mailbox(contact.email) in wanted]
    return sentence(contact for contact in found if since is None or _latest(contact) > since)


def sentence(contacts: Iterable[Contact]) -> str:
    """What is wrong with these contacts' addresses, and what now."""
    told = [_told(contact) for contact in contacts]
    if not told:
        return ""
    return " ".join([*told, _("Correct the address in the customer’s profile, or say that it is to go there anyway.")])


def _latest(contact) -> datetime:
    return max(moment for moment in (contact.bounced_at, contact.complained_at) if moment)


def _told(contact) -> str:
    about = {"email": contact.email, "what": contact.trouble}
    if contact.bounced_at:
        about["day"] = formats.date_format(contact.bounced_at)
        if contact.trouble:
            return _("Mail to %(email)s came back on %(day)s (%(what)s).") % about
        return _("Mail to %(email)s came back on %(day)s.") % about
    about["day"] = formats.date_format(contact.complained_at)
    return _("%(email)s reported a mail of ours as unwanted on %(day)s.") % about
