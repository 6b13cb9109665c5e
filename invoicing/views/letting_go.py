"""The rest of an invoice let go without money: a difference that was left open first."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.common.views import staff_required

from ..forms.letting_go import LetGoForm
from ..forms.paying import say
from ..models import Invoice
from ..services import allocating
from ..services import letting_go as service
from .allocations import asked
from .figures import today_of


@staff_required("payment.let_go")
@require_http_methods(["GET", "POST"])
def letting_go(request, pk):
    """Asks what the difference is and why; the whole amount due is let go."""
    invoice = get_object_or_404(Invoice.objects.select_related("customer"), pk=pk)
    if request.method == "GET":
        allocating.check_settleable(invoice)
    today = today_of(request)
    form = LetGoForm(request.POST or None, invoice=invoice, today=today, person=request.user)
    due = {"due": say(invoice.amount_due, invoice.currency), "number": invoice.number}

    def act():
        return service.let_go(invoice, by=request.user, on=today, **form.values())

    words = {
        "title": _("Let the rest of %(number)s go") % due,
        "lede": invoice.customer_name,
        "effect": _("%(due)s is let go without money, which settles %(number)s. It can be taken back.") % due,
        "button": _("Let it go"),
    }
    done = _("%(due)s of %(number)s is let go.")
    return asked(request, form, act, words, back=reverse("invoicing:detail", args=[pk]), done=lambda _row: done % due)
