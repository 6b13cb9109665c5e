"""Who came in, who was turned away, and what they changed about their sign-in: all of it is in the trail."""

import pytest
from django.test import Client
from django.urls import reverse

from config.common.models import AuditEvent
from tests.common.signing_in import PASSWORD, WRONG, code_for, sign_in, signed_in, with_second_factor

pytestmark = pytest.mark.django_db


def told(**filters):
    return [
        (event.action, event.actor_name, event.object_id, event.source)
        for event in AuditEvent.objects.filter(**filters).order_by("seq")
    ]


def test_in_and_out(clerk):
    signed_in(clerk).post(reverse("account_logout"))

    assert told() == [
        ("user.signed_in", "Femke Clerk", clerk.pk, "ui"),
        ("user.signed_out", "Femke Clerk", clerk.pk, "ui"),
    ]


def test_a_wrong_password_for_an_account(clerk):
    sign_in(Client(), clerk.email.upper(), WRONG)

    assert told() == [("user.sign_in_failed", "Somebody not signed in", clerk.pk, "ui")]
    event = AuditEvent.objects.get()
    assert (event.actor_id, event.after) == (None, {"step": "password"})


def test_a_wrong_password_for_nobody_keeps_no_address_but_tells_one_from_another(db):
    for email in ("lou@elsewhere.example", "Lou@elsewhere.example", "aki@elsewhere.example"):
        sign_in(Client(), email, WRONG)

    events = list(AuditEvent.objects.order_by("seq"))
    assert [event.object_id for event in events] == [0, 0, 0]
    assert "elsewhere" not in str([(event.after, event.before, event.reason, event.thread) for event in events])
    first, again, other = [event.after["address"] for event in events]
    assert first == again != other


def test_no_password_ever(clerk):
    sign_in(Client(), clerk.email, "a-secret-that-is-wrong")
    signed_in(clerk)

    everything = str(list(AuditEvent.objects.values()))
    assert "a-secret-that-is-wrong" not in everything
    assert PASSWORD not in everything


def test_a_password_that_was_changed_and_one_that_was_reset(clerk, mailoutbox):
    form = {"password1": "another-long-one", "password2": "another-long-one"}
    signed_in(clerk).post(reverse("account_change_password"), {"oldpassword": PASSWORD, **form})
    assert "user.password_changed" in [action for action, *_rest in told()]

    client = Client()
    client.post(reverse("account_reset_password"), {"email": clerk.email})
    link = next(word for word in mailoutbox[-1].body.split() if "/password/reset/key/" in word)
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "a-third-long-one", "password2": "a-third-long-one"})

    assert told(action="user.password_reset") == [("user.password_reset", "Femke Clerk", clerk.pk, "ui")]


@pytest.mark.django_db(transaction=True)
def test_a_second_factor_turned_on_renewed_and_off(viewer):

    client = signed_in(viewer)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_for(secret)})
    client.post(reverse("mfa_generate_recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))

    events = [(e.action, e.before or e.after) for e in AuditEvent.objects.order_by("seq")[1:]]
    assert events == [
        ("user.second_factor_added", {"second_factor": "totp"}),
        ("user.second_factor_added", {"second_factor": "recovery_codes"}),
        ("user.second_factor_renewed", {"second_factor": "recovery_codes"}),
        ("user.second_factor_removed", {"second_factor": "totp"}),
        ("user.second_factor_removed", {"second_factor": "recovery_codes"}),
    ]
    assert secret not in str(events)


def test_a_wrong_code(clerk):

    with_second_factor(clerk)
    client = Client()
    sign_in(client, clerk.email)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})

    assert AuditEvent.objects.get().after == {"step": "second factor"}
