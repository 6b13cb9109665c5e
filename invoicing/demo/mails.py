"""What became of the mails of a large ledger: the same for the same mail, and in believable shares."""

import random
from datetime import datetime, timedelta


def became(pk: int, at: datetime) -> dict:
    """Columns of the mail that an invoice with this key was sent by, at that moment."""
    chance = random.Random(pk)
    delivered = {"delivered_at": at + timedelta(minutes=1), "is_tracked": pk % 3 != 0}
    luck = chance.randrange(1000)
    if luck < 5:
        return {"bounced_at": at + timedelta(minutes=2), "bounce_kind": "hard", "reason": "550 5.1.1 No such user here"}
    if luck < 300 or not delivered["is_tracked"]:
        return delivered
    opened_at = at + timedelta(hours=chance.randrange(1, 90))
    opened = {**delivered, "opened_at": opened_at, "open_count": 1 + pk % 4}
    if luck < 800:
        return opened
    return {**opened, "clicked_at": opened_at + timedelta(minutes=1), "click_count": 1}
