"""What the bell rings: fetch the row, call the service."""

from config.common import clock
from config.common.context_vars import source

from .models import BankAccountChange
from .services import bank_changes, bank_notices


def tell_bank_change(pk: int):
    source.set("task")
    bank_notices.tell_of_change(BankAccountChange.objects.get(pk=pk), at=clock.now())


def sweep():
    source.set("task")
    bank_changes.sweep_changes(at=clock.now())
