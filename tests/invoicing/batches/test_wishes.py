"""Who has a part in a batch, by state."""

import pytest

from invoicing.services.batches.wishes import Wishes, not_meant

DRAFT_FIRST = "It is a draft. Open it first; Open can send it in the same step."


@pytest.mark.parametrize(
    ("wishes", "status", "billed", "sentence"),
    [
        (Wishes("open"), "draft", False, ""),
        (Wishes("open"), "open", False, "It is open already."),
        (Wishes("open"), "void", False, "It is void."),
        (Wishes("send", send_email=True), "draft", False, DRAFT_FIRST),
        (Wishes("send", send_email=True, opens_drafts=True), "draft", False, ""),
        (Wishes("send", send_email=True), "open", False, ""),
        (Wishes("send", send_email=True), "open", True, ""),
        (Wishes("send", send_email=True), "paid", False, ""),
        (Wishes("send", send_email=True), "paid", True, "It is paid. A copy can be sent from its own page."),
        (Wishes("mark"), "draft", False, ""),
        (Wishes("mark"), "open", True, "It was sent already."),
        (Wishes("submit", submit_einvoice=True), "void", True, "It is void."),
    ],
)
def test_each_state_has_its_part_or_the_sentence_why_not(wishes, status, billed, sentence):
    assert not_meant(wishes, status=status, billed=billed) == sentence


@pytest.mark.parametrize(
    ("wishes", "opens", "mails"),
    [
        (Wishes("open"), True, False),
        (Wishes("open", send_email=True), True, True),
        (Wishes("open", submit_einvoice=True), True, True),
        (Wishes("send", send_email=True), False, True),
        (Wishes("send", send_email=True, opens_drafts=True), True, True),
        (Wishes("mark"), True, False),
    ],
)
def test_what_is_asked_for_says_whether_drafts_are_opened_and_mail_goes_out(wishes, opens, mails):
    assert (wishes.opens, wishes.mails) == (opens, mails)
