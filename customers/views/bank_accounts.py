"""Settings → Organization → Bank accounts: what is offered, what waits for a second person, and deciding it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from config.common import clock, once, roles
from config.common.exports import export_response, is_asked
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required
from customers.forms_organization import BankAccountForm, RejectionForm
from customers.identifiers import spaced_iban
from customers.models import BankAccount, BankAccountChange, Organization
from customers.services import bank_changes as service

from .organization import tabs

DECIDED_SHOWN = 20
HEADS = [
    gettext_lazy("Account holder"),
    gettext_lazy("Bank"),
    gettext_lazy("IBAN"),
    gettext_lazy("BIC"),
    gettext_lazy("Account number"),
    gettext_lazy("Routing, sort or branch code"),
    gettext_lazy("Currency"),
    gettext_lazy("Offered"),
]


@staff_required("view")
def bank_accounts(request):
    current = Organization.objects.current()
    rows = list(current.bank_accounts.order_by("-active", "pk"))
    if is_asked(request):
        return export_response(request, "bank-accounts", HEADS, map(_cells, rows))
    changes = current.bank_account_changes.select_related("proposed_by", "decided_by", "account").order_by("-pk")
    waiting = [dress(change, request.user) for change in changes.filter(status="waiting")]
    held = {change.account_id for change in waiting}
    to_decide = [change for change in waiting if change.may_decide]
    if to_decide and service.in_others_hands(request.user, at=clock.now()):
        for change in to_decide:
            change.may_decide, change.is_too_new_for = False, True
    for row in rows:
        row.iban_text, row.is_held = spaced_iban(row.iban), row.pk in held
    context = {
        "rows": rows,
        "waiting": waiting,
        "decided": [dress(change, request.user) for change in changes.exclude(status="waiting")[:DECIDED_SHOWN]],
        "tabs": tabs(request),
        "may_write": roles.may(request.user, service.ACT),
    }
    return render(request, "customers/bank_accounts.html", context)


def dress(change, person):
    """What the page says of a change, and what this person may do about it."""
    change.difference = service.difference(change)
    for line in change.difference:
        if line["name"] == "iban":
            line |= {side: spaced_iban(line[side]) for side in ("before", "after")}
    change.is_mine = change.proposed_by_id == person.pk
    change.is_own = change.proposed_by_id == change.decided_by_id
    change.may_decide = roles.may(person, service.ACT) and not change.is_mine
    return change


def _cells(row) -> list:
    numbers = [row.iban, row.bic, row.account_no, row.routing]
    return [row.holder, row.bank_name, *numbers, row.currency, _("yes") if row.active else _("no")]


@staff_required("bank_account.write")
def bank_account(request, pk=None):
    """Propose a new one (no pk) or a change of one."""
    current = Organization.objects.current()
    account = get_object_or_404(BankAccount, pk=pk) if pk else None
    form = BankAccountForm(
        request.POST or None,
        instance=BankAccount.objects.get(pk=pk) if pk else BankAccount(holder=current.legal_name),
    )

    def act():
        propose, thing = (service.propose_change, account) if account else (service.propose_account, current)
        return propose(thing, by=request.user, at=clock.now(), **form.cleaned_data)

    if form.is_bound and form.is_valid() and once.carried_out(request, form, act, leads=lambda _made: _back()):
        if form.result:
            _say(request, form.result)
        return go(request, form.leads_to)
    context = {"form": form, "account": account, "cancel_url": _back()}
    context["at_once"] = account is None and service.needs_nobody(current, kind=service.Kind.NEW, by=request.user)
    context["alone"] = service.is_alone(request.user)
    return render_dialog(request, "customers/bank_account.html", context, status=422 if form.is_bound else 200)


@staff_required("bank_account.write")
@require_POST
def bank_account_active(request, pk):
    account = get_object_or_404(BankAccount, pk=pk)
    active = request.POST.get("active") == "yes"
    _say(request, service.propose_offering(account, by=request.user, at=clock.now(), active=active))
    return redirect(_back())


@staff_required("bank_account.write")
@require_POST
def confirming(request, pk):
    service.confirm_change(_change_or_404(pk), by=request.user, at=clock.now())
    messages.success(
        request, _("Confirmed. Invoices opened from now on say so; those opened before keep what they say.")
    )
    return redirect(_back())


@staff_required("bank_account.write")
@require_POST
def withdrawing(request, pk):
    service.withdraw_change(_change_or_404(pk), by=request.user, at=clock.now())
    messages.success(request, _("Withdrawn. The bank accounts stay as they are."))
    return redirect(_back())


@staff_required("bank_account.write")
def rejecting(request, pk):
    """Ask why (GET), then reject."""
    change = _change_or_404(pk)
    form = RejectionForm(request.POST or None)

    def act():
        return service.reject_change(change, by=request.user, at=clock.now(), reason=form.cleaned_data["reason"])

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("Rejected. The bank accounts stay as they are."))
        return go(request, _back())
    context = {"form": form, "change": dress(change, request.user), "cancel_url": _back()}
    return render_dialog(request, "customers/bank_change_reject.html", context, status=422 if form.is_bound else 200)


def _say(request, change):
    if change.status == change.Status.APPLIED:
        said = _("The bank account is in effect. Invoices opened before keep what they say.")
    elif change.effective_at:
        said = _("Proposed. It takes effect in 24 hours; all admins and managers and our own addresses are told now.")
    else:
        said = _("Proposed. It takes effect when another admin confirms it; until then invoices carry the old account.")
    messages.success(request, said)


def _back():
    return reverse("customers:bank_accounts")


def _change_or_404(pk) -> BankAccountChange:
    return get_object_or_404(BankAccountChange.objects.select_related("account", "organization", "proposed_by"), pk=pk)
