"""Who holds a lease, and whether that process still lives."""

import os

from invoicing.services import workers


def test_each_claim_has_a_name_of_its_own():
    first, second = workers.worker_name(), workers.worker_name()

    assert first != second
    assert first.split(":")[1] == str(os.getpid())


def test_a_process_that_lives_is_not_gone():
    assert not workers.is_gone(workers.worker_name())


def test_one_of_this_machine_that_ended_is(monkeypatch):
    def nobody(pid, number):
        raise ProcessLookupError

    monkeypatch.setattr(workers.os, "kill", nobody)

    assert workers.is_gone(workers.worker_name())


def test_in_doubt_nobody_is_gone(monkeypatch):
    def not_ours(pid, number):
        raise PermissionError

    monkeypatch.setattr(workers.os, "kill", not_ours)

    assert not workers.is_gone(workers.worker_name())
    assert not workers.is_gone("another-host:1:abc")
    assert not workers.is_gone("")
