"""The box beside a template that chooses what it is looked at with: any invoice, by its number or its customer."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config.common.views import staff_required

from .. import presenting
from ..filters import search
from ..models import Invoice
from ..services import sampling

MAIL, PAPER = "mail_invoice", "preview_invoice"  # a mail is about what is opened; paper may be a draft's, or invented
OFFERED = 8
_DRAFT = re.compile(r"[^#]*#([0-9]{1,9})")


@dataclass(frozen=True)
class Choice:
    """`invoice` is None for an invented one; `missing`: none fits the words, and another is shown."""

    words: str
    invoice: Invoice | None
    missing: bool = False


def choose(box: str, data, *, otherwise: Callable[[], Invoice | None]) -> Choice:
    """The draft or the number that is typed in, else the newest invoice that fits; `otherwise` where there is none."""
    words = _typed(box, data)
    if not words:
        return Choice(words, otherwise())
    rows = _rows(box)
    found = rows.filter(number__iexact=words).first()
    if found is None and box == PAPER:
        if words.casefold() == sampling.NUMBER.casefold():
            return Choice(words, None)
        if named := _DRAFT.fullmatch(words):
            found = rows.filter(pk=int(named[1]), status=Invoice.Status.DRAFT).first()
    found = found or search(rows, words).order_by("-pk").first()
    return Choice(words, found or otherwise(), missing=found is None)


@staff_required("template.write")
@require_safe
def preview_invoices(request):
    """What fits the words in one of the boxes, newest first."""
    box = PAPER if PAPER in request.GET else MAIL
    words = _typed(box, request.GET)
    rows = list(search(_rows(box), words).order_by("-pk")[:OFFERED])
    for row in rows:
        row.called = row.number or f"{_('Draft')} #{row.pk}"
        row.state = presenting.state_text(row)
    context = {"invoices": rows, "invented": sampling.NUMBER if box == PAPER else ""}
    return render(request, "invoicing/_invoice_box_offer.html", context)


def _rows(box):
    return Invoice.objects.all() if box == PAPER else Invoice.objects.exclude(status=Invoice.Status.DRAFT)


def _typed(box, data) -> str:
    return data.get(box, "").replace("\0", "").strip()[:100]
