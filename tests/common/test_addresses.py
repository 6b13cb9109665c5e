import pytest
from django.core.exceptions import ValidationError

from config.common.addresses import LONGEST, check_address, mailbox, seen

TAIL = "@" + ".".join(["d" * 60] * 3) + ".example"


def test_an_address_may_be_as_long_as_mail_allows_and_no_longer():
    check_address("a" * (LONGEST - len(TAIL)) + TAIL)
    with pytest.raises(ValidationError):
        check_address("a" * (LONGEST + 1 - len(TAIL)) + TAIL)


@pytest.mark.parametrize("text", ["", "ap", "Ann <ap@x.example>", "ap@x.example\r\nBcc: b@x.example", "a,b@x.example"])
def test_what_is_none_is_refused(text):
    with pytest.raises(ValidationError):
        check_address(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AP@Harbour.example", "ap@harbour.example "),
        ("ap@müller.example", "ap@xn--mller-kva.example"),
        ("ap@MÜLLER.example", "ap@müller.example"),
        ("ap@ｘ.example", "ap@x.example"),
    ],
)
def test_however_it_is_written_it_is_one_mailbox(one, other):
    assert mailbox(one) == mailbox(other)


def test_what_can_be_no_host_is_compared_as_it_stands():
    assert mailbox("Ap@" + "ü" * 80) == "ap@" + "ü" * 80
    assert mailbox("nonsense") == "nonsense"
    assert mailbox("a@müller.example") != mailbox("b@müller.example")


def test_signs_of_no_width_come_along_unseen():
    assert seen("\u202aap@x.example\u202c\u200b ") == "ap@x.example"
