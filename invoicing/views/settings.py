"""AR Settings: Invoice Templates, tax rates, number series."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from config.common import clock, roles
from config.common.fields import plain
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required
from customers.models import Organization
from invoicing.forms import settings as forms
from invoicing.models import InvoiceTemplate, Series, TaxRate
from invoicing.services import settings as service


@staff_required("view")
def template_list(request):
    context = {
        "templates": InvoiceTemplate.objects.all(),
        "may_write": roles.may(request.user, "template.write"),
        "may_set_up": roles.may(request.user, "series.write"),
    }
    return render(request, "invoicing/settings/templates.html", context)


@staff_required("template.write")
def template_edit(request, pk):
    template = get_object_or_404(InvoiceTemplate, pk=pk)
    form = forms.TemplateForm(request.POST or None, instance=template)

    def act():
        version = form.cleaned_data["version"]
        return service.change_template(template, by=request.user, version=version, **form.values())

    if form.is_bound and form.is_valid() and carried_out(form, act):
        said = _("%(name)s is saved. It counts for what is sent from now on.")
        messages.success(request, said % {"name": template})
        return redirect("invoicing:template_list")
    template.refresh_from_db()
    context = {"form": form, "template": template, "legend": forms.legend()}
    return render(request, "invoicing/settings/template.html", context, status=422 if form.is_bound else 200)


@staff_required("view")
def tax_list(request):
    rates = list(TaxRate.objects.all())
    for rate in rates:
        rate.percent_text = plain(rate.percent)
    context = {"rates": rates, "may_write": roles.may(request.user, "tax.write")}
    return render(request, "invoicing/settings/taxes.html", context)


@staff_required("tax.write")
def tax_edit(request, pk=None):
    """Add one (no pk) or change it."""
    rate = get_object_or_404(TaxRate, pk=pk) if pk else None
    back = reverse("invoicing:tax_list")
    form = forms.TaxRateForm(request.POST or None, instance=TaxRate.objects.get(pk=pk) if pk else None)

    def act():
        if rate:
            return service.change_tax_rate(rate, by=request.user, **form.cleaned_data)
        return service.add_tax_rate(by=request.user, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        said = _("%(name)s is saved. Lines made before keep what they have.")
        messages.success(request, said % {"name": form.result})
        return go(request, back)
    context = {"form": form, "rate": rate, "cancel_url": back}
    return render_dialog(request, "invoicing/settings/tax.html", context, status=422 if form.is_bound else 200)


@staff_required("view")
def series_list(request):
    year = _year()
    rows = []
    for series in Series.objects.all():
        following = service.next_of(series, year=year)
        rows.append({"series": series, "kind": forms.kind_label(series.kind), "next": series.text(year, following)})
    context = {"rows": rows, "year": year, "may_write": roles.may(request.user, "series.write")}
    return render(request, "invoicing/settings/series_list.html", context)


@staff_required("series.write")
def series_edit(request, pk):
    """Change pattern, restart and next number; HTMX asks here for the example of what is typed."""
    series, year = get_object_or_404(Series, pk=pk), _year()
    back = reverse("invoicing:series_list")
    following = service.next_of(series, year=year)
    form = forms.SeriesForm(request.POST or None, instance=Series.objects.get(pk=pk), next_no=following)
    if request.htmx.target == "series-example":
        return render(request, "invoicing/settings/_series_example.html", {"example": form.example(year)})
    if form.is_bound and form.is_valid():
        data = form.cleaned_data

        def act():
            return service.change_series(
                series,
                by=request.user,
                pattern=data["pattern"],
                restarts_yearly=data["restarts_yearly"],
                next_number=data["next_no"],
                year=year,
            )

        if carried_out(form, act):
            messages.success(request, _("The number series is saved."))
            return go(request, back)
    context = {
        "form": form,
        "series": series,
        "kind": forms.kind_label(series.kind),
        "year": year,
        "example": form.example(year),
        "cancel_url": back,
    }
    return render_dialog(request, "invoicing/settings/series.html", context, status=422 if form.is_bound else 200)


def _year():
    zone = Organization.objects.values_list("time_zone", flat=True).order_by("pk").first()
    return clock.today(zone or "UTC").year
