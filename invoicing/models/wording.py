"""What a template says in one language: the words of an email, with merge fields, and where answers and copies go."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Wording(models.Model):
    """Mixed into the texts of a template, one row a language."""

    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("Default Email Subject"), max_length=200, blank=True)
    message = models.TextField(_("Default Email Message"), blank=True)
    reply_to = models.EmailField(_("Reply-To Email"), blank=True)
    cc = models.TextField(_("CC Emails"), blank=True)  # comma-separated

    class Meta:
        abstract = True


def in_language(texts, language: str):
    """Of a template's texts (read already) the one in that language, else the English one, else the first; or None."""
    found = {text.language: text for text in texts}
    return found.get(language) or found.get("en") or next(iter(found.values()), None)
