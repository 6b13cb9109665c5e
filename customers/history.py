"""The trail of a customer or of the organization as sentences for a timeline."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import DecimalField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.edits import CHANGED, label_of
from config.common.fields import plain
from config.common.models import AuditEvent

from .models import BankAccount, Contact, Customer, Organization, OrganizationEmail

WORDS = {
    "customer.created": gettext_lazy("made this customer"),
    "customer.changed": gettext_lazy("changed the customer"),
    "customer.archived": gettext_lazy("archived the customer"),
    "customer.restored": gettext_lazy("took the customer out of the archive"),
    "customer.template": gettext_lazy("chose the customer’s invoice template"),
    "contact.added": gettext_lazy("added a contact"),
    "contact.changed": gettext_lazy("changed a contact"),
    "contact.removed": gettext_lazy("removed a contact"),
    "contact.bounced": gettext_lazy("noted that mail to a contact came back"),
    "contact.complained": gettext_lazy("noted that a contact complained about a mail"),
    "contact.reached": gettext_lazy("noted that mail reaches a contact again"),
    "organization.created": gettext_lazy("set up the organization"),
    "organization.changed": gettext_lazy("changed the organization"),
    "organization.logo_changed": gettext_lazy("changed the logo"),
    "organization.logo_removed": gettext_lazy("removed the logo"),
    "organization_email.added": gettext_lazy("added an organization email"),
    "organization_email.changed": gettext_lazy("changed an organization email"),
    "organization_email.removed": gettext_lazy("removed an organization email"),
    "bank_account.added": gettext_lazy("added a bank account"),
    "bank_account.changed": gettext_lazy("changed a bank account"),
    "bank_account.activated": gettext_lazy("activated a bank account"),
    "bank_account.deactivated": gettext_lazy("deactivated a bank account"),
    "bank_account.proposed": gettext_lazy("proposed a change of a bank account"),
    "bank_account.rejected": gettext_lazy("rejected a change of a bank account"),
    "bank_account.withdrawn": gettext_lazy("withdrew a change of a bank account"),
}
_KINDS = {
    "customer.created": "on",
    "customer.archived": "warn",
    "customer.restored": "ok",
    "contact.removed": "warn",
    "contact.bounced": "bad",
    "contact.complained": "bad",
    "contact.reached": "ok",
    "bank_account.added": "on",
    "bank_account.changed": "warn",
    "bank_account.deactivated": "warn",
    "bank_account.proposed": "warn",
}
_MODELS = {model._meta.model_name: model for model in (Customer, Contact, Organization, OrganizationEmail, BankAccount)}
_MODELS["bankaccountchange"] = BankAccount  # the trail of a change names the fields of the account
_PARTS = {"billing_address": gettext_lazy("Billing address"), "delivery_address": gettext_lazy("Delivery address")}
_PARTS["template"] = gettext_lazy("Invoice Template")
_QUIET = {"version", "archived_at", "bounced_at", "complained_at", "trouble"}


def items(events: Iterable[AuditEvent]) -> list[dict]:
    """Newest first, for components/_timeline.html. Events of other apps keep their own name."""
    return [
        {
            "kind": _KINDS.get(event.action, ""),
            "actor": event.actor_name,
            "text": str(WORDS.get(event.action, event.action)),
            "when": event.at,
            "detail": _details(event),
        }
        for event in sorted(events, key=lambda event: event.seq, reverse=True)
    ]


def _details(event) -> str:
    model = _MODELS.get(event.object_type)
    names = [name for name in {**event.before, **event.after} if name not in _QUIET]
    if model is None:
        return event.reason
    parts = sorted(_one(model, name, event) for name in names)  # PostgreSQL keeps no order of JSON keys
    return "; ".join([*parts, *([event.reason] if event.reason else [])])


def _one(model, name, event):
    fields = {field.name for field in model._meta.fields}
    label = label_of(model, name) if name in fields else str(_PARTS.get(name, name))
    before, after = event.before.get(name), event.after.get(name)
    if CHANGED in (before, after):
        return label
    before, after = (_shown(model, name, value) for value in (before, after))
    if before and name in event.before and name in event.after:
        return f"{label}: {before} → {after or '—'}"
    return f"{label}: {after or before}"


def _shown(model, name, value):
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value and hasattr(model, name) and isinstance(model._meta.get_field(name), DecimalField):
        return plain(Decimal(value))
    choices = dict(model._meta.get_field(name).flatchoices) if value and hasattr(model, name) else {}
    return "" if value is None else str(choices.get(value, value))
