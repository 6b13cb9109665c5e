"""Which of our mails an event or an answer is about."""

from uuid import UUID

from ..masking import storable
from ..models import Delivery
from .delivering import recipient_hash
from .mail import MOST_READERS

MOST_IDS = 50  # a long thread names many


def find_delivery(*, public_id: str = "", message_id: str = "", recipient: str = "") -> Delivery | None:
    """By the id that we gave the provider along, by our Message-ID, or by the provider's own id.

    One provider's id may stand for mails to several readers; `recipient` then says which. None where it is not ours.
    """
    if (key := _uuid(public_id)) and (found := Delivery.objects.filter(public_id=key).first()):
        return found
    bare = storable(message_id or "").strip().strip("<>")
    if not bare:
        return None
    if found := Delivery.objects.filter(message_id=f"<{bare}>").first():
        return found
    rows = Delivery.objects.filter(provider_id__in=[bare, f"<{bare}>"]).exclude(provider_id="").order_by("-pk")
    several = list(rows[:MOST_READERS])
    wanted = recipient_hash(storable(recipient)) if recipient else ""
    for each in several:
        if each.recipient_hash == wanted:
            return each
    return several[0] if len(several) == 1 else None


def answered_delivery(ids: list[str]) -> Delivery | None:
    """The newest of our mails that an answer names; some providers put an id of their own in place of ours."""
    bare = [storable(identity).strip("<>") for identity in ids[-MOST_IDS:]]
    rows = Delivery.objects.order_by("-pk")
    if found := rows.filter(message_id__in=[f"<{each}>" for each in bare]).first():
        return found
    named = [name for each in bare for name in (each, f"<{each}>", each.split("@")[0])]
    return rows.filter(provider_id__in=named).exclude(provider_id="").first()


def _uuid(text) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
