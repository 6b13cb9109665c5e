"""What somebody chose in a list, before anything is done with it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Selection(models.Model):
    """The invoices somebody ticked, or all that matched a filter, exactly as they were at that moment.

    Kept until an operation is made of it, an act on what is scheduled was carried out, or a day has passed.
    """

    person = models.ForeignKey("common.User", models.CASCADE, related_name="+")
    page = models.CharField(max_length=10)  # the list it was made in: "list", "queue" or "scheduled"
    every = models.BooleanField(default=False)  # all that matched, not single ticks
    query = models.TextField(blank=True)  # the filter, as a query string
    rows = models.JSONField(default=list)  # [[invoice, the version that was seen], …] in the order of their keys
    # In "scheduled" a third says when its email was to go out, in seconds since 1970; 0 where none waited.
    count = models.PositiveIntegerField(default=0)
    sums = models.JSONField(default=dict)  # {currency: minor units}, credit notes taken away
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("selection of invoices")
        verbose_name_plural = _("selections of invoices")
        indexes = [models.Index(fields=["created_at"], name="selection_by_age")]

    def __str__(self):
        return f"{self.count}"

    @property
    def in_queue(self) -> bool:
        """Whether it was made in Invoices to be sent, where Send opens drafts too."""
        return self.page == "queue"
