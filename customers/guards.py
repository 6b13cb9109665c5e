"""Triggers of this app: where customers pay to is never rewritten (machinery: config/common/guards.py).

An account keeps its numbers and is only offered or not; a change keeps what was proposed and by whom.
"""

from config.common.guards import Guard, TruncateGuard

ACCOUNT = ["id", "organization_id", "holder", "bank_name", "iban", "bic", "account_no", "routing", "currency"]
PROPOSAL = ["id", "organization_id", "kind", "account_id", "before", "after", "proposed_by_id", "proposed_at"]


def _kept(table: str, columns: list[str], message: str) -> list:
    changed = " OR ".join(f'OLD."{column}" {{differs}} NEW."{column}"' for column in columns)
    return [
        Guard(f"{table}_kept", table, "UPDATE", message, changed),
        Guard(f"{table}_no_delete", table, "DELETE", f"{table} rows are kept"),
        TruncateGuard(table),
    ]


GUARDS = [
    *_kept("customers_bankaccount", ACCOUNT, "The numbers of a bank account never change. Propose another account."),
    *_kept("customers_bankaccountchange", PROPOSAL, "What was proposed is kept as it was."),
    Guard(
        "customers_bankaccountchange_decided",
        "customers_bankaccountchange",
        "UPDATE",
        "A change of a bank account is decided once.",
        "OLD.status <> 'waiting'",
    ),
]
