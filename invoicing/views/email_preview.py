"""How the words of a template read in the email, while they are typed: one address for all templates."""

from django.conf import settings
from django.http import HttpResponseBadRequest
from django.shortcuts import render
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_POST

from config.common.views import staff_required

from .. import merge
from ..models import Invoice
from ..services import email_previews
from . import choosing
from .figures import today_of
from .mail_pages import mail_page


@staff_required("template.write")
@require_POST
def email_preview(request):
    """The form of a template as it stands, with mail_kind, mail_language and mail_invoice beside it.

    Answers with the subject, what cannot be filled, and a frame that posts the same words again with `part=html`:
    its page has a policy of its own. A page of its own for who has no script.
    """
    kind = request.POST.get("mail_kind", "")
    if kind not in merge.FIELDS_OF:
        return HttpResponseBadRequest()
    language = request.POST.get("mail_language", "")
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGES[0][0]
    choice = choosing.choose(choosing.MAIL, request.POST, otherwise=lambda: _likely(kind, today_of(request)))
    invoice = choice.invoice
    typed = {name: _typed(request.POST, language, name) for name in ("subject", "message")}
    shown = email_previews.preview(invoice, kind=kind, language=language, on=today_of(request), **typed)
    if request.GET.get("part") == "html":
        return mail_page(shown.html)
    context = {
        "preview": shown,
        "choice": choice,
        "frame": f"mail-{get_random_string(8)}",
        "again": {
            "mail_kind": kind,
            "mail_language": language,
            "mail_invoice": invoice.number if invoice else "",
            **typed,
        },
    }
    fragment = "invoicing/_email_preview_shown.html"
    return render(request, fragment if request.htmx else "invoicing/email_preview.html", context)


def _likely(kind, today) -> Invoice | None:
    """The newest there is of those that such a mail would be about."""
    newest = Invoice.objects.exclude(status=Invoice.Status.DRAFT).filter(kind=Invoice.Kind.INVOICE).order_by("-pk")
    likely = {
        "reminder": newest.filter(status=Invoice.Status.OPEN, due_on__lt=today),
        "receipt": newest.filter(status=Invoice.Status.PAID),
    }
    return likely.get(kind, newest).first() or newest.first()


def _typed(post, language, name) -> str:
    """A template with words in several languages names its fields by them: subject_en."""
    return post.get(f"{name}_{language}", post.get(name, "")).replace("\0", "")
