"""The mail about a change of a bank account: whoever would notice a wrong one is told at once."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from config.common.models import User
from config.common.roles import Role
from customers.identifiers import spaced_iban
from customers.models import BankAccountChange
from customers.services import bank_changes


def tell_of_change(change: BankAccountChange, *, at: datetime) -> int:
    """Mail all admins and managers and the organization emails, each in their language; how many mails.

    Nothing for a change that was told of, or is not waiting any more. Whatever the mail server says no to goes up: the
    change stays untold, and the sweep comes back to it.
    """
    if change.told_at or change.status != change.Status.WAITING:
        return 0
    with get_connection() as connection:
        mails = [_mail(change, *reader, connection=connection) for reader in _readers(change)]
        connection.send_messages(mails)
    BankAccountChange.objects.filter(pk=change.pk, status=change.Status.WAITING).update(told_at=at)
    return len(mails)


def _readers(change) -> list[tuple[str, str, str, str]]:
    """(address, name, language, time zone), nobody twice."""
    organization = change.organization
    people = User.objects.active().filter(role__in=[Role.ADMIN, Role.MANAGER]).order_by("pk")
    readers = {
        person.email.lower(): (person.email, person.name, person.language, person.time_zone) for person in people
    }
    for row in organization.emails.all():
        readers.setdefault(
            row.email.lower(), (row.email, str(organization), organization.language, organization.time_zone)
        )
    return list(readers.values())


def _mail(change, email, name, language, zone, *, connection):
    with translation.override(language), timezone.override(zone):
        proposer = change.proposed_by or _("The installation")
        difference = bank_changes.difference(change)
        for line in difference:
            if line["name"] == "iban":
                line |= {side: spaced_iban(line[side]) for side in ("before", "after")}
        context = {
            "name": name,
            "who": proposer,
            "kind": change.get_kind_display(),
            "difference": difference,
            "effective_at": change.effective_at,
            "zone": zone,
            "link": settings.BASE_URL + reverse("customers:bank_accounts"),
        }
        return EmailMessage(
            subject=_("A bank account of %(organization)s is to be changed")
            % {"organization": " ".join(str(change.organization).split())},
            body=render_to_string("emails/bank_change.txt", context),
            to=[email],
            headers={"Auto-Submitted": "auto-generated"},
            connection=connection,
        )
