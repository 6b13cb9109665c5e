import pytest
from django.core.exceptions import ValidationError

from config.common.addresses import LONGEST, check_address

TAIL = "@" + ".".join(["d" * 60] * 3) + ".example"


def test_an_address_may_be_as_long_as_mail_allows_and_no_longer():
    check_address("a" * (LONGEST - len(TAIL)) + TAIL)
    with pytest.raises(ValidationError):
        check_address("a" * (LONGEST + 1 - len(TAIL)) + TAIL)


@pytest.mark.parametrize("text", ["", "ap", "Ann <ap@x.example>", "ap@x.example\r\nBcc: b@x.example", "a,b@x.example"])
def test_what_is_none_is_refused(text):
    with pytest.raises(ValidationError):
        check_address(text)
