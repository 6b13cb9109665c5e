"""Where a reason is put right: the address of the page, and in a word what is there."""

from django.urls import reverse
from django.utils.translation import gettext as _

_SETTINGS = {
    "organization": ("customers:organization", lambda: _("Organization")),
    "template": ("invoicing:template_list", lambda: _("Invoice Templates")),
}
_CUSTOMER = {
    "customer_profile": lambda: _("Customer’s profile"),
    "contact": lambda: _("Add a contact email"),
}


def mend_link(mend: str, invoice, *, back: str = "") -> dict:
    """{"url", "word"} for a problem's field (completeness.Problem) or a batch item's `mend`; empty where there is none.

    `back`: where the customer's profile leads afterwards.
    """
    if not mend or invoice is None:
        return {}
    if mend == "template" and invoice.template_id is None:  # there is none to mend: the draft lacks it
        mend = "draft"
    if mend in _SETTINGS:
        name, word = _SETTINGS[mend]
        return {"url": reverse(name), "word": word()}
    if mend in _CUSTOMER and invoice.customer_id:
        url = reverse("customers:detail", args=[invoice.customer_id])
        return {"url": f"{url}?next={back}" if back else url, "word": _CUSTOMER[mend]()}
    if mend in ("history", "delivery") or not invoice.is_draft:
        return {"url": reverse("invoicing:detail", args=[invoice.pk]) + "#email-history", "word": _("Email History")}
    return {"url": reverse("invoicing:edit", args=[invoice.pk]), "word": _("Edit the draft")}
