"""Triggers of this app: opened documents are frozen, ledgers are append-only (machinery: config/common/guards.py)."""

from config.common.guards import Guard, TruncateGuard, append_only

# Columns of an opened invoice that may still change. tests/house holds this against Invoice.MUTABLE, and FROZEN
# against the model, so a new column must be put on one side or the other.
FROZEN = [
    "id",
    "kind",
    "customer_id",
    "customer_name",
    "template_id",
    "language",
    "currency",
    "counter_id",
    "seq",
    "number",
    "opened_at",
    "issued_on",
    "due_on",
    "due_typed",
    "terms_days",
    "discount_percent",
    "discount_days",
    "delivered_on",
    "period_start",
    "period_end",
    "delivery_country",
    "buyer_reference",
    "order_number",
    "source_reference",
    "corrects_id",
    "corrects_text",
    "note",
    "net_total",
    "tax_total",
    "total",
    "prepaid",
    "accounting_currency",
    "accounting_rate",
    "accounting_tax",
    "seller",
    "buyer",
    "paper",
    "created_at",
]

_changed = " OR ".join(f'OLD."{column}" {{differs}} NEW."{column}"' for column in FROZEN)
_draft = "(SELECT status FROM invoicing_invoice WHERE id = {row}.invoice_id) <> 'draft'"


def _frozen_part(table: str) -> list:
    """Rows that belong to an invoice can come, change and go only while it is a draft."""
    message = "The invoice is open, it cannot be edited. Correct it by a credit note."
    return [
        Guard(f"{table}_frozen_insert", table, "INSERT", message, _draft.format(row="NEW")),
        Guard(
            f"{table}_frozen_update",
            table,
            "UPDATE",
            message,
            f"{_draft.format(row='OLD')} OR {_draft.format(row='NEW')}",
        ),
        Guard(f"{table}_frozen_delete", table, "DELETE", message, _draft.format(row="OLD")),
        TruncateGuard(table),
    ]


GUARDS = [
    Guard(
        "invoicing_invoice_frozen",
        "invoicing_invoice",
        "UPDATE",
        "The invoice is open, it cannot be edited. Correct it by a credit note.",
        f"OLD.status <> 'draft' AND (NEW.status = 'draft' OR {_changed})",
    ),
    Guard(
        "invoicing_invoice_kept",
        "invoicing_invoice",
        "DELETE",
        "Only a draft can be deleted.",
        "OLD.status <> 'draft'",
    ),
    TruncateGuard("invoicing_invoice"),
    *_frozen_part("invoicing_line"),
    *_frozen_part("invoicing_adjustment"),
    *_frozen_part("invoicing_taxline"),
    *append_only("invoicing_document"),
    *append_only("invoicing_attempt"),
    *append_only("invoicing_allocation"),
]
