"""AR Settings: write-off limits."""

from django.contrib import messages
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from config.common import roles
from config.common.currency import to_decimal
from config.common.exports import export_response, is_asked
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required

from ..forms.limits import LIMITED, LimitForm
from ..models import WriteOffLimit
from ..services import letting_go
from .figures import organization_of

HEADS = [gettext_lazy("Role"), gettext_lazy("Currency"), gettext_lazy("At most")]


@staff_required("view")
@require_safe
def limit_list(request):
    """Who may let how much go; what no row says is said too."""
    limits = [{"row": row, "role": dict(LIMITED).get(row.role, row.role)} for row in WriteOffLimit.objects.all()]
    if is_asked(request):
        return export_response(request, "write-off-limits", HEADS, map(_cells, limits))
    context = {
        "limits": limits,
        "may_write": roles.may(request.user, "limit.write"),
    }
    return render(request, "invoicing/settings/limits.html", context)


def _cells(limit) -> list:
    row = limit["row"]
    return [str(limit["role"]), row.currency, to_decimal(row.most, row.currency)]


@staff_required("limit.write")
@require_http_methods(["GET", "POST"])
def limit_edit(request, pk=None):
    """Set one, change it, or take it away by leaving the amount empty."""
    row = WriteOffLimit.objects.filter(pk=pk).first()
    organization = organization_of(request)
    known = (
        {"role": row.role, "currency": row.currency, "most": row.most}
        if row
        else {"role": "clerk", "currency": organization.currency if organization else "EUR"}
    )
    form = LimitForm(request.POST or None, initial=known)
    back = reverse("invoicing:limit_list")

    def act():
        return letting_go.set_limit(by=request.user, most=form.cleaned_data["most"], **form.values())

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("The write-off limit is saved."))
        return go(request, back)
    context = {"form": form, "limit": row, "cancel_url": back}
    return render_dialog(request, "invoicing/settings/limit.html", context, status=422 if form.is_bound else 200)
