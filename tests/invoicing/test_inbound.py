import email
import email.policy
from email.message import EmailMessage

import pytest

from invoicing.inbound import EXCERPT, read

OURS = "<00000000-0000-4000-8000-000000000000@dunlin.example>"


def letter(text="Will be paid on Friday.", **headers):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ap@harbour.example", "us@kelp.example", "Re: Invoice"
    message["In-Reply-To"] = OURS
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def test_a_reply_names_what_it_answers_and_says_something():
    answer = read(
        letter("Will be paid on Friday.\n\nOn Mon, us@kelp.example wrote:\n> Please pay\n", References="<a@b>")
    )

    assert (answer.kind, answer.said) == ("replied", "Will be paid on Friday.")
    assert set(answer.ids) == {OURS, "<a@b>"}


def test_an_excerpt_is_all_that_is_kept():
    assert len(read(letter("x" * 5000)).said) == EXCERPT


@pytest.mark.parametrize(
    "headers", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "auto_reply"}, {"X_Autoreply": "yes"}]
)
def test_a_machine_that_answers_is_not_a_person(headers):
    assert read(letter("I am away.", **headers)).kind == "autoresponded"


REPORT = f"""From: mailer-daemon@mx.example
To: us@kelp.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ap@harbour.example
Status: STATUS
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {OURS}

--b--
"""


@pytest.mark.parametrize(("status", "kind"), [("5.1.1", "hard"), ("4.2.2", "soft")])
def test_a_report_of_a_mail_server_is_a_bounce_of_the_mail_it_cites(status, kind):
    message = email.message_from_string(REPORT.replace("STATUS", status), policy=email.policy.default)

    answer = read(message)

    assert (answer.kind, answer.bounce_kind, answer.said) == ("bounced", kind, "smtp; 550 no such user")
    assert OURS in answer.ids


def test_a_report_that_it_was_read_is_no_bounce():
    message = email.message_from_string(REPORT.replace("STATUS", "2.0.0"), policy=email.policy.default)

    assert read(message).kind == "autoresponded"
