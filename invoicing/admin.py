"""Django admin for admins: to look things up. What was opened, sent, paid or told is never written here."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from config.common.admin import ReadOnly
from config.common.currency import amount_text

from . import models


class ReadOnlyAdmin(ReadOnly):
    list_per_page = 50
    show_full_result_count = False
    actions = None


class ReadOnlyRows(admin.TabularInline):
    extra = 0
    max_num = 0
    show_change_link = True

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def _money(name, label):
    @admin.display(description=label, ordering=name)
    def shown(row):
        currency = getattr(row, "currency", None) or row.invoice.currency
        minor = getattr(row, name)
        return "" if minor is None else f"{currency} {amount_text(minor, currency)}"

    return shown


class LineRows(ReadOnlyRows):
    model = models.Line
    fields: ClassVar[Any] = [
        "position",
        "name",
        "quantity",
        "unit",
        "unit_price",
        "tax_category",
        "tax_percent",
        _money("net", _("amount")),
    ]
    readonly_fields: ClassVar[Any] = fields


class AllocationRows(ReadOnlyRows):
    model = models.Allocation
    fields: ClassVar[Any] = ["kind", "payment", "credit_note", _money("amount", _("amount")), "on", "reverses", "at"]
    readonly_fields: ClassVar[Any] = fields


class InvoiceAllocationRows(AllocationRows):
    fk_name = "invoice"


class DocumentRows(ReadOnlyRows):
    model = models.Document
    fields = ["name", "format", "language", "size", "sha256", "made_at"]


@admin.register(models.Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = [
        "__str__", "kind", "status", "customer_name", "issued_on", "due_on",
        _money("total", _("total")), _money("amount_due", _("amount due")), "billed_at",
    ]  # fmt: skip
    list_filter = ["status", "kind", "currency", "language", "issued_on"]
    search_fields = ["number", "customer_name", "order_number", "source_reference"]
    date_hierarchy = "issued_on"
    inlines = [LineRows, InvoiceAllocationRows, DocumentRows]


class AttemptRows(ReadOnlyRows):
    model = models.Attempt
    fields = ["n", "started_at", "wire_started_at", "finished_at", "result", "code", "text", "worker"]


@admin.register(models.Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["recipient", "role", "kind", "channel", "status", "reason", "created_at", "sent_at", "asked_by"]
    list_filter = ["status", "channel", "role", "kind", "created_at"]
    list_select_related = ["asked_by"]
    search_fields = ["recipient", "subject", "message_id", "documents__invoice__number"]
    inlines = [AttemptRows]


@admin.register(models.Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ["delivery", "n", "result", "code", "text", "started_at", "finished_at"]
    list_filter = ["result", "finished_at"]
    list_select_related = ["delivery"]
    search_fields = ["recipient", "text", "code"]


@admin.register(models.TrackingEvent)
class TrackingEventAdmin(ReadOnlyAdmin):
    list_display = ["delivery", "kind", "source", "is_machine", "why", "said", "occurred_at", "received_at"]
    list_filter = ["kind", "source", "is_machine", "occurred_at"]
    list_select_related = ["delivery"]
    search_fields = ["delivery__recipient", "said"]


@admin.register(models.Line)
class LineAdmin(ReadOnlyAdmin):
    list_display = ["name", "invoice", "quantity", "unit", "unit_price", "tax_percent", _money("net", _("amount"))]
    list_filter = ["tax_category"]
    list_select_related = ["invoice"]
    search_fields = ["name", "invoice__number", "invoice__customer_name"]


@admin.register(models.Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = [
        "received_on",
        "customer",
        "method",
        _money("amount", _("amount")),
        _money("allocated", _("allocated")),
        "reference",
    ]
    list_filter = ["method", "currency", "received_on"]
    list_select_related = ["customer"]
    search_fields = ["reference", "customer__name", "customer__number"]
    inlines = [AllocationRows]


@admin.register(models.Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ["invoice", "payment", _money("amount", _("amount")), "at"]
    list_select_related = ["invoice", "payment"]
    search_fields = ["invoice__number", "payment__reference"]


@admin.register(models.BatchOperation)
class BatchOperationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "action", "status", "total", "asked_by", "created_at", "finished_at", "acknowledged_by"]
    list_filter = ["status", "action", "created_at"]
    list_select_related = ["asked_by", "acknowledged_by"]
    search_fields = ["=pk", "asked_by__name", "asked_by__email"]
    exclude = ["rows"]  # up to 200,000 of them


@admin.register(models.BatchItem)
class BatchItemAdmin(ReadOnlyAdmin):
    list_display = ["label", "operation", "status", "reason", "tries", "opened_at", "finished_at"]
    list_filter = ["status", "lane"]
    list_select_related = ["operation"]
    search_fields = ["label", "invoice__number", "=operation__pk"]


@admin.register(models.Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ["name", "invoice", "format", "language", "size", "made_at", "short_hash"]
    list_filter = ["format", "language", "made_at"]
    list_select_related = ["invoice"]
    search_fields = ["name", "sha256", "invoice__number"]

    @admin.display(description="SHA-256", ordering="sha256")
    def short_hash(self, row):
        return format_html("<code>{}…</code>", row.sha256[:12])


@admin.register(models.InvoiceTemplate)
class TemplateAdmin(ReadOnlyAdmin):
    list_display = ["name", "layout", "colour", "archived_at", "version"]
    list_filter = ["layout"]


@admin.register(models.InvoiceTemplateText)
class TemplateTextAdmin(ReadOnlyAdmin):
    list_display = ["template", "language", "subject", "reply_to"]
    list_select_related = ["template"]
    list_filter = ["language"]


@admin.register(models.BillingProfile)
class BillingProfileAdmin(ReadOnlyAdmin):
    list_display = ["customer", "organization", "template"]
    list_select_related = ["customer", "organization", "template"]


class EmailTextRows(ReadOnlyRows):
    model = models.EmailTemplateText
    fields: ClassVar[Any] = ["language", "subject", "message", "reply_to", "cc"]
    readonly_fields: ClassVar[Any] = fields


@admin.register(models.EmailTemplate)
class EmailTemplateAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "is_default", "archived_at", "version"]
    list_filter = ["kind"]
    inlines = [EmailTextRows]


@admin.register(models.TaxRate)
class TaxRateAdmin(ReadOnlyAdmin):
    list_display = ["name", "category", "percent", "exemption_text", "active"]
    list_filter = ["category", "active"]
    search_fields = ["name"]


@admin.register(models.Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ["series", "year", "next_no"]
    list_select_related = ["series"]


@admin.register(models.ChannelState)
class ChannelStateAdmin(ReadOnlyAdmin):
    list_display = ["key", "paused_at", "reason"]
