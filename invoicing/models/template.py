"""What an invoice looks like and says around its figures, and what its mail says: a look, and the words by language."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .wording import Wording, in_language

INK = "#142126"  # of the paper where nobody chose a colour


class InvoiceTemplateQuerySet(models.QuerySet):
    def current(self):
        """What new drafts may take."""
        return self.filter(archived_at=None)


class InvoiceTemplate(models.Model):
    """Joined to every invoice that is read, so the picture itself lies with the documents, under its hash."""

    class Layout(models.TextChoices):
        CLASSIC = "classic", _("Classic")
        WINDOW = "window", _("Window envelope (DIN 5008)")
        COMPACT = "compact", _("Compact, for long invoices")

    name = models.CharField(_("name"), max_length=80)
    layout = models.CharField(_("layout"), max_length=10, choices=Layout.choices, default=Layout.CLASSIC)
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default=INK,
        validators=[RegexValidator(r"\A#[0-9a-f]{6}\Z", _("Write a colour as # and six digits, such as #0b5c75."))],
    )
    logo_sha256 = models.CharField(max_length=64, blank=True, editable=False)  # "": the organization's logo
    archived_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = InvoiceTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice template")
        verbose_name_plural = _("invoice templates")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(Lower("name"), name="template_name_once")]

    def __str__(self):
        return self.name

    @property
    def is_archived(self):
        return self.archived_at is not None

    def text(self, language: str) -> "InvoiceTemplateText | None":
        """Its words in that language, else as in_language. Where many are asked for, prefetch `texts`."""
        return in_language(self.texts.all(), language)


class InvoiceTemplateText(Wording):
    """Each language stands for itself: what is blank here is blank."""

    template = models.ForeignKey(InvoiceTemplate, models.CASCADE, related_name="texts")
    payment_instructions = models.TextField(_("payment instructions"), blank=True)
    footer = models.TextField(_("footer"), blank=True)

    class Meta:
        verbose_name = _("texts of an invoice template")
        verbose_name_plural = _("texts of invoice templates")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["template", "language"], name="one_text_a_language")]

    def __str__(self):
        return f"{self.template} ({self.get_language_display()})"

    @classmethod
    def by_template(cls) -> dict[int, list["InvoiceTemplateText"]]:
        """The words of every template, by its primary key: one query."""
        found: dict[int, list[InvoiceTemplateText]] = {}
        for text in cls.objects.order_by("pk"):
            found.setdefault(text.template_id, []).append(text)
        return found
