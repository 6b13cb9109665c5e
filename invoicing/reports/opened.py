"""Whether this installation has told anybody yet where to pay to."""

from ..models import Invoice


def any_opened() -> bool:
    return Invoice.objects.exclude(opened_at=None).exists()
