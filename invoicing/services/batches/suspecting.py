"""Which invoices a preflight has to look at one by one, found by the database: thousands in order cost little."""

from datetime import date

from django.db.models import Exists, OuterRef, Q

from config.common.errors import DomainError
from customers.models import Contact, Organization

from ...models import InvoiceTemplateText, Line, TaxLine
from ...models.tax import NEEDS_REASON
from ...models.wording import in_language
from .. import proposing
from ..mail import Mail, Reader, check_mail
from .wishes import Wishes


def suspicious(invoices, *, wishes: Wishes, on: date, late_zones=()):
    """Of these invoices all that may fail, and a few that will not: what the database can tell at a glance.

    tests/invoicing/batches/test_suspecting.py holds it against completeness.problems. Of quantity and price only the
    sign is asked, which SQLite's floats keep too. `late_zones`: in which customers' zones nothing can be scheduled.
    """
    found = Q(pk__in=[])
    if wishes.opens:
        line, tax = Line.objects.filter(invoice=OuterRef("pk")), TaxLine.objects.filter(invoice=OuterRef("pk"))
        reasonless = tax.filter(category__in=NEEDS_REASON, exemption_text="", exemption_code="")
        odd_lines = line.filter(Q(name__regex=r"^\s*$") | Q(quantity=0) | Q(unit_price__lt=0))
        found |= Q(status="draft") & (
            Q(customer=None)
            | Q(customer__archived_at__isnull=False)
            | Q(template=None)
            | Q(issued_on__gt=on)
            | Q(kind="credit_note")
            | Q(total__lt=0)
            | Q(prepaid__gt=0)
            | ~Exists(line)
            | Exists(odd_lines)
            | Exists(reasonless)
            | Exists(tax.filter(category__in=["O", "AE", "K"]))
            | ~Q(accounting_currency="")
        )
        organization = Organization.objects.current()
        if not (organization.vat_id or organization.tax_number):
            found |= Q(Exists(tax.exclude(category="O")), status="draft")
    if wishes.mails:
        mailable = Contact.objects.mailable().filter(customer=OuterRef("customer"), gets_invoices=True)
        troubled = Contact.objects.troubled().filter(customer=OuterRef("customer"), gets_invoices=True)
        found |= Q(~Exists(mailable)) | Q(Exists(troubled)) | _unsound(wishes)
    if wishes.waits:
        found |= Q(customer__time_zone__in=late_zones) | Q(status__in=["paid", "uncollectible"])
    return invoices.filter(found)


def _unsound(wishes) -> Q:
    """Invoices whose template cannot be mailed in their language, as far as the shared settings leave its words."""
    found = Q(pk__in=[])
    for template, texts in InvoiceTemplateText.by_template().items():
        wrong = [text for text in texts if not _is_sound(text, wishes)]
        if not wrong:
            continue
        found |= Q(template=template, language__in=[text.language for text in wrong])
        if in_language(texts, "") in wrong:  # what all other languages get
            found |= Q(template=template) & ~Q(language__in=[text.language for text in texts])
    return found


def _is_sound(text, wishes) -> bool:
    own = Mail(
        readers=[Reader("reader@example.com"), *(Reader(email, "cc") for email in proposing.split(text.cc))],
        subject=wishes.subject or text.subject,
        reply_to="reply@example.com",
        message=wishes.message or text.message,
        portal_link=wishes.portal_link,
    )
    try:
        check_mail(own)
    except DomainError:
        return False
    return True
