"""Where customers pay to is changed by two: one admin proposes, another confirms.

The first account takes effect at once while no invoice was ever opened, and so does what the installation's own set-up
adds before that. An admin who is alone waits 24 hours, and everybody who would notice is told at once. Until then
invoices carry the old account. Accounts are never rewritten: a change is a new row, the old one is offered no longer.
"""

from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from config.common import audit, edits, queue, roles, states
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent, User
from config.common.roles import SYSTEM, Role, System
from customers.models import BankAccount, BankAccountChange, Organization

ACT = "bank_account.write"
WAIT = timedelta(hours=24)
FIELDS = ["holder", "bank_name", "iban", "bic", "account_no", "routing", "currency"]
_TAKEN_IN_HAND = [
    "user.created",
    "user.invited",
    "user.changed",
    "user.reactivated",
    "user.password_set",
    "user.second_factor_removed",
]
Kind, Status = BankAccountChange.Kind, BankAccountChange.Status
_EVENTS = {
    Kind.NEW: "bank_account.added",
    Kind.CHANGED: "bank_account.changed",
    Kind.REMOVED: "bank_account.deactivated",
    Kind.RESTORED: "bank_account.activated",
}


# --- Proposing ------------------------------------------------------------------------------------------------


def propose_account(organization: Organization, *, by, at: datetime, **fields) -> BankAccountChange:
    """A new account. DomainError without IBAN or account number. `status` says whether it is in effect already."""
    return _propose(organization, Kind.NEW, by=by, at=at, after=_checked(organization, fields))


def propose_change(account: BankAccount, *, by, at: datetime, **fields) -> BankAccountChange:
    """Other numbers, holder, bank or currency for an offered account. DomainError where nothing is different."""
    before = _values(account)
    after = _checked(account.organization, {**before, **fields})
    if after == before:
        raise DomainError(_("Nothing of the account is different, so there is nothing to confirm."))
    if not account.active:
        raise DomainError(_("This account is not offered. Offer it again first, or add a new one."))
    return _propose(account.organization, Kind.CHANGED, by=by, at=at, account=account, before=before, after=after)


def propose_offering(account: BankAccount, *, by, at: datetime, active: bool) -> BankAccountChange:
    """Offer the account on new invoices, or no longer. Stale where it is so already."""
    if account.active == active:
        raise Stale(
            _("%(account)s is offered already.") % {"account": account}
            if active
            else _("%(account)s is no longer offered already.") % {"account": account}
        )
    values, kind = _values(account), Kind.RESTORED if active else Kind.REMOVED
    before, after = ({}, values) if active else (values, {})
    return _propose(account.organization, kind, by=by, at=at, account=account, before=before, after=after)


def _propose(organization, kind, *, by, at, account=None, before=None, after=None):
    roles.require(by, ACT)
    change = BankAccountChange(
        organization=organization,
        kind=kind,
        account=account,
        before=before or {},
        after=after or {},
        proposed_by_id=by.pk,
        proposed_at=at,
    )
    with _one_at_a_time(account):
        at_once = needs_nobody(organization, kind=kind, by=by)
        if not at_once and is_alone(by):
            change.effective_at = at + WAIT
        change.save(force_insert=True)
        if at_once:
            _apply(change, by=by, at=at)
            return change
        gone, now = _differing(change)
        audit.record("bank_account.proposed", change, by=by, before=gone, after=now, thread=organization)
        queue.enqueue("customers.tasks.tell_bank_change", change.pk)
    return change


def needs_nobody(organization: Organization, *, kind: str, by) -> bool:
    """Whether a change of this kind by this person is in effect at once."""
    if import_string(settings.ANY_INVOICE_OPENED)():
        return False
    return isinstance(by, System) or (kind == Kind.NEW and not organization.bank_accounts.exists())


def is_alone(person) -> bool:
    """Whether there is no other active admin who could confirm."""
    return not User.objects.active().filter(role=Role.ADMIN).exclude(pk=person.pk).exists()


# --- Deciding -------------------------------------------------------------------------------------------------


def confirm_change(change: BankAccountChange, *, by, at: datetime) -> BankAccountChange:
    """Put it into effect. Stale if it was decided meanwhile.

    DomainError for who proposed it, and for whose account another person has made or taken in hand within 24 hours:
    else one admin invites a second one, or sets somebody's password, and is both.
    """
    roles.require(by, ACT)
    if change.proposed_by_id == by.pk:
        raise DomainError(
            _("You proposed this change yourself, so another admin has to confirm it. You can withdraw it.")
        )
    if in_others_hands(by, at=at):
        raise DomainError(
            _(
                "Your account was made or changed by another admin within the last 24 hours. Until they are over, "
                "somebody else has to confirm this."
            )
        )
    with transaction.atomic():
        _apply(change, by=by, at=at)
    return change


def in_others_hands(person, *, at: datetime) -> bool:
    """Whether a colleague has made this account, or given it its role, address, password or access, since a day ago."""
    rows = AuditEvent.objects.filter(
        object_type="user", object_id=person.pk, actor_type="user", action__in=_TAKEN_IN_HAND, at__gt=at - WAIT
    ).exclude(actor_id=person.pk)
    return any(row.action != "user.changed" or {"role", "email"} & set(row.after) for row in rows)


def reject_change(change: BankAccountChange, *, by, at: datetime, reason: str) -> BankAccountChange:
    """Refuse it, saying why; the account stays as it is."""
    roles.require(by, ACT)
    if change.proposed_by_id == by.pk:
        raise DomainError(_("You proposed this change yourself. Withdraw it instead of rejecting it."))
    if not reason.strip():
        raise DomainError(_("Say why you reject this change, so that whoever proposed it knows."))
    return _close(change, Status.REJECTED, "bank_account.rejected", by=by, at=at, reason=reason.strip())


def withdraw_change(change: BankAccountChange, *, by, at: datetime) -> BankAccountChange:
    """Take one's own proposal back."""
    roles.require(by, ACT)
    if change.proposed_by_id != by.pk:
        raise DomainError(_("Somebody else proposed this change. You can confirm or reject it."))
    return _close(change, Status.WITHDRAWN, "bank_account.withdrawn", by=by, at=at)


def apply_due(*, at: datetime) -> int:
    """Put into effect what has waited its time; how many. Proposals of an admin who is alone by now begin to wait.

    Who is not alone any more waits for the other admin's word: turning somebody off for a minute makes nobody alone for
    a day. A proposal of somebody who is no longer an active admin waits for another admin, however long.
    """
    waiting = BankAccountChange.objects.filter(
        status=Status.WAITING, proposed_by__is_active=True, proposed_by__role=Role.ADMIN
    ).select_related("proposed_by", "organization", "account")
    for change in waiting:
        alone = is_alone(change.proposed_by)
        if alone == (change.effective_at is None):
            rows = BankAccountChange.objects.filter(pk=change.pk, status=Status.WAITING)
            rows.update(effective_at=at + WAIT if alone else None, told_at=None)  # the sweep tells it anew
    applied = 0
    for change in waiting.filter(effective_at__lte=at):
        with transaction.atomic():
            _apply(change, by=SYSTEM, at=at)
        applied += 1
    return applied


def sweep_changes(*, at: datetime) -> None:
    """What is due takes effect, and the bell rings again for mails nobody sent."""
    apply_due(at=at)
    untold = BankAccountChange.objects.filter(status=Status.WAITING, told_at=None)
    for pk in untold.values_list("pk", flat=True):
        queue.enqueue("customers.tasks.tell_bank_change", pk)


def _close(change, status, action, *, by, at, reason=""):
    with transaction.atomic():
        states.advance(
            change, status, by=by, action=action, silent=True, decided_by_id=by.pk, decided_at=at, reason=reason
        )
        before, after = _differing(change)
        audit.record(action, change, by=by, before=before, after=after, reason=reason, thread=change.organization)
    return change


def _apply(change, *, by, at):
    account, made = change.account, None
    if change.kind in (Kind.CHANGED, Kind.REMOVED):
        _switch(account, active=False)
    if change.kind == Kind.RESTORED:
        _switch(account, active=True)
    if change.kind in (Kind.NEW, Kind.CHANGED):
        made = BankAccount(organization=change.organization, **change.after)
        made.save(force_insert=True)
    states.advance(change, Status.APPLIED, by=by, action="", silent=True, made=made, decided_by_id=by.pk, decided_at=at)
    before, after = _differing(change)
    if change.kind in (Kind.REMOVED, Kind.RESTORED):
        before, after = {"active": not account.active}, {"active": account.active}
    audit.record(
        _EVENTS[Kind(change.kind)], made or account, by=by, before=before, after=after, thread=change.organization
    )


def _switch(account, *, active):
    if not BankAccount.objects.filter(pk=account.pk, active=not active).update(active=active):
        raise Stale(
            _("%(account)s was changed meanwhile. Reload the page to see how it stands.") % {"account": account}
        )
    account.active = active


# --- Words and values -----------------------------------------------------------------------------------------


def _values(account) -> dict:
    return {name: getattr(account, name) for name in FIELDS}


def _differing(change) -> tuple[dict, dict]:
    """What is different, blank fields of a new account left out."""
    names = [name for name in FIELDS if change.before.get(name, "") != change.after.get(name, "")]
    before = {name: change.before[name] for name in names if name in change.before}
    return before, {name: change.after[name] for name in names if name in change.after}


def difference(change: BankAccountChange) -> list[dict]:
    """The change in words: [{name, label, before, after}], fields that stay left out."""
    before, after = _differing(change)
    return [
        {
            "name": name,
            "label": edits.label_of(BankAccount(), name),
            "before": before.get(name, ""),
            "after": after.get(name, ""),
        }
        for name in FIELDS
        if name in before or name in after
    ]


def _checked(organization, fields) -> dict:
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"there is no {sorted(unknown)}")
    if not fields.get("iban") and not fields.get("account_no"):
        raise DomainError(_("A bank account needs an IBAN or an account number. Fill in one of them."))
    return _values(edits.fill(BankAccount(organization=organization), fields))


@contextmanager
def _one_at_a_time(account):
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(
            _("A change of %(account)s is waiting already. It has to be decided or withdrawn first.")
            % {"account": account}
        ) from None
