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


def _any_of(columns) -> str:
    return " OR ".join(f'OLD."{column}" {{differs}} NEW."{column}"' for column in columns)


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


# Of a tracking event all but the provider's own words: these are forgotten after a time.
HEARD = [
    "id",
    "delivery_id",
    "kind",
    "source",
    "occurred_at",
    "received_at",
    "is_machine",
    "why",
    "said",
    "dedupe_key",
]

PAYMENT_FROZEN = [
    "id",
    "customer_id",
    "currency",
    "amount",
    "paid_on",
    "received_on",
    "method",
    "reference",
    "occasion",
    "recorded_by_id",
    "recorded_at",
]


def _mirror(table: str, same: list[str]) -> Guard:
    """A reversing row takes back exactly the row it names."""
    columns = " AND ".join(f'NOT (was."{column}" {{differs}} NEW."{column}")' for column in same)
    return Guard(
        f"{table}_mirror",
        table,
        "INSERT",
        "A reversal takes back exactly what it reverses.",
        f"NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {table} was "
        f"WHERE was.id = NEW.reverses_id AND was.amount = -NEW.amount AND {columns})",
    )


GUARDS = [
    Guard(
        "invoicing_invoice_frozen",
        "invoicing_invoice",
        "UPDATE",
        "The invoice is open, it cannot be edited. Correct it by a credit note.",
        f"OLD.status <> 'draft' AND (NEW.status = 'draft' OR {_any_of(FROZEN)})",
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
    Guard(
        "invoicing_trackingevent_no_update",
        "invoicing_trackingevent",
        "UPDATE",
        "invoicing_trackingevent is append-only",
        f"OLD.raw IS NULL OR NEW.raw IS NOT NULL OR {_any_of(HEARD)}",
    ),
    Guard(
        "invoicing_trackingevent_no_delete",
        "invoicing_trackingevent",
        "DELETE",
        "invoicing_trackingevent is append-only",
    ),
    TruncateGuard("invoicing_trackingevent"),
    *append_only("invoicing_allocation"),
    _mirror("invoicing_allocation", ["invoice_id", "payment_id", "credit_note_id", "kind"]),
    *append_only("invoicing_refund"),
    _mirror("invoicing_refund", ["payment_id", "credit_note_id", "customer_id", "currency"]),
    Guard(
        "invoicing_payment_frozen",
        "invoicing_payment",
        "UPDATE",
        "A recorded payment cannot be edited. Reverse it and record it again.",
        _any_of(PAYMENT_FROZEN),
    ),
    Guard("invoicing_payment_kept", "invoicing_payment", "DELETE", "A payment is reversed, never deleted."),
    TruncateGuard("invoicing_payment"),
]
