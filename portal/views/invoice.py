"""The page behind a mailed link: one invoice, for its one reader. Every GET is harmless and may be repeated."""

from functools import wraps

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import override
from django.views.decorators.http import require_POST, require_safe

from config.common import clock
from config.common.views import carried_out
from customers.models import Organization
from invoicing import documents, links
from invoicing.services import linking, tracking

from .. import access, showing


def in_private(view):
    """Kept nowhere, found by no search engine; the address that holds the token is told to nobody."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        if "token" in kwargs:
            response["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


@in_private
@require_safe
def link(request, token):
    """Exchange the token for the page of its invoice, however often, whoever asks; a visit is noted."""
    if token == links.NOWHERE:
        return render(request, "portal/preview.html")
    found = access.by_token(token)
    if found is None:
        return _missed(request)
    tracking.record_visit(
        found.delivery,
        method=request.method,
        user_agent=request.headers.get("User-Agent", ""),
        headers=request.headers,
        at=clock.now(),
        is_staff=request.user.is_authenticated,
    )
    return access.let_in(redirect("portal:invoice", found.delivery.public_id), found)


@in_private
@require_safe
def invoice(request, key):
    found = access.by_cookie(request, key)
    if found is None:
        return _missed(request)
    if found.invoice.status == "void":
        return _page(request, found, "portal/void.html")
    if access.has_expired(found):
        return _expired(request, found, forms.Form(), status=410)
    with override(found.delivery.language):
        shown = showing.page_of(found.invoice, on=_today())
    return _page(request, found, "portal/invoice.html", {"page": shown})


@in_private
@require_safe
def pdf(request, key):
    """The stored file, as it was attached. It is never made here: a stranger's request is no reason to draw a page."""
    found = access.by_cookie(request, key)
    if found is None or found.invoice.status == "void" or access.has_expired(found):
        return _missed(request)
    stored = documents.stored_pdf(found.invoice)
    if stored is None:
        answer = _page(request, found, "portal/no_pdf.html", status=503)
        answer["Retry-After"] = "60"
        return answer
    return HttpResponse(
        documents.read(stored),
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(True, stored.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


@in_private
@require_POST
def fresh(request, key):
    """Send a fresh link to the same address, and to no other."""
    found = access.by_cookie(request, key)
    if found is None:
        return _missed(request)
    form = forms.Form(request.POST)
    with override(found.delivery.language):
        if access.has_expired(found) and not carried_out(form, lambda: linking.send_fresh(found, at=clock.now())):
            return _expired(request, found, form, status=422)
    return redirect("portal:invoice", key)


def _expired(request, found, form, *, status):
    context = {
        "form": form,
        "address": masked(found.delivery.recipient),
        "sent": linking.was_sent_fresh(found, at=clock.now()),
    }
    return _page(request, found, "portal/expired.html", context, status=status)


def _page(request, found, template, context=None, *, status=200):
    """In the language of the mail, whatever the browser asks for."""
    language = found.delivery.language
    with override(language):
        answer = render(request, template, {"link": found, "invoice": found.invoice, **(context or {})}, status=status)
    answer["Content-Language"] = language
    return answer


def _missed(request):
    """One answer for what never was, what was taken back and what this browser has not opened."""
    if access.may_miss(request):
        return render(request, "portal/gone.html", status=404)
    answer = render(request, "portal/too_often.html", status=429)
    answer["Retry-After"] = "60"
    return answer


def masked(email: str) -> str:
    """Enough for its owner to know it by: a•••@harbour.example."""
    name, _at, host = email.rpartition("@")
    return f"{name[:1]}•••@{host}"


def _today():
    return clock.today(Organization.objects.defer("logo").current().time_zone)
