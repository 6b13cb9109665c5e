"""Work that takes too long is interrupted."""

import signal
import threading
import time

import pytest

from invoicing.services.batches.limits import TimeUp, at_most


def test_what_takes_too_long_is_interrupted_and_the_alarm_is_off_afterwards():
    before = signal.getsignal(signal.SIGALRM)

    with pytest.raises(TimeUp), at_most(0.05):
        time.sleep(30)

    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_what_is_quick_enough_is_left_alone():
    with at_most(30):
        done = True

    assert done
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_thread_cannot_be_interrupted_and_does_its_work():
    done = []

    def work():
        with at_most(30):
            done.append(signal.getitimer(signal.ITIMER_REAL))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert done == [(0, 0)]
