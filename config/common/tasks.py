"""The worker's pulse."""

from . import heartbeats


def heartbeat():
    heartbeats.beat("worker")
