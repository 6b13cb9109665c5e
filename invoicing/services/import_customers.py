"""The customer a file names, as the customers' service takes a new one."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.common.addresses import check_address

from ..einvoice import model


def customer_fields(buyer: model.Party, currency: str, organization) -> dict:
    """What a customer made from a file starts with, as customers.services takes it."""
    return {
        "name": buyer.name,
        "vat_id": buyer.vat_id,
        "tax_number": buyer.tax_number,
        "registration_no": buyer.registration.value,
        "registration_scheme": buyer.registration.scheme,
        "endpoint_scheme": buyer.endpoint.scheme,
        "endpoint_id": buyer.endpoint.value,
        "language": organization.language,
        "time_zone": organization.time_zone,
        "currency": currency,
    }


def address_fields(address: model.Address) -> dict:
    street2 = ", ".join(part for part in (address.street2, address.line3) if part)
    names = ("street", "postcode", "city", "region", "country")
    return {**{name: getattr(address, name) for name in names}, "street2": street2}


def contact_fields(contact: model.Contact) -> dict | None:
    """The file's contact as the customers' service takes it; an email that is none is left out (unusable_email)."""
    email = "" if unusable_email(contact) else contact.email
    if not contact.name and not email:
        return None
    return {"name": contact.name[:120], "email": email, "phone": contact.phone[:40]}


def unusable_email(contact: model.Contact) -> str:
    """A sentence about a contact's email that is no address; "" if all is well."""
    if not contact.email:
        return ""
    try:
        check_address(contact.email)
    except ValidationError:
        return _("The contact's email “%(email)s” is not an address and was left out.") % {"email": contact.email}
    return ""
