"""The dialog of a batch as a browser meets it: its addresses, and what is sent from it."""

from django.core import mail
from django.urls import reverse

from invoicing.models import BatchOperation, Delivery

HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


def url(selection, action="open", name="batch_new", *args):
    return reverse(f"invoicing:{name}", args=[selection.pk, *args]) + f"?action={action}"


def filled(answer, **changed) -> dict:
    """What a browser would send of the dialog that came."""
    shown = answer.context["form"].shown()
    return {name: value for name, value in {**shown, **changed}.items() if value not in (None, False)}


def preflight(client, selection, action="open", **typed):
    typed = {"request_id": "x", **typed}
    return client.post(url(selection, action, "batch_preflight"), typed, headers={**HTMX, "HX-Target": "preflight"})


def nothing_began() -> bool:
    return not (BatchOperation.objects.exists() or Delivery.objects.exists() or mail.outbox)
