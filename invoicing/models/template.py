"""What an invoice says around its figures, and what its mail says."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class InvoiceTemplateQuerySet(models.QuerySet):
    def for_language(self, language):
        """The default of a language, else of English, else the oldest."""
        found = {template.language: template for template in self.filter(is_default=True)}
        return found.get(language) or found.get("en") or self.order_by("pk").first()


class InvoiceTemplate(models.Model):
    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    is_default = models.BooleanField(_("default for its language"), default=False)
    subject = models.CharField(_("Default Email Subject"), max_length=200)
    message = models.TextField(_("Default Email Message"), blank=True)
    reply_to = models.EmailField(_("Reply-To Email"), blank=True)
    cc = models.TextField(_("CC Emails"), blank=True)  # comma-separated
    payment_instructions = models.TextField(_("payment instructions"), blank=True)
    footer = models.TextField(_("footer"), blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = InvoiceTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice template")
        verbose_name_plural = _("invoice templates")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["language"], condition=models.Q(is_default=True), name="one_default_template_a_language"
            )
        ]

    def __str__(self):
        return self.name
