"""The words of the emails that follow an invoice: reminders of it, and receipts for what was paid."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .wording import Wording, in_language


class EmailTemplateQuerySet(models.QuerySet):
    def current(self):
        return self.filter(archived_at=None)

    def default_of(self, kind):
        """What a reminder or receipt is written with where nobody chose; None before the installation is set up."""
        return self.filter(kind=kind, is_default=True).first()


class EmailTemplate(models.Model):
    class Kind(models.TextChoices):
        REMINDER = "reminder", _("Reminder")
        RECEIPT = "receipt", _("Receipt")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    is_default = models.BooleanField(_("default for its kind"), default=False)
    archived_at = models.DateTimeField(_("archived at"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = EmailTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("email template")
        verbose_name_plural = _("email templates")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="email_template_kind_known", condition=Q(kind__in=["reminder", "receipt"])),
            models.UniqueConstraint(Lower("name"), "kind", name="email_template_name_once_a_kind"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(is_default=True), name="one_default_email_template_a_kind"
            ),
            models.CheckConstraint(
                name="default_email_template_is_current", condition=Q(is_default=False) | Q(archived_at=None)
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def is_archived(self):
        return self.archived_at is not None

    def text_in(self, language: str):
        """Its words in that language, else in English, else the first there are; None without any."""
        return in_language(self.texts.all(), language)


class EmailTemplateText(Wording):
    template = models.ForeignKey(EmailTemplate, models.CASCADE, related_name="texts")

    class Meta:
        verbose_name = _("text of an email template")
        verbose_name_plural = _("texts of email templates")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["template", "language"], name="email_template_speaks_a_language_once"),
        ]

    def __str__(self):
        return self.get_language_display()
