"""The PDF beside a template's form: what is typed is kept with the session, drawn when the frame asks for it."""

import secrets
from datetime import date

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from config.common import clock
from config.common.views import carried_out, staff_required
from customers.models import Organization
from invoicing.forms import templates as forms
from invoicing.models import Invoice, InvoiceTemplate
from invoicing.services import sampling
from invoicing.views import choosing

KEPT = "template_previews"  # in the session: what was typed last, by key
MOST = 4  # a person looks at one, perhaps in two tabs; the frames of what was typed before are replaced


@staff_required("template.write")
@require_POST
def template_preview(request, pk):
    """A frame for what is typed so far, or what has to be mended first. Nothing is saved."""
    template = get_object_or_404(InvoiceTemplate.objects.prefetch_related("texts"), pk=pk)
    form = forms.TemplateForm(request.POST, instance=template)
    asked = forms.PreviewForm(request.POST, languages=form.languages)
    if not (form.is_valid() and asked.is_valid()):
        return render(request, "invoicing/settings/_template_preview.html", {"form": form, "template": template})
    language = asked.cleaned_data["preview_language"] or next(iter(form.languages), "en")
    choice = choosing.choose(choosing.PAPER, request.POST, otherwise=Invoice.objects.order_by("-pk").first)
    key = secrets.token_urlsafe(9)
    typed = {
        "template": pk,
        "looks": form.looks(language),
        "language": language,
        "invoice": choice.invoice.pk if choice.invoice else None,
    }
    earlier = list(request.session.get(KEPT, {}).items())[1 - MOST :]
    request.session[KEPT] = {**dict(earlier), key: typed}
    context = {"form": form, "template": template, "key": key, "choice": choice}
    return render(request, "invoicing/settings/_template_preview.html", context)


@xframe_options_sameorigin
@staff_required("template.write")
@require_safe
def template_preview_pdf(request, pk, key):
    """What was typed, as a PDF: the one page that may stand in a frame, and in ours alone."""
    kept = request.session.get(KEPT, {}).get(key)
    if kept is None or kept["template"] != pk:
        return _failed(request, _("This preview is over. Type on, or reload the page, to see a new one."), status=404)
    template = get_object_or_404(InvoiceTemplate.objects.prefetch_related("texts"), pk=pk)
    invoice = Invoice.objects.filter(pk=kept["invoice"]).first() if kept["invoice"] else None
    form = Form({})  # takes the renderer's sentence, where it has one

    def draw():
        return sampling.draw_sample(
            template, looks=kept["looks"], language=kept["language"], invoice=invoice, on=_today()
        )

    if not (form.is_valid() and carried_out(form, draw)):
        return _failed(request, " ".join(form.non_field_errors()), status=422)
    response = HttpResponse(form.result, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="preview.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "frame-ancestors 'self'"  # the browser's own reader needs its styles
    return response


def _failed(request, sentence, *, status):
    """In the frame, in place of the page."""
    context = {"sentence": sentence}
    response = render(request, "invoicing/settings/template_preview_failed.html", context, status=status)
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'self'"
    return response


def _today() -> date:
    return clock.today(Organization.objects.current().time_zone)
