"""Settings → Organization: legal data, logo, our own addresses."""

import hashlib
from copy import copy

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from config.common import roles
from config.common.exports import export_response, is_asked
from config.common.leading import go
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required
from customers.forms_organization import LogoForm, OrganizationEmailForm, OrganizationForm
from customers.models import Organization, OrganizationEmail
from customers.services import logos
from customers.services import organization as service


@staff_required("view")
def organization(request):
    """Everybody may look; saving is the service's to allow. The first save sets the installation up."""
    current = Organization.objects.first()
    form = OrganizationForm(request.POST or None, instance=current or Organization(time_zone=request.user.time_zone))
    if form.is_bound and form.is_valid() and carried_out(form, lambda: _save(current, form, request.user)):
        messages.success(request, _("The organization is saved."))
        return redirect("customers:organization")
    return _page(request, current, form=form, status=422 if form.is_bound else 200)


def _save(current, form, user):
    if current is None:
        return service.set_up_organization(by=user, **form.values())
    return service.change_organization(current, by=user, version=form.cleaned_data["version"], **form.values())


def _page(request, current, *, form=None, logo_form=None, status=200):
    form = form or OrganizationForm(instance=current)
    may_write = roles.may(request.user, service.ACT)
    if not may_write:
        for field in form.fields.values():
            field.disabled = True
    context = {
        "form": form,
        "logo_form": logo_form or LogoForm(),
        "logo": hashlib.sha256(current.logo).hexdigest()[:12] if current and current.logo else "",
        "current": current,
        "tabs": tabs(request),
        "may_write": may_write,
    }
    return render(request, "customers/organization.html", context, status=status)


def tabs(request):
    pages = [
        (_("Organization"), "customers:organization"),
        (_("Organization Emails"), "customers:organization_emails"),
        (_("Bank accounts"), "customers:bank_accounts"),
    ]
    addresses = [(label, reverse(name)) for label, name in pages]
    return [{"label": label, "url": url, "count": None, "current": url == request.path} for label, url in addresses]


@staff_required("view")
def logo(request):
    """The stored picture, for staff: always our own PNG, whatever was uploaded. POST uploads or removes."""
    current = Organization.objects.current()
    if request.method == "POST":
        return _change_logo(request, current)
    if not current.logo:
        raise Http404
    response = HttpResponse(bytes(current.logo), content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = 'inline; filename="logo.png"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _change_logo(request, current):
    if "remove" in request.POST:
        logos.remove_logo(current, by=request.user)
        messages.success(request, _("The logo is removed."))
        return redirect("customers:organization")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["logo"]
        data = upload.read(logos.MAX_BYTES + 1)  # one byte more tells that it is too large
        if carried_out(form, lambda: logos.store_logo(current, by=request.user, data=data)):
            messages.success(request, _("The logo is saved."))
            return redirect("customers:organization")
    return _page(request, current, logo_form=form, status=422)


@staff_required("view")
def emails(request):
    rows = list(Organization.objects.current().emails.all())
    if is_asked(request):
        cells = ([row.email, row.label, _("yes") if row.preselected else _("no")] for row in rows)
        heads = [_("Email"), _("Label"), _("Preselected")]
        return export_response(request, "organization-emails", heads, cells)
    context = {
        "rows": rows,
        "tabs": tabs(request),
        "may_write": roles.may(request.user, service.ACT),
    }
    return render(request, "customers/organization_emails.html", context)


@staff_required("organization.write")
def email(request, pk=None):
    """Add one (no pk) or change it; with ?removing, ask whether to take it out, and do so."""
    current = Organization.objects.current()
    row = row_or_gone(request, OrganizationEmail.objects.all(), pk) if pk else None
    back = reverse("customers:organization_emails")
    if row and request.method == "POST" and "remove" in request.POST:
        service.remove_organization_email(row, by=request.user)
        messages.success(request, _("%(email)s is out of the list.") % {"email": row.email})
        return go(request, back)
    if row and "removing" in request.GET:
        effect = _("It is no longer offered for copies. Mails sent before still say where they went.")
        return render_dialog(request, "customers/removing.html", {"what": row, "effect": effect, "cancel_url": back})
    form = OrganizationEmailForm(request.POST or None, instance=copy(row))

    def act():
        if row:
            return service.change_organization_email(row, by=request.user, seen=form.seen, **form.cleaned_data)
        return service.add_organization_email(current, by=request.user, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("%(email)s is saved.") % {"email": form.result})
        return go(request, back)
    removing_url = f"{request.path}?removing=1"
    return _dialog(request, "customers/organization_email.html", form, back, row=row, removing_url=removing_url)


def _dialog(request, template, form, back, **context):
    context |= {"form": form, "cancel_url": back}
    return render_dialog(request, template, context, status=422 if form.is_bound else 200)
