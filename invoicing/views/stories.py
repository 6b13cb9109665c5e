"""What happened to a customer's invoices and payments, for the timeline of the customer's profile."""

from django.db.models import BigIntegerField, Case, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, StrIndex, Substr
from django.urls import reverse
from django.utils.translation import gettext as _

from customers.views.timeline import Story

from .. import telling
from ..models import Delivery, Invoice, Payment

REACH = 200  # so many of the newest invoices, and of the payments: what lies further back stands on their own pages


def customer_story(customer) -> Story:
    return Story(about=[_newest(Invoice, customer), _newest(Payment, customer)], tell=_told, reads=_reads())


def _newest(model, customer):
    return model.objects.filter(customer=customer).order_by("-pk")[:REACH]


def _reads() -> dict:
    """Of an event: which invoice or payment, how that is called and in which money, and who got the mail."""
    after_the_colon = Substr("thread", StrIndex("thread", Value(":")) + 1)
    recipient = Delivery.objects.filter(pk=OuterRef("object_id")).values("recipient")
    return {
        "about_pk": Cast(after_the_colon, BigIntegerField()),
        "about_number": Case(_of(Invoice, "number"), default=Value("")),
        "about_currency": Case(_of(Invoice, "currency"), _of(Payment, "currency"), default=Value("")),
        "recipient": Case(When(object_type="delivery", then=Subquery(recipient)), default=Value("")),
    }


def _of(model, column):
    found = model.objects.filter(pk=OuterRef("about_pk")).values(column)
    return When(thread__startswith=f"{model._meta.model_name}:", then=Subquery(found))


def _told(event) -> dict:
    recipients = {event.object_id: event.recipient} if event.recipient else {}
    item = telling.items([event], currency=event.about_currency, recipients=recipients)[0]
    if event.thread.startswith("payment:"):
        return {**item, "url": reverse("invoicing:payment", args=[event.about_pk])}
    detail = " · ".join(filter(None, [event.about_number or _("Draft"), item["detail"]]))
    return {**item, "detail": detail, "url": reverse("invoicing:detail", args=[event.about_pk])}
