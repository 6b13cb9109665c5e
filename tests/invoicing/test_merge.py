"""Merge fields: what may stand in a subject or message, and what comes of it."""

import pytest
from django.core.exceptions import ValidationError

from invoicing import merge

VALUES = {"number": "INV-1", "customer": "Harbour", "amount_due": "EUR 1.00", "contact": "{organization}"}


def refusal(text):
    with pytest.raises(ValidationError) as caught:
        merge.check(text)
    return caught.value.messages[0]


def test_fields_are_replaced():
    assert merge.fill("Invoice {number} for {customer}", VALUES) == "Invoice INV-1 for Harbour"


def test_doubled_braces_stay_as_one():
    merge.check("{{settings}} and }}")

    assert merge.fill("{{settings}}", VALUES) == "{settings}"
    assert merge.fill("{{{number}}}", VALUES) == "{INV-1}"


def test_a_value_with_braces_is_not_looked_at_again():
    assert merge.fill("Dear {contact}", {**VALUES, "organization": "us"}) == "Dear {organization}"


def test_an_unknown_field_is_refused_with_the_nearest_right_one():
    assert refusal("{invoice_number}") == "There is no field {invoice_number}. Did you mean {number}?"
    assert refusal("{amount}") == "There is no field {amount}. Did you mean {amount_due}?"
    assert refusal("{ Number }") == "There is no field { Number }. Did you mean {number}?"


def test_a_field_like_none_other_is_refused_with_the_whole_list():
    assert refusal("{zzz}").startswith("There is no field {zzz}. The fields are {number}, {customer}, ")


@pytest.mark.parametrize(
    "text",
    [
        "{invoice.__class__}",
        "{number!r}",
        "{number:>99999999}",
        "{0}",
        "{}",
        "{% load i18n %}",
        "{number.real}",
        "{number[0]}",
    ],
)
def test_nothing_but_a_plain_name_is_a_field(text):
    refusal(text)

    assert merge.fill(text, VALUES) == text


@pytest.mark.parametrize("text", ["{", "}", "{number", "number}", "a { b", "{{}"])
def test_a_lone_brace_is_refused_with_what_to_write(text):
    assert refusal(text).startswith("There is a lone ")


def test_every_field_has_a_description_for_the_legend():
    assert all(str(description) for description in merge.FIELDS.values())


def test_a_subject_holds_no_link():
    merge.check("{portal_link}")

    with pytest.raises(ValidationError, match=r"A subject cannot hold a link. Put {portal_link} into the message."):
        merge.check_subject("Look: {portal_link}")
    merge.check_subject("{{portal_link}} {number}")


def test_each_kind_of_text_has_its_own_fields():
    merge.check("{amount_paid} on {paid_on}", merge.FIELDS_OF["receipt"])

    for kind in ("invoice", "reminder"):
        with pytest.raises(ValidationError) as caught:
            merge.check("{amount_paid}", merge.FIELDS_OF[kind])
        assert caught.value.messages == ["There is no field {amount_paid}. Did you mean {amount_due}?"]
    assert refusal("{paid_on}").startswith("There is no field {paid_on}.")


def test_the_legend_lists_the_fields_as_they_are_written():
    assert merge.legend()[0] == ("{number}", "the number of the invoice")
    assert dict(merge.legend("receipt")).keys() - dict(merge.legend("reminder")).keys() == {
        "{amount_paid}",
        "{paid_on}",
    }


@pytest.mark.parametrize("breaking", ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028", "\u2029"])
def test_a_subject_is_one_line_whatever_the_values_hold(breaking):
    subject = merge.fill_subject(f"Invoice{breaking}{{customer}}", {"customer": f"A{breaking}Bcc: thief@example.com"})

    assert subject == "Invoice A Bcc: thief@example.com"
