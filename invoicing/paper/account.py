"""What stands on a statement of account: text already formatted, in the customer's language."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.common.currency import amount_text

from .. import snapshots
from ..formats import date_text, money_text, period_text
from . import fonts
from .sheet import address


def account(statement, *, customer, organization) -> dict:
    """Everything the page shows. Call it under `translation.override(customer.language)`."""
    language = customer.language
    seller, buyer = snapshots.seller_of(organization), snapshots.buyer_of(customer)
    plain = lambda minor: amount_text(minor, statement.currency, language)  # noqa: E731
    return {
        "language": language,
        "currency": statement.currency,
        "seller": str(organization),
        "seller_address": ", ".join(address(seller, language)),
        "customer": (fonts.undrawable([buyer["name"]]) and buyer["latin_name"]) or buyer["name"],
        "customer_address": address(buyer, language),
        "customer_number": customer.number,
        "span": period_text(statement.since, statement.until, language),
        "since": date_text(statement.since, language),
        "until": date_text(statement.until, language),
        "opening": plain(statement.opening),
        "closing": plain(statement.closing),
        "rows": [
            {
                "on": date_text(entry.on, language),
                "label": pgettext("title on paper", "Credit note") if entry.kind == "credit_note" else entry.label,
                "reference": entry.reference,
                "amount": plain(entry.amount),
                "balance": plain(entry.balance),
            }
            for entry in statement.entries
        ],
        "sentence": _sentence(statement, language),
    }


def _sentence(statement, language) -> str:
    words = {
        "amount": money_text(abs(statement.closing), statement.currency, language),
        "date": date_text(statement.until, language),
    }
    if statement.closing > 0:
        return _("On %(date)s you owe us %(amount)s.") % words
    if statement.closing < 0:
        return _("On %(date)s you have %(amount)s to your credit with us.") % words
    return _("On %(date)s nothing is owed on either side.") % words
