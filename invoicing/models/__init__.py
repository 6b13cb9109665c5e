"""What is owed, sent and received: a file per noun."""

from .attempt import Attempt
from .batch import BatchItem, BatchLane, BatchOperation
from .channel import ChannelState
from .delivery import Delivery, DeliveryDocument
from .document import Document
from .email_template import EmailTemplate, EmailTemplateText
from .importing import ImportFile, ImportRun
from .invoice import Invoice
from .line import Adjustment, Line, TaxLine
from .link import CustomerLink
from .outbox import OutboxMessage
from .payment import Allocation, Payment, Refund, WriteOffLimit
from .profile import BillingProfile
from .selection import Selection
from .series import Counter, Series
from .tax import TaxRate
from .template import InvoiceTemplate, InvoiceTemplateText
from .tracking import TrackingEvent

__all__ = [
    "Adjustment",
    "Allocation",
    "Attempt",
    "BatchItem",
    "BatchLane",
    "BatchOperation",
    "BillingProfile",
    "ChannelState",
    "Counter",
    "CustomerLink",
    "Delivery",
    "DeliveryDocument",
    "Document",
    "EmailTemplate",
    "EmailTemplateText",
    "ImportFile",
    "ImportRun",
    "Invoice",
    "InvoiceTemplate",
    "InvoiceTemplateText",
    "Line",
    "OutboxMessage",
    "Payment",
    "Refund",
    "Selection",
    "Series",
    "TaxLine",
    "TaxRate",
    "TrackingEvent",
    "WriteOffLimit",
]
