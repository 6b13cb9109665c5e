"""What is owed, sent and received: a file per noun."""

from .channel import ChannelState
from .delivery import Attempt, Delivery, DeliveryDocument
from .document import Document
from .importing import ImportFile, ImportRun
from .invoice import Invoice
from .line import Adjustment, Line, TaxLine
from .outbox import OutboxMessage
from .payment import Allocation, Payment
from .series import Counter, Series
from .tax import TaxRate
from .template import InvoiceTemplate

__all__ = [
    "Adjustment",
    "Allocation",
    "Attempt",
    "ChannelState",
    "Counter",
    "Delivery",
    "DeliveryDocument",
    "Document",
    "ImportFile",
    "ImportRun",
    "Invoice",
    "InvoiceTemplate",
    "Line",
    "OutboxMessage",
    "Payment",
    "Series",
    "TaxLine",
    "TaxRate",
]
