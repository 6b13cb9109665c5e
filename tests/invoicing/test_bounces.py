import pytest

from invoicing.bounces import bounce_kind


@pytest.mark.parametrize(
    "told",
    [
        {"RecordType": "Bounce", "Type": "SoftBounce"},
        {"event": "soft_bounce", "email": "ap@harbour.example"},
        {"event": "bounce", "hard_bounce": False, "blocked": False},
        {"type": "email.bounced", "data": {"bounce": {"type": "Transient", "message": "…"}}},
        {"msys": {"message_event": {"type": "bounce", "bounce_class": "22"}}},
        {"eventType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull"}},
        {"type": "activity.soft_bounced"},
    ],
    ids=["Postmark", "Brevo", "Mailjet", "Resend", "SparkPost", "Amazon SES", "MailerSend"],
)
def test_what_may_pass_is_soft(told):
    assert bounce_kind(told) == "soft"


@pytest.mark.parametrize(
    "told",
    [
        {"RecordType": "Bounce", "Type": "HardBounce"},
        {"event": "hard_bounce"},
        {"event": "bounce", "hard_bounce": True},
        {"type": "email.bounced", "data": {"bounce": {"type": "Permanent"}, "subject": "Temporary address"}},
        {"msys": {"message_event": {"type": "bounce", "bounce_class": "10"}}},
        {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
        {"event-data": {"event": "failed", "severity": "permanent"}},
        {},
    ],
)
def test_all_else_is_for_good(told):
    assert bounce_kind(told) == "hard"


def test_who_was_tried_in_vain_for_days_may_be_there_tomorrow():
    assert bounce_kind({"event": "failed"}, reject_reason="timed_out") == "soft"
