"""Credit used after the fact: allocated, used for an invoice, moved, taken back; each dialog says the effect."""

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.common import once
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required

from ..forms.moving import MoveForm, SpreadForm, UseCreditForm, WhyForm
from ..forms.paying import say
from ..models import Allocation, Invoice, Payment
from ..reports import credit
from ..services import allocating, reallocating
from .figures import today_of


@staff_required("payment.allocate")
@require_http_methods(["GET", "POST"])
def payment_allocations(request, pk):
    """A payment's credit on account over the customer's open invoices."""
    payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    back = reverse("invoicing:payment", args=[pk])
    return _spread(request, payment, payment.on_account, back, title=_("Allocate credit on account"))


@staff_required("payment.allocate")
@require_http_methods(["GET", "POST"])
def note_allocations(request, pk):
    """What is left of a credit note over the customer's open invoices."""
    note = get_object_or_404(Invoice.objects.select_related("customer").filter(kind="credit_note"), pk=pk)
    if request.method == "GET":
        allocating.check_gives_credit(note, 1)
    back = reverse("invoicing:detail", args=[pk])
    title = _("Allocate %(number)s") % {"number": note.number}
    return _spread(request, note, note.amount_due, back, title=title)


def _spread(request, source, rest, back, *, title):
    invoices = credit.owed_invoices(source.customer, source.currency)
    form = SpreadForm(request.POST or None, invoices=invoices, rest=rest, currency=source.currency)

    def act():
        reallocating.spread(source, by=request.user, amounts=form.amounts(), on=today_of(request))
        return source

    if request.method == "POST" and _allocate(request, form, act, source.currency, back):
        return go(request, back)
    context = {
        "form": form,
        "title": title,
        "customer": source.customer,
        "currency": source.currency,
        "rest": rest,
        "today": today_of(request),
        "cancel_url": back,
    }
    status = 422 if request.method == "POST" else 200
    return render_dialog(request, "invoicing/allocate_dialog.html", context, status=status)


def _allocate(request, form, act, currency, back) -> bool:
    """Whether it is done, now or by the same page sent before, whose rows are gone by now."""
    if not form.is_valid():
        return once.sent_before(request) is not None
    if not once.carried_out(request, form, act, leads=lambda _source: back):
        return False
    if form.result:
        messages.success(request, _allocated(form, currency))
    return True


@staff_required("payment.allocate")
@require_http_methods(["GET", "POST"])
def use_credit(request, pk):
    """What is on account and on open credit notes, for one invoice."""
    invoice = get_object_or_404(Invoice.objects.select_related("customer"), pk=pk)
    if request.method == "GET":
        allocating.check_settleable(invoice)
    notes = credit.open_notes(invoice.customer, invoice.currency)
    sources = [*notes, *credit.payments_on_account(invoice.customer, invoice.currency)]
    form = UseCreditForm(request.POST or None, invoice=invoice, sources=sources)
    back = reverse("invoicing:detail", args=[pk])

    def act():
        reallocating.use_credit(invoice, by=request.user, amounts=form.amounts(), on=today_of(request))
        return invoice

    if request.method == "POST" and _allocate(request, form, act, invoice.currency, back):
        return go(request, back)
    context = {"form": form, "invoice": invoice, "cancel_url": back}
    status = 422 if request.method == "POST" else 200
    return render_dialog(request, "invoicing/use_credit_dialog.html", context, status=status)


@staff_required("payment.allocate")
@require_http_methods(["GET", "POST"])
def moving(request, pk):
    """The wrong invoice was named: what it settles goes to another one of the same customer."""
    row = _allocation(pk)
    invoices = Invoice.objects.invoices().filter(
        customer=row.invoice.customer_id, currency=row.invoice.currency, status__in=["open", "uncollectible"]
    )
    invoices = invoices.exclude(pk=row.invoice_id).order_by("due_on", "pk")
    form = MoveForm(request.POST or None, invoices=invoices)

    def act():
        given = form.cleaned_data
        return reallocating.move_allocation(row, to=given["to"], by=request.user, reason=given["reason"])

    words = {
        "title": _("Move to another invoice"),
        "effect": _effect_of_moving(row) if invoices.exists() else "",
        "refusal": "" if invoices.exists() else _("This customer has no other open invoice in that currency."),
        "button": _("Move"),
    }
    return asked(request, form, act, words, row=row, done=_moved)


@staff_required("payment.allocate")
@require_http_methods(["GET", "POST"])
def taking_back(request, pk):
    """Undo: what was allocated is credit again."""
    row = _allocation(pk)
    form = WhyForm(request.POST if request.method == "POST" else None)

    def act():
        return reallocating.take_back(row, by=request.user, reason=form.cleaned_data["reason"])

    words = {"title": _("Take back"), "effect": _effect_of_taking_back(row), "button": _("Take back")}
    return asked(request, form, act, words, row=row, done=_("%(amount)s is taken back.") % {"amount": _amount(row)})


def asked(request, form, act, words, *, done, row=None, back=""):
    """One dialog for every act that undoes: what will happen, and what has to be known for it.

    done: the sentence for the toast, or what makes it from the act's result.
    """
    back = back or _page_of(row)
    if request.method == "POST" and form.is_valid() and _carried_out(request, form, act, back):
        if form.result:
            messages.success(request, done(form.result) if callable(done) else done)
        return go(request, back)
    context = {"form": form, "words": words, "cancel_url": back}
    status = 422 if request.method == "POST" else 200
    return render_dialog(request, "invoicing/money_dialog.html", context, status=status)


def _carried_out(request, form, act, back) -> bool:
    if isinstance(form, once.OnceForm):  # what makes something; of what undoes, a second time is told
        return once.carried_out(request, form, act, leads=lambda _made: back)
    return carried_out(form, act)


def _allocation(pk):
    rows = Allocation.objects.select_related("invoice", "payment", "credit_note")
    return get_object_or_404(rows.filter(reverses=None), pk=pk)


def _page_of(row) -> str:
    """Where one came from: the payment's page, or the invoice's where no money was in it."""
    if row.kind == Allocation.Kind.PAYMENT:
        return reverse("invoicing:payment", args=[row.payment_id])
    return reverse("invoicing:detail", args=[row.invoice_id])


def _amount(row) -> str:
    return say(row.amount, row.invoice.currency)


def _moved(allocation) -> str:
    """What arrived, which may be less than what was taken: no more than the other invoice needed."""
    words = {"amount": _amount(allocation), "number": allocation.invoice.number}
    return _("%(amount)s is moved to %(number)s.") % words


def _effect_of_moving(row) -> str:
    """What moving it does, in sentences: where the part goes that the other invoice does not need."""
    if row.kind == Allocation.Kind.PAYMENT:
        goes = _(
            "As much of the %(amount)s as the other invoice needs settles that one; a rest stays with the payment as "
            "credit on account."
        ) % {"amount": _amount(row)}
    else:
        goes = _(
            "As much of the %(amount)s as the other invoice needs settles that one; a rest is free on %(note)s."
        ) % {"amount": _amount(row), "note": row.credit_note.number}
    return _effect(row, goes)


def _effect_of_taking_back(row) -> str:
    """What taking it back does, in sentences."""
    words = {"amount": _amount(row)}
    if row.kind == Allocation.Kind.PAYMENT:
        goes = _("The %(amount)s stay with the payment as credit on account.") % words
    elif row.kind == Allocation.Kind.CREDIT:
        goes = _("The %(amount)s are free on %(note)s again.") % {**words, "note": row.credit_note.number}
    else:
        goes = _("The difference of %(amount)s is owed again.") % words
    return _effect(row, goes)


def _effect(row, goes: str) -> str:
    """What is owed again on its invoice, where the money or credit goes, and what is owed again with it."""
    together = [row, *(reallocating.let_go_with(row) if row.kind == Allocation.Kind.PAYMENT else ())]
    due = row.invoice.amount_due + sum(each.amount for each in together)
    words = {"number": row.invoice.number, "due": say(due, row.invoice.currency)}
    if row.invoice.status == Invoice.Status.PAID:
        first = _("Opens %(number)s again: %(due)s will be due on it.") % words
    else:
        first = _("%(due)s will be due on %(number)s.") % words
    third = _("Differences let go with this payment are owed again too.") if len(together) > 1 else ""
    return " ".join(filter(None, [first, goes, third]))


def _allocated(form, currency) -> str:
    return _("%(amount)s is allocated.") % {"amount": say(sum(minor for _to, minor in form.amounts()), currency)}
