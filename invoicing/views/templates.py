"""AR Settings → Invoice Templates: the list, a new one, its look and words, archive, delete."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from config.common import clock, once, roles
from config.common.exports import export_response, is_asked
from config.common.leading import go
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required
from customers.services.logos import MAX_BYTES
from invoicing import documents
from invoicing.forms import templates as forms
from invoicing.forms.settings import legend
from invoicing.models import InvoiceTemplate
from invoicing.services import profiles
from invoicing.services import templates as service
from invoicing.views import template_rows


@staff_required("view")
def template_list(request):
    templates = template_rows.all_of_them()
    if is_asked(request):
        return export_response(request, "invoice-templates", template_rows.HEADS, template_rows.cells(templates))
    context = {
        "templates": templates,
        "may_write": roles.may(request.user, "template.write"),
    }
    return render(request, "invoicing/settings/templates.html", context)


@staff_required("template.write")
def template_new(request):
    form = forms.NewTemplateForm(request.POST or None)
    back = reverse("invoicing:template_list")

    def add():
        return service.create_template(by=request.user, **form.cleaned_data)

    def page(made):
        return reverse("invoicing:template_edit", args=[made.pk])

    if form.is_bound and form.is_valid() and once.carried_out(request, form, add, leads=page):
        if form.result:
            messages.success(request, _("%(name)s is made. Give it its look and its words.") % {"name": form.result})
        return go(request, form.leads_to)
    context = {"form": form, "cancel_url": back}
    status = 422 if form.is_bound else 200
    return render_dialog(request, "invoicing/settings/template_new.html", context, status=status)


@staff_required("template.write")
def template_edit(request, pk):
    template = _found(pk)
    form = forms.TemplateForm(request.POST or None, instance=template)

    def act():
        version = form.cleaned_data["version"]
        return service.change_template(template, by=request.user, version=version, **form.values())

    if form.is_bound and form.is_valid() and carried_out(form, act):
        said = _("%(name)s is saved. It counts for what is opened and sent from now on.")
        messages.success(request, said % {"name": form.result})
        return redirect("invoicing:template_edit", pk)
    return _page(request, pk, form=form, status=422 if form.is_bound else 200)


def _found(pk):
    return get_object_or_404(InvoiceTemplate.objects.prefetch_related("texts"), pk=pk)


def _page(request, pk, *, form=None, logo_form=None, status=200):
    template = _found(pk)
    form = form or forms.TemplateForm(instance=template)
    languages = {text.language: text.get_language_display() for text in template.texts.all()}
    [used] = template_rows.all_of_them(pk=pk)
    context = {
        "form": form,
        "template": template,
        "used": used,
        "why_kept": service.why_kept(template),
        "languages": list(languages.items()),
        "missing": [(code, str(label)) for code, label in settings.LANGUAGES if code not in languages],
        "removable": len(languages) > 1,
        "logo_form": logo_form or forms.LogoForm(initial={"version": template.version}),
        "preview": forms.PreviewForm(languages=languages),
        "legend": legend(),
    }
    return render(request, "invoicing/settings/template.html", context, status=status)


@staff_required("template.write")
def template_languages(request, pk, language):
    """Ask whether to take it away (GET); add it or take it away (POST), whichever the button said."""
    template = row_or_gone(request, InvoiceTemplate.objects.prefetch_related("texts"), pk)
    back = reverse("invoicing:template_edit", args=[pk])
    label = str(dict(settings.LANGUAGES).get(language, ""))
    if not label:
        raise Http404
    if request.method == "POST":
        adds = "add" in request.POST
        change = service.add_language if adds else service.remove_language
        change(template, by=request.user, version=_version(request), language=language)
        said = _("%(language)s is added. Read its words over.") if adds else _("%(language)s is taken away.")
        messages.success(request, said % {"language": label})
        return go(request, f"{back}#{language}" if adds else back)
    left = [text for text in template.texts.all() if text.language != language]
    instead = next((text for text in left if text.language == "en"), next(iter(left), None))
    context = {"template": template, "label": label, "instead": instead, "cancel_url": back}
    return render_dialog(request, "invoicing/settings/template_language.html", context)


@staff_required("template.write")
def template_logo(request, pk):
    """The picture, for staff: always our own PNG. POST uploads or removes."""
    template = row_or_gone(request, InvoiceTemplate.objects.all(), pk)
    if request.method == "POST":
        return _change_logo(request, template)
    picture = documents.kept_logo(template.logo_sha256) if template.logo_sha256 else None
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = 'inline; filename="logo.png"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _change_logo(request, template):
    if "remove" in request.POST:
        service.remove_template_logo(template, by=request.user, version=_version(request))
        messages.success(request, _("It shows the organization’s logo again."))
        return redirect("invoicing:template_edit", template.pk)
    form = forms.LogoForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data["logo"].read(MAX_BYTES + 1)  # one byte more tells that it is too large
        version = form.cleaned_data["version"]

        def act():
            return service.store_template_logo(template, by=request.user, version=version, data=data)

        if carried_out(form, act):
            messages.success(request, _("The logo is saved."))
            return redirect("invoicing:template_edit", template.pk)
    return _page(request, template.pk, logo_form=form, status=422)


@staff_required("template.write")
def template_archiving(request, pk):
    """Ask (GET), then archive or bring back (POST), whichever the button said."""
    template = row_or_gone(request, InvoiceTemplate.objects.all(), pk)
    back = reverse("invoicing:template_edit", args=[pk])
    if request.method == "POST":
        if request.POST.get("archived") == "no":
            service.restore_template(template, by=request.user)
            messages.success(request, _("%(name)s can be used again.") % {"name": template})
        else:
            service.archive_template(template, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s is archived.") % {"name": template})
        return go(request, back)
    [used] = template_rows.all_of_them(pk=pk)
    return render_dialog(request, "invoicing/settings/template_archiving.html", {"used": used, "cancel_url": back})


@staff_required("template.write")
def template_deleting(request, pk):
    template = row_or_gone(request, InvoiceTemplate.objects.all(), pk)
    if request.method == "POST":
        service.delete_template(template, by=request.user)
        messages.success(request, _("%(name)s is deleted.") % {"name": template.name})
        return go(request, reverse("invoicing:template_list"))
    context = {
        "template": template,
        "why_kept": service.why_kept(template),
        "cancel_url": reverse("invoicing:template_edit", args=[pk]),
    }
    return render_dialog(request, "invoicing/settings/template_deleting.html", context)


@staff_required("template.write")
@require_POST
def template_default(request, pk):
    """The organization uses it from now on."""
    template = row_or_gone(request, InvoiceTemplate.objects.all(), pk)
    profiles.use_by_default(template, by=request.user)
    messages.success(request, _("New drafts begin with %(name)s.") % {"name": template})
    return go(request, reverse("invoicing:template_list"))


def _version(request) -> int:
    asked = request.POST.get("version", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
