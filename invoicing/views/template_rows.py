"""Invoice Templates as lists show them: with their languages and who uses them by default."""

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from invoicing.models import InvoiceTemplate

HEADS = [
    gettext_lazy("Template"),
    gettext_lazy("Layout"),
    gettext_lazy("Colour"),
    gettext_lazy("Used by default by"),
    gettext_lazy("Archived"),
    gettext_lazy("Language"),
    gettext_lazy("Default Email Subject"),
    gettext_lazy("Default Email Message"),
    gettext_lazy("Reply-To Email"),
    gettext_lazy("CC Emails"),
    gettext_lazy("Payment instructions"),
    gettext_lazy("Footer"),
]


def all_of_them(**lookup) -> list[InvoiceTemplate]:
    """Those in use first; each with its texts, `is_default` and how many `customers` chose it. Two queries."""
    rows = InvoiceTemplate.objects.filter(**lookup).annotate(
        customers=Count("profiles", filter=Q(profiles__customer__isnull=False)),
        defaults=Count("profiles", filter=Q(profiles__organization__isnull=False)),
    )
    found = list(rows.prefetch_related("texts").order_by("archived_at", "pk"))
    for template in found:
        template.is_default = template.defaults > 0
        template.used_by = _used_by(template)
    return sorted(found, key=lambda template: template.is_archived)


def _used_by(template) -> str:
    parts = [_("the organization")] if template.is_default else []
    if template.customers:
        parts.append(ngettext("%(n)d customer", "%(n)d customers", template.customers) % {"n": template.customers})
    return ", ".join(parts)


def cells(templates):
    """A row for each language of each template."""
    for template in templates:
        for text in template.texts.all():
            yield [
                template.name,
                template.get_layout_display(),
                template.colour,
                template.used_by,
                template.archived_at.date() if template.archived_at else "",
                text.get_language_display(),
                text.subject,
                text.message,
                text.reply_to,
                text.cc,
                text.payment_instructions,
                text.footer,
            ]
