import email
import email.policy
from email.message import EmailMessage

import pytest
from anymail.inbound import AnymailInboundMessage

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


# --- What comes in is bad --------------------------------------------------------------------------------------


def parsed(head, body=b"", *, kind="text/plain; charset=utf-8"):
    """As anymail reads the bytes of a mail."""
    raw = f"In-Reply-To: {OURS}\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n{head}\r\n".encode() + body
    return AnymailInboundMessage.parse_raw_mime_bytes(raw)


@pytest.mark.parametrize("charset", ["x-unknown", "rot13", "hex", "idna", "undefined", "utf-16-be", "utf-7"])
def test_a_charset_that_is_none_is_read_as_well_as_it_can_be(charset):
    answer = read(parsed("", b"Gr\xfc\xdfe, paid \0 \\ud800", kind=f"text/plain; charset={charset}"))

    assert answer.kind == "replied"
    assert "\0" not in answer.said
    assert answer.said.encode()


PAGE = b"""<html><head><title>No</title><style>p { color: red }</style></head><body><!-- no -->
<p>Will be paid<br>on Friday &amp; not
before.</p><script>no()</script>
<div class="gmail_quote">On Mon, we wrote: <blockquote>Please pay</blockquote></div></body>"""


def test_a_reply_that_is_html_alone_is_told_in_its_words():
    assert read(parsed("", PAGE, kind="text/html; charset=utf-8")).said == "Will be paid\non Friday & not before."


def parts(*parts):
    """Bodies of a mail of several parts, each with its head."""
    return "".join(f"--b\r\n{part}\r\n" for part in parts).encode() + b"--b--\r\n"


def test_a_file_that_came_along_is_not_what_was_written():
    body = parts(
        "Content-Type: text/html\r\n\r\n<p>See the file.</p>",
        'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nLedger',
    )

    assert read(parsed("", body, kind='multipart/mixed; boundary="b"')).said == "See the file."


@pytest.mark.parametrize("mark", ["<", "<div ", "<br", "<!--", "<style>", "<blockquote", "</style  "])
def test_a_page_made_to_keep_us_busy_is_read_to_its_end(mark):
    assert read(parsed("", mark.encode() * 300_000, kind="text/html")).kind == "replied"


def test_a_receipt_that_it_was_displayed_is_no_persons_answer():
    body = parts(
        "Content-Type: text/plain\r\n\r\nIt was displayed.",
        "Content-Type: message/disposition-notification\r\n\r\n"
        f"Original-Message-ID: {OURS}\r\nDisposition: automatic-action/MDN-sent-automatically; displayed\r\n",
    )

    answer = read(parsed("", body, kind='multipart/report; report-type=disposition-notification; boundary="b"'))

    assert (answer.kind, answer.said) == ("autoresponded", "")
    assert OURS in answer.ids


def test_a_server_that_keeps_trying_has_sent_nothing_back():
    told = REPORT.replace("Status: STATUS", "Action: delayed\nStatus: 4.4.1")

    answer = read(email.message_from_string(told, policy=email.policy.default))

    assert (answer.kind, answer.said) == ("deferred", "smtp; 550 no such user")


def test_a_report_without_a_status_is_taken_at_its_action():
    told = REPORT.replace("Status: STATUS", "Action: failed")

    answer = read(email.message_from_string(told, policy=email.policy.default))

    assert (answer.kind, answer.bounce_kind) == ("bounced", "hard")
