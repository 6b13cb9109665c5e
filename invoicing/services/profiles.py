"""Which Invoice Template a new draft begins with: the customer's, else the organization's, else the oldest in use."""

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Value, When
from django.utils.translation import gettext as _

from config.common import audit, roles
from config.common.errors import DomainError, Stale
from customers.models import Customer, Organization

from ..models import BillingProfile, InvoiceTemplate

ANY = object()  # whoever has seen no page holds nothing against what is chosen now


def template_for(customer) -> InvoiceTemplate | None:
    """What a draft of this customer (None: of nobody yet) begins with; one query. Archived ones are nobody's."""
    chosen = BillingProfile.objects.filter(template=OuterRef("pk"))
    own = chosen.filter(customer=customer) if customer is not None else chosen.none()
    rank = Case(
        When(Exists(own), then=Value(0)),
        When(Exists(chosen.filter(organization__isnull=False)), then=Value(1)),
        default=Value(2),
    )
    return InvoiceTemplate.objects.current().order_by(rank, "pk").first()


def use_by_default(template: InvoiceTemplate, *, by) -> None:
    """What the organization uses wherever the customer has no template of its own. DomainError for an archived one."""
    roles.require(by, "template.write")
    organization = Organization.objects.current()
    with transaction.atomic():
        _check_current(template)
        profile = BillingProfile.objects.select_related("template").filter(organization=organization).first()
        if profile and profile.template_id == template.pk:
            return
        BillingProfile.objects.update_or_create(organization=organization, defaults={"template": template})
        _record(template, by=by, was=profile.template if profile else None, now=template, thread=None)


def choose_template(customer: Customer, *, by, template: InvoiceTemplate | None, was=ANY) -> None:
    """The template this customer's new drafts begin with; None: the organization's.

    `was`: what was chosen (a primary key or None) when its reader saw it. Stale when somebody else chose meanwhile,
    DomainError for an archived template.
    """
    roles.require(by, "customer.write")
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)  # two at once: one after the other
        profile = BillingProfile.objects.select_related("template").filter(customer=customer).first()
        now = profile.template if profile else None
        if now == template:
            return
        if was is not ANY and was != (now.pk if now else None):
            raise Stale(
                _("Somebody chose %(template)s meanwhile. Look again, and save once more to put yours in its place.")
                % {"template": now or _("the organization’s default")}
            )
        if template is None:
            BillingProfile.objects.filter(customer=customer).delete()
        else:
            _check_current(template)
            BillingProfile.objects.update_or_create(customer=customer, defaults={"template": template})
        _record(customer, by=by, was=now, now=template, thread=customer)


def chosen_by(customer) -> InvoiceTemplate | None:
    """The customer's own choice, also where it is archived by now; None where the organization's counts."""
    profile = BillingProfile.objects.select_related("template").filter(customer=customer).first()
    return profile.template if profile else None


def _check_current(template):
    if InvoiceTemplate.objects.select_for_update().filter(pk=template.pk, archived_at=None).first():
        return
    raise DomainError(_("%(template)s is archived. Bring it back first, or choose another.") % {"template": template})


def _record(obj, *, by, was, now, thread):
    action = "template.default" if thread is None else "customer.template"
    before, after = ({"template": each.name if each else ""} for each in (was, now))
    audit.record(action, obj, by=by, before=before, after=after, thread=thread)
