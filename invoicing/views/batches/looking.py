"""A look at any of the mails and PDFs of a batch before it runs."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from config.common.views import staff_required

from ...filters import search
from ...models import Invoice
from ...services import previewing
from ...services.batches import checking, looking
from ...services.batches.mailing import Refusal
from ..figures import today_of
from ..mail_pages import mail_page
from ..mending import mend_link
from . import typed
from .dialog import action_of, chosen, form_for, mistakes

REACH = 200  # how far is looked for the next one that would go
SEARCHED = 1000


@staff_required("batch.run")
@require_http_methods(["GET", "POST"])
def batch_look(request, pk, invoice):
    """POST keeps what is typed. `go` (first, next, prev) leads on to one that would go, `find` to one by its number or
    customer; `part=html` is the page of the frame.
    """
    selection, action = chosen(request, pk), action_of(request)
    pks = [key for key, _version in selection.rows]
    if invoice not in pks:
        raise Http404
    form = form_for(request, selection, action, request.POST or None, initial=typed.of(request, selection))
    if request.method == "POST":
        typed.keep(request, selection, form)
    else:
        form = form_for(request, selection, action, form.shown())
    if not form.is_valid():
        return _shown(request, selection, {"mistakes": mistakes(form)}, action)
    wishes, on = form.wishes(), today_of(request)
    if request.GET.get("part") == "html":
        return _frame(invoice, wishes, on)
    words = request.POST.get("find", "").strip()
    found = _found(words, pks) if words else _on_from(invoice, request.GET.get("go"), selection, wishes, on)
    context = {"words": words, "missing": found is None}
    return _shown(request, selection, context | _of(found or invoice, selection, wishes, on), action)


def _of(pk, selection, wishes, on) -> dict:
    """The invoice, its place among the chosen ones, its mail, and what else would become of it."""
    invoice = get_object_or_404(Invoice.objects.select_related("customer", "template"), pk=pk)
    looked = checking.look([pk], by=selection.person, wishes=wishes, on=on, versions=dict(selection.rows))
    skipped, failing = looked.skipped.get(pk, ""), next(iter(looked.failing), None)
    mail = looking.look_at(invoice, wishes=wishes, on=on) if wishes.mails and not skipped else None
    pks = [key for key, _version in selection.rows]
    return {
        "invoice": invoice,
        "number": previewing.as_if_opened(invoice, on=on).number,
        "place": pks.index(pk) + 1,
        "total": len(pks),
        "skipped": skipped,
        "failing": failing.sentence if failing else "",
        "mend": mend_link(failing.mend, invoice) if failing else {},
        "mail": None if isinstance(mail, Refusal) else mail,
    }


def _frame(pk, wishes, on):
    mail = looking.look_at(get_object_or_404(Invoice, pk=pk), wishes=wishes, on=on) if wishes.mails else None
    if mail is None or isinstance(mail, Refusal):
        raise Http404
    return mail_page(mail.html)


def _on_from(pk, go, selection, wishes, on) -> int:
    """The nearest in that direction that would go; where none is near, its neighbour, which then says why not."""
    pks = [key for key, _version in selection.rows]
    at = pks.index(pk)
    ahead = {
        "first": pks[at : at + REACH],
        "next": pks[at + 1 : at + 1 + REACH],
        "prev": pks[max(at - REACH, 0) : at][::-1],
    }.get(go, [])
    if not ahead:
        return pk
    looked = checking.look(ahead, by=selection.person, wishes=wishes, on=on, versions=dict(selection.rows))
    stopped = set(looked.skipped) | {finding.invoice for finding in looked.failing}
    return next((key for key in ahead if key not in stopped), ahead[0])


def _found(words, pks) -> int | None:
    among = set(pks)
    rows = search(Invoice.objects.all(), words).order_by("pk").values_list("pk", flat=True)[:SEARCHED]
    return next((pk for pk in rows if pk in among), None)


def _shown(request, selection, context, action):
    if invoice := context.get("invoice"):
        context["here"] = reverse("invoicing:batch_look", args=[selection.pk, invoice.pk]) + f"?action={action}"
    context["back"] = reverse("invoicing:batch_new", args=[selection.pk]) + f"?action={action}"
    return render(request, "invoicing/_batch_look.html" if request.htmx else "invoicing/batch_look.html", context)
