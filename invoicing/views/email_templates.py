"""AR Settings: Email Templates, the words of reminders and receipts."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.common import clock, once, roles
from config.common.exports import export_response, is_asked
from config.common.leading import go
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required

from .. import merge
from ..forms.email_templates import EmailTemplateForm, NewTemplateForm
from ..models import EmailTemplate
from ..services import email_templates as service
from .figures import organization_of

HEADS = [
    gettext_lazy("Kind"),
    gettext_lazy("Template"),
    gettext_lazy("Default"),
    gettext_lazy("Archived"),
    gettext_lazy("Language"),
    gettext_lazy("Default Email Subject"),
    gettext_lazy("Default Email Message"),
    gettext_lazy("Reply-To Email"),
    gettext_lazy("CC Emails"),
]


@staff_required("view")
@require_safe
def email_template_list(request):
    """By kind: the default first, what is archived last."""
    rows = sorted(
        EmailTemplate.objects.prefetch_related("texts"),
        key=lambda row: (row.is_archived, not row.is_default, row.pk),
    )
    if is_asked(request):
        return export_response(request, "email-templates", HEADS, (cells for row in rows for cells in _cells(row)))
    organization = organization_of(request)
    language = organization.language if organization else "en"
    for row in rows:
        row.words = row.text_in(language)
        row.languages = ", ".join(text.get_language_display() for text in row.texts.all())
    groups = [
        {"kind": kind, "title": title, "templates": [row for row in rows if row.kind == kind]}
        for kind, title in (("reminder", _("Reminders")), ("receipt", _("Receipts")))
    ]
    may_write = roles.may(request.user, "template.write")
    context = {"groups": groups if rows else [], "may_write": may_write}
    return render(request, "invoicing/settings/email_templates.html", context)


def _cells(row):
    marks = [_("yes") if fact else _("no") for fact in (row.is_default, row.is_archived)]
    for text in row.texts.all():
        words = [text.get_language_display(), text.subject, text.message, text.reply_to, text.cc]
        yield [row.get_kind_display(), row.name, *marks, *words]


@staff_required("template.write")
@require_http_methods(["GET", "POST"])
def email_template_new(request):
    """Kind and name, then on to its page; `?like=7` copies the words of another one."""
    like = EmailTemplate.objects.filter(pk=_number(request.GET.get("like", ""))).first()
    known = {"like": like.pk, "kind": like.kind, "name": _copied(like)} if like else {"kind": request.GET.get("kind")}
    form = NewTemplateForm(request.POST or None, initial=known)

    def act():
        organization = organization_of(request)
        texts = form.texts(organization.language if organization else "en")
        data = form.cleaned_data
        return service.create_template(by=request.user, kind=data["kind"], name=data["name"], texts=texts)

    def leads(made):
        return reverse("invoicing:email_template_edit", args=[made.pk])

    if form.is_bound and form.is_valid() and once.carried_out(request, form, act, leads=leads):
        if form.result:
            said = _("%(name)s is there. Now give it the words you want.")
            messages.success(request, said % {"name": form.result})
        return go(request, form.leads_to)
    context = {"form": form, "like": like, "cancel_url": reverse("invoicing:email_template_list")}
    status = 422 if form.is_bound else 200
    return render_dialog(request, "invoicing/settings/email_template_new.html", context, status=status)


@staff_required("template.write")
@require_http_methods(["GET", "POST"])
def email_template_edit(request, pk):
    """Its name and words. `add` and `take` change which languages the page has; nothing is saved by that."""
    template = row_or_gone(request, EmailTemplate.objects.prefetch_related("texts"), pk)
    if request.method == "POST" and {"add", "take"} & set(request.POST):
        typed = _with_languages(request.POST)
        return _page(request, template, EmailTemplateForm(instance=template, typed=typed), fresh=typed.get("add", ""))
    form = EmailTemplateForm(request.POST or None, instance=template)

    def act():
        version = form.cleaned_data["version"]
        return service.change_template(template, by=request.user, version=version, **form.values())

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("%(name)s is saved. It counts for what is sent from now on.") % {"name": template})
        return redirect("invoicing:email_template_list")
    return _page(request, template, form, status=422 if form.is_bound else 200)


def _page(request, template, form, *, fresh="", status=200):
    template = EmailTemplate.objects.filter(pk=template.pk).first() or template
    context = {
        "form": form,
        "template": template,
        "fields": merge.legend(template.kind),
        "unsaved": request.method == "POST",
        "fresh": fresh,
        "languages": [(section["language"], section["label"]) for section in form.sections()],
    }
    return render(request, "invoicing/settings/email_template.html", context, status=status)


def _with_languages(post):
    """What is typed, with one language more or less."""
    typed = post.copy()
    languages = [code for code in typed.get("languages_typed", "").split(",") if code and code != typed.get("take")]
    typed["languages_typed"] = ",".join([*languages, *filter(None, [typed.get("add")])])
    return typed


@staff_required("template.write")
@require_POST
def email_template_default(request, pk):
    template = service.make_default(row_or_gone(request, EmailTemplate.objects, pk), by=request.user)
    messages.success(request, _("%(name)s is the default now.") % {"name": template})
    return go(request, reverse("invoicing:email_template_list"))


@staff_required("template.write")
@require_POST
def email_template_archiving(request, pk):
    """Into the archive, or with `back` out of it."""
    template = row_or_gone(request, EmailTemplate.objects, pk)
    if "back" in request.GET:
        service.restore_template(template, by=request.user)
        messages.success(request, _("%(name)s is back from the archive.") % {"name": template})
    else:
        service.archive_template(template, by=request.user, at=clock.now())
        messages.success(request, _("%(name)s is archived. It is not offered any more.") % {"name": template})
    return go(request, reverse("invoicing:email_template_list"))


@staff_required("template.write")
@require_http_methods(["GET", "POST"])
def email_template_deleting(request, pk):
    template = row_or_gone(request, EmailTemplate.objects, pk)
    back = reverse("invoicing:email_template_list")
    if request.method == "POST":
        service.delete_template(template, by=request.user, version=_number(request.POST.get("version", "")))
        messages.success(request, _("%(name)s is deleted.") % {"name": template})
        return go(request, back)
    context = {"template": template, "cancel_url": back}
    return render_dialog(request, "invoicing/settings/email_template_delete.html", context)


def _copied(like) -> str:
    return (_("Copy of %(name)s") % {"name": like.name})[:80]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
