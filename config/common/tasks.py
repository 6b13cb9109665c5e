"""The worker's pulse, and spreadsheets that are being imported."""

from . import heartbeats, tidying
from .context_vars import source
from .sheets import importing


def heartbeat():
    heartbeats.beat("worker")


def carry_sheet(pk: int):
    source.set("task")
    importing.carry(pk)


def sweep_sheets():
    source.set("task")
    importing.sweep()


def tidy():
    source.set("task")
    tidying.tidy()
