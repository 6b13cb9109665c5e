"""What stands behind every invoice: tax rates, number series, what an installation begins with.

Every change leaves an event.
"""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, edits, roles
from config.common.currency import to_minor
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from config.common.roles import Role
from customers.models import Organization

from ..models import BillingProfile, Counter, Invoice, InvoiceTemplate, Series, TaxRate, WriteOffLimit
from ..models.tax import NEEDS_REASON, Category
from . import defaults, email_templates, letting_go, numbering, profiles, templates

TAX_FIELDS = {"name", "category", "percent", "exemption_text", "exemption_code", "active"}


def set_up(*, by) -> None:
    """Make what a new installation needs and has not: series, templates, first tax rates, what clerks may let go."""
    roles.require(by, "series.write")
    with transaction.atomic():
        for kind, pattern in defaults.SERIES.items():
            series, made = Series.objects.get_or_create(kind=kind, defaults={"pattern": pattern})
            if made:
                audit.record("series.created", series, by=by, after={"kind": kind, "pattern": pattern})
        if not InvoiceTemplate.objects.exists():
            templates.create_template(by=by, name=defaults.TEMPLATE)
        email_templates.set_up(by=by)
        if not TaxRate.objects.exists():
            organization = Organization.objects.first()
            for rate in defaults.tax_rates(organization.country if organization else ""):
                add_tax_rate(by=by, **rate)
        _limit_clerks(by=by)
        _choose_template(by=by)


def _limit_clerks(*, by):
    """Clerks may let small differences go in our own currency; once, whoever takes it away has decided."""
    organization = Organization.objects.first()
    known = WriteOffLimit.objects.exists() or AuditEvent.objects.filter(action="limit.removed").exists()
    if organization and not known:
        most = to_minor(defaults.CLERKS_LET_GO, organization.currency)
        letting_go.set_limit(by=by, role=Role.CLERK, currency=organization.currency, most=most)


def _choose_template(*, by):
    """The organization uses the oldest template by default until somebody chooses another."""
    if Organization.objects.exists() and not BillingProfile.objects.filter(organization__isnull=False).exists():
        template = InvoiceTemplate.objects.current().first()
        if template:
            profiles.use_by_default(template, by=by)


# --- Tax rates ------------------------------------------------------------------------------------------------


def tax_rate_mistakes(*, category: str, percent: Decimal, exemption_text: str) -> dict[str, str]:
    """What EN 16931 does not allow together, by field: {} if all is well."""
    found = {}
    words = Category(category).label
    if category == Category.STANDARD and percent <= 0:
        found["percent"] = _("A standard rate needs a percent above 0. For 0 percent choose Zero rated.")
    if category != Category.STANDARD and percent != 0:
        found["percent"] = (
            _("Out of scope of VAT has no rate: leave the percent at 0.")
            if category == Category.OUT_OF_SCOPE
            else _("%(category)s charges no tax: the percent must be 0.") % {"category": words}
        )
    if category in NEEDS_REASON and not exemption_text:
        found["exemption_text"] = _(
            "%(category)s has to say on the invoice why no tax is charged. Write the reason."
        ) % {"category": words}
    if category not in NEEDS_REASON and exemption_text:
        found["exemption_text"] = _("%(category)s takes no reason. Leave it empty, or choose Exempt.") % {
            "category": words
        }
    return found


def add_tax_rate(*, by, **fields) -> TaxRate:
    """Offer a rate. DomainError where category, percent and reason do not go together."""
    roles.require(by, "tax.write")
    _known(fields, TAX_FIELDS)
    rate = edits.fill(TaxRate(), fields)
    _check_tax_rate(rate)
    with transaction.atomic():
        rate.save(force_insert=True)
        after = {"name": rate.name, "category": rate.category, "percent": rate.percent}
        audit.record("tax_rate.added", rate, by=by, after=after)
    return rate


def change_tax_rate(rate: TaxRate, *, by, seen: int | None = None, **fields) -> TaxRate:
    """Change a rate for new lines; a line keeps what it had. DomainError as for add_tax_rate; `seen` as in edits."""
    roles.require(by, "tax.write")
    _known(fields, TAX_FIELDS)
    wanted = TaxRate.objects.get(pk=rate.pk)
    _check_tax_rate(edits.fill(wanted, fields))
    edits.change(rate, fields, by=by, action="tax_rate.changed", seen=seen)
    return rate


def _check_tax_rate(rate):
    mistakes = tax_rate_mistakes(category=rate.category, percent=rate.percent, exemption_text=rate.exemption_text)
    if mistakes:
        raise DomainError(" ".join(mistakes.values()))


# --- Number series --------------------------------------------------------------------------------------------


def change_series(
    series: Series,
    *,
    by,
    pattern: str,
    restarts_yearly: bool,
    dates_must_rise: bool | None = None,
    next_number: int | None = None,
    year: int | None = None,
    seen: int | None = None,
) -> Series:
    """Change how numbers look, and with next_number where that year's count begins (see set_next_number).

    DomainError: a pattern that repeats itself or another series', or a restart changed after the first number was
    given, which would leave gaps or doubles. `seen` as in edits.
    """
    roles.require(by, "series.write")
    current = Series.objects.get(pk=series.pk)
    wanted = edits.fill(
        Series(pk=series.pk, kind=series.kind), {"pattern": pattern, "restarts_yearly": restarts_yearly}
    )
    try:
        wanted.clean()
    except ValidationError as mistake:
        raise DomainError(" ".join(mistake.messages)) from None
    for other in Series.objects.exclude(pk=series.pk):
        if other.text(2026, 1) == wanted.text(2026, 1):
            raise DomainError(
                _("The series %(pattern)s gives the same numbers. Begin this one with other letters.")
                % {"pattern": other.pattern}
            )
    if current.restarts_yearly != restarts_yearly and Invoice.objects.filter(counter__series=series).exists():
        raise DomainError(
            _(
                "Numbers of this series were given already; changing the yearly restart now would leave gaps or give "
                "numbers twice. Change only the pattern."
            )
        )
    written = {"pattern": pattern, "restarts_yearly": restarts_yearly}
    with transaction.atomic():
        edits.still_as_seen(series, seen, {**written, "dates_must_rise": dates_must_rise, "next_no": next_number})
        edits.change(series, written, by=by, action="series.changed")
        if next_number is not None and year is not None:
            set_next_number(series, by=by, year=year, number=next_number)
        if dates_must_rise is not None:
            numbering.let_dates_rise(series, by=by, on=dates_must_rise)
    return series


def next_of(series: Series, *, year: int) -> int:
    """What the next document of that year will be counted as."""
    counter = Counter.objects.filter(series=series, year=year if series.restarts_yearly else 0).first()
    return counter.next_no if counter else 1


def set_next_number(series: Series, *, by, year: int, number: int) -> int:
    """Where counting begins, for who comes from another program. DomainError once a number of that year was given.

    Back would give a number twice, forth would leave a gap the ledger cannot explain.
    """
    roles.require(by, "series.write")
    current = next_of(series, year=year)
    if number == current:
        return number
    with transaction.atomic():
        counter, _new = Counter.objects.get_or_create(series=series, year=year if series.restarts_yearly else 0)
        given = Invoice.objects.filter(counter=counter).order_by("-seq").values_list("number", flat=True).first()
        if given:
            raise DomainError(
                (
                    _("%(given)s was given already, so the next number cannot go back: it would be given twice.")
                    if number < current
                    else _("%(given)s was given already; jumping ahead would leave a gap in the numbers.")
                )
                % {"given": given}
            )
        if number < 1:
            raise DomainError(_("Numbers begin at 1. Type 1 or more."))
        if not Counter.objects.filter(pk=counter.pk, next_no=counter.next_no).update(next_no=number):
            raise Stale(_("A document took a number at this moment. Reload the page to see the next one."))
        audit.record(
            "series.counter_set",
            series,
            by=by,
            before={"year": counter.year, "next_no": current},
            after={"year": counter.year, "next_no": number},
        )
    return number


def _known(fields, allowed):
    unknown = set(fields) - allowed
    if unknown:
        raise TypeError(f"there is no {sorted(unknown)}")
