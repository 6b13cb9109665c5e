"""Adjectives: Invoice.objects.open().overdue(on=day)."""

from datetime import date

from django.db import models
from django.db.models import Exists, OuterRef, Q


class InvoiceQuerySet(models.QuerySet):
    def draft(self):
        return self.filter(status="draft")

    def open(self):
        return self.filter(status="open")

    def opened(self):
        return self.exclude(status="draft")

    def paid(self):
        return self.filter(status="paid")

    def invoices(self):
        """What is owed to us: not the credit notes."""
        return self.exclude(kind="credit_note")

    def unbilled(self):
        return self.filter(billed_at=None)

    def overdue(self, *, on: date):
        """Open, sent and late; what was never sent stands under Invoices to be sent."""
        return self.open().invoices().filter(billed_at__isnull=False, due_on__lt=on)

    def due(self, *, on: date):
        """Due that day or earlier; a draft without an issue date is reckoned as if opened that day."""
        return self.filter(Q(due_on__lte=on) | Q(due_on=None, issued_on=None, terms_days=0))

    def not_due(self, *, on: date):
        return self.filter(Q(due_on__gt=on) | Q(due_on=None, issued_on=None, terms_days__gt=0))

    def untouched_by_delivery(self):
        """Nothing scheduled, in flight or of unknown outcome."""
        return self.exclude(Exists(self._live_deliveries()))

    def scheduled(self):
        """An email to the customer waits for its moment."""
        return self.filter(Exists(self._live_deliveries().filter(status="scheduled")))

    def _live_deliveries(self):
        from .delivery import Delivery

        return Delivery.objects.filter(
            documents__invoice=OuterRef("pk"),
            kind="invoice",
            role="to",
            status__in=["scheduled", "queued", "sending", "retrying", "unknown"],
        )

    def to_be_sent(self, *, on: date):
        """Invoices to be sent: due today or earlier, not billed, not void, nothing under way or of unknown outcome."""
        return (
            self.filter(kind="invoice", status__in=["draft", "open", "paid"])
            .unbilled()
            .due(on=on)
            .untouched_by_delivery()
        )

    def ready_to_send(self, *, on: date):
        """Issue date reached or none stated, not due yet, not sent; and every unsent credit note."""
        issued = Q(issued_on__lte=on) | Q(issued_on=None)
        return (
            self.filter(issued, status__in=["draft", "open", "paid"])
            .exclude(kind="claim")
            .unbilled()
            .filter(
                Q(kind="credit_note", status__in=["open", "paid"])
                | (Q(kind="invoice") & (Q(due_on__gt=on) | Q(due_on=None, terms_days__gt=0)))
            )
            .untouched_by_delivery()
        )

    def without_contact_email(self):
        from customers.models import Contact

        return self.exclude(Exists(Contact.objects.mailable().filter(customer=OuterRef("customer"))))
