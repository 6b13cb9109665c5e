"""AR Settings: tax rates, number series."""

from decimal import Decimal

from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import clock, once, roles
from config.common.exports import export_response, is_asked
from config.common.fields import plain
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required
from customers.models import Organization
from invoicing.forms import settings as forms
from invoicing.models import Series, TaxRate
from invoicing.services import settings as service


@staff_required("view")
def tax_list(request):
    rates = list(TaxRate.objects.all())
    if is_asked(request):
        return export_response(request, "tax-rates", TAX_HEADS, map(_tax_cells, rates))
    for rate in rates:
        rate.percent_text = plain(rate.percent)
    context = {"rates": rates, "may_write": roles.may(request.user, "tax.write")}
    return render(request, "invoicing/settings/taxes.html", context)


TAX_HEADS = [
    gettext_lazy("Name"),
    gettext_lazy("Category"),
    gettext_lazy("Percent"),
    gettext_lazy("Reason for exemption"),
    gettext_lazy("Offered"),
]


def _tax_cells(rate) -> list:
    reason = rate.exemption_text or rate.exemption_code
    return [rate.name, rate.category, Decimal(plain(rate.percent)), reason, _("yes") if rate.active else _("no")]


@staff_required("tax.write")
def tax_edit(request, pk=None):
    """Add one (no pk) or change it."""
    rate = get_object_or_404(TaxRate, pk=pk) if pk else None
    back = reverse("invoicing:tax_list")
    form = forms.TaxRateForm(request.POST or None, instance=TaxRate.objects.get(pk=pk) if pk else None)

    def add():
        return service.add_tax_rate(by=request.user, **form.cleaned_data)

    def change():
        return service.change_tax_rate(rate, by=request.user, seen=form.seen, **form.cleaned_data)

    def carry():
        return carried_out(form, change) if rate else once.carried_out(request, form, add, leads=lambda _made: back)

    if form.is_bound and form.is_valid() and carry():
        if form.result:
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
    if is_asked(request):
        heads = [*SERIES_HEADS, _("Next in %(year)s") % {"year": year}]
        return export_response(request, "number-series", heads, map(_series_cells, rows))
    context = {"rows": rows, "year": year, "may_write": roles.may(request.user, "series.write")}
    return render(request, "invoicing/settings/series_list.html", context)


SERIES_HEADS = [
    gettext_lazy("For"),
    gettext_lazy("Pattern"),
    gettext_lazy("Starts again each year"),
    gettext_lazy("Dates must rise"),
]


def _series_cells(row) -> list:
    options = [row["series"].restarts_yearly, row["series"].dates_must_rise]
    return [row["kind"], row["series"].pattern, *(_("yes") if each else _("no") for each in options), row["next"]]


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
                dates_must_rise=data["dates_must_rise"],
                next_number=data["next_no"],
                year=year,
                seen=form.seen,
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
