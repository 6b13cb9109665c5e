"""Us: legal data, our own addresses, bank accounts. Admins only; every change leaves an event."""

from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from config.common import audit, clock, edits, roles
from config.common.errors import DomainError
from customers.models import BankAccountChange, Organization, OrganizationEmail
from customers.services import bank_changes

ACT = "organization.write"
FIELDS = {
    "legal_name", "trade_name", "email", "phone", "website", "street", "street2", "postcode", "city", "region",
    "country", "vat_id", "tax_number", "registration_no", "registration_scheme", "endpoint_scheme", "endpoint_id",
    "language", "time_zone", "currency", "track_links", "track_opens", "portal_link_in_emails",
}  # fmt: skip


def set_up_organization(*, by, **fields) -> Organization:
    """Make the one organization, and what each app of settings.SET_UP needs to begin. DomainError if there is one."""
    roles.require(by, ACT)
    _known(fields, FIELDS)
    organization = edits.fill(Organization(), fields)
    with transaction.atomic():
        if Organization.objects.exists():
            raise DomainError(_("The organization has been set up already. Reload the page to see it."))
        organization.save(force_insert=True)
        audit.record("organization.created", organization, by=by, after={"legal_name": organization.legal_name})
        for path in settings.SET_UP:
            import_string(path)(by=by)
    return organization


def change_organization(organization: Organization, *, by, version: int, **fields) -> Organization:
    """Change the given fields; Stale if it is no longer the version the person saw."""
    roles.require(by, ACT)
    _known(fields, FIELDS)
    edits.change(organization, fields, by=by, action="organization.changed", version=version)
    return organization


def add_organization_email(
    organization: Organization, *, by, email: str, label: str = "", preselected: bool = True
) -> OrganizationEmail:
    """Add one of our own addresses that can get copies. DomainError if it is listed already."""
    roles.require(by, ACT)
    row = edits.fill(
        OrganizationEmail(organization=organization),
        {"email": email.strip(), "label": label.strip(), "preselected": preselected},
    )
    with _listed_once(row):
        row.save(force_insert=True)
        audit.record(
            "organization_email.added",
            row,
            by=by,
            after={"email": row.email, "label": row.label, "preselected": row.preselected},
            thread=organization,
        )
    return row


def change_organization_email(row: OrganizationEmail, *, by, seen: int | None = None, **fields) -> OrganizationEmail:
    """Change email, label, preselected; `seen` as in edits."""
    roles.require(by, ACT)
    _known(fields, {"email", "label", "preselected"})
    with _listed_once(row):
        edits.change(row, fields, by=by, action="organization_email.changed", seen=seen, thread=row.organization)
    return row


def remove_organization_email(row: OrganizationEmail, *, by) -> None:
    roles.require(by, ACT)
    with transaction.atomic():
        audit.record("organization_email.removed", row, by=by, before={"email": row.email}, thread=row.organization)
        row.delete()


def add_bank_account(organization: Organization, *, by, **fields) -> BankAccountChange:
    """Propose where customers pay to, now; the first account of an installation is in effect at once."""
    return bank_changes.propose_account(organization, by=by, at=clock.now(), **fields)


@contextmanager
def _listed_once(row):
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(_("%(email)s is in the list already.") % {"email": row.email}) from None


def _known(fields, allowed):
    unknown = set(fields) - set(allowed)
    if unknown:
        raise TypeError(f"there is no {sorted(unknown)}")
