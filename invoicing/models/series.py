"""Number series: the pattern a kind of document is numbered by, and the counters that make it gapless."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_FIELD = re.compile(r"\{year\}|\{number(:0([1-9]|1[0-2]))?\}")  # nothing else of Python's format language


def check_pattern(pattern):
    """Refuse with ValidationError a pattern that would not give every number a text of its own."""
    if set("{}") & set(_FIELD.sub("", pattern)):
        raise ValidationError(_("Use only {year} and {number}, for example INV-{year}-{number:05}."))
    if "{number" not in pattern:
        raise ValidationError(_("The pattern has to contain {number}, or every document would get the same number."))


class Series(models.Model):
    """How one kind of document is numbered."""

    kind = models.CharField(_("kind"), max_length=12, unique=True)
    pattern = models.CharField(_("pattern"), max_length=60, validators=[check_pattern])
    restarts_yearly = models.BooleanField(_("starts at 1 each year"), default=True)

    # Some countries ask that dates rise with numbers: a too early issue date is then moved up to the last one given.
    dates_must_rise = models.BooleanField(_("Dates must rise"), default=False)
    last_issued_on = models.DateField(null=True, editable=False)  # kept while dates must rise

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        ordering = ["pk"]

    def __str__(self):
        return self.pattern

    def clean(self):
        if self.restarts_yearly and "{year" not in self.pattern:
            raise ValidationError(
                {"pattern": _("A series that starts again each year needs {year} in its pattern, or numbers repeat.")}
            )

    def text(self, year: int, seq: int) -> str:
        return self.pattern.format(year=year, number=seq)


class Counter(models.Model):
    """The next number of a series: one row, and one per year of the issue date where it restarts.

    Changed only inside the transaction that opens a document, so a rollback takes its number back (TRUST: gapless).
    """

    series = models.ForeignKey(Series, models.PROTECT, related_name="counters")
    year = models.PositiveSmallIntegerField(default=0)  # 0 = does not restart
    next_no = models.PositiveIntegerField(_("next number"), default=1)

    class Meta:
        verbose_name = _("number counter")
        verbose_name_plural = _("number counters")
        constraints = [
            models.UniqueConstraint(fields=["series", "year"], name="one_counter_a_series_and_year"),
            models.CheckConstraint(name="counter_from_one", condition=Q(next_no__gte=1)),
        ]

    def __str__(self):
        return f"{self.series_id}/{self.year}"
