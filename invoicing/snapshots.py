"""What the paper says of both sides: live for a draft, frozen on the invoice once it is opened."""

import hashlib
from collections import defaultdict

from customers.models import Address, Organization

from .models import InvoiceTemplate
from .models.template import INK

_ADDRESS = ("street", "street2", "postcode", "city", "region", "country")
_PARTY = ("vat_id", "tax_number", "registration_no", "registration_scheme", "endpoint_scheme", "endpoint_id")


def seller_of(organization) -> dict:
    fields = ("trade_name", "email", "phone", "website", *_ADDRESS, *_PARTY)
    return {"name": organization.legal_name, **{name: getattr(organization, name) for name in fields}}


def billing_addresses(customers) -> dict[int, Address]:
    """{customer's key: their billing address}; a customer without one has an empty one."""
    rows = Address.objects.filter(customer__in=customers, kind=Address.Kind.BILLING)
    return defaultdict(Address, {row.customer_id: row for row in rows})


def buyer_of(customer, address: Address | None = None) -> dict:
    """`address`: their billing address, where it is read already."""
    if address is None:
        billing = (each for each in customer.addresses.all() if each.kind == Address.Kind.BILLING)
        address = next(billing, Address())
    return {
        **{name: getattr(customer, name) for name in ("name", "latin_name", "kind", "number", *_PARTY)},
        "attention": address.attention,
        **{name: getattr(address, name) for name in _ADDRESS},
    }


def paper_of(invoice, organization) -> dict:
    """The template's look and its texts in the invoice's language, the bank account for this currency, which logo."""
    return {
        **looks_of(invoice.template, invoice.language),
        "bank": _bank_of(organization, invoice.currency),
        "logo_sha256": (invoice.template.logo_sha256 if invoice.template else "") or logo_hash(organization),
    }


def looks_of(template, language: str) -> dict:
    """What the paper takes from a template."""
    text = template.text(language) if template else None
    return {
        "template": template.name if template else "",
        "template_version": template.version if template else 0,
        "layout": template.layout if template else InvoiceTemplate.Layout.CLASSIC.value,
        "colour": template.colour if template else INK,
        "payment_instructions": text.payment_instructions if text else "",
        "footer": text.footer if text else "",
    }


def logo_hash(organization) -> str:
    """Under which the logo is kept with the documents; "" where there is none."""
    return hashlib.sha256(organization.logo).hexdigest() if organization.logo else ""


def _bank_of(organization, currency) -> dict:
    accounts = [account for account in organization.bank_accounts.all() if account.active]
    account = next((a for a in accounts if a.currency == currency), None) or next(
        (a for a in accounts if not a.currency), None
    )
    if account is None:
        return {}
    return {name: getattr(account, name) for name in ("holder", "bank_name", "iban", "bic", "account_no", "routing")}


def parties(invoice) -> tuple[dict, dict, dict]:
    """(seller, buyer, paper): as frozen when the invoice was opened, as they are today for a draft."""
    if not invoice.is_draft:
        return invoice.seller, invoice.buyer, invoice.paper
    organization = Organization.objects.current()
    buyer = buyer_of(invoice.customer) if invoice.customer else {}
    return seller_of(organization), buyer, paper_of(invoice, organization)
