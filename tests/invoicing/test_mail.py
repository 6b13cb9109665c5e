"""What an email is to say and who reads it: what is refused before a row is made."""

import pytest

from config.common.errors import DomainError
from invoicing.services.mail import MOST_READERS, Mail, Reader, check_mail


def mail(*readers, **fields):
    return Mail(readers=list(readers), **{"subject": "{number}", "reply_to": "ar@kelpworks.example", **fields})


def test_an_address_that_stands_twice_is_one_reader_with_the_nearer_part():
    asked = mail(Reader("AP@x.example", "copy"), Reader("ap@x.example"), Reader("boss@x.example", "cc"))

    assert check_mail(asked) == [Reader("ap@x.example"), Reader("boss@x.example", "cc")]


def test_copies_alone_are_no_mail_to_a_customer():
    with pytest.raises(DomainError, match="at least one customer email"):
        check_mail(mail(Reader("boss@x.example", "cc"), Reader("us@kelpworks.example", "copy")))


def test_there_is_a_limit_to_who_reads_all_the_others():
    readers = [Reader(f"a{n}@x.example") for n in range(MOST_READERS)]

    assert check_mail(mail(*readers)) == readers
    with pytest.raises(DomainError, match="101 recipients are more than the 100"):
        check_mail(mail(*readers, Reader("one-more@x.example")))


def test_what_is_missing_is_named():
    with pytest.raises(DomainError, match="no subject"):
        check_mail(mail(Reader("ap@x.example"), subject=" "))
    with pytest.raises(DomainError, match="no reply-to address"):
        check_mail(mail(Reader("ap@x.example"), reply_to=""))
    with pytest.raises(DomainError, match=r"Did you mean \{number\}"):
        check_mail(mail(Reader("ap@x.example"), message="{numbr}"))


def test_one_mailbox_written_in_two_ways_is_one_reader():
    asked = mail(Reader("ap@müller.example"), Reader("ap@xn--mller-kva.example", "cc"))

    assert check_mail(asked) == [Reader("ap@müller.example")]
