"""Accounts of staff: the services, one's own profile, the administration."""

import pytest

from config.common import people
from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def test_an_admin_makes_an_account_that_can_sign_in(admin, client):
    user = people.create_person(
        by=admin, email=" Lou@Kelpworks.example ", name="Lou Berg", password="a-rather-long-one", role="clerk"
    )

    assert (user.email, user.role) == ("lou@kelpworks.example", "clerk")
    assert client.login(email="lou@kelpworks.example", password="a-rather-long-one")
    event = AuditEvent.objects.get()
    assert event.action == "user.created"
    assert "a-rather-long-one" not in str(event.after)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password": "short"}, "too short"),
        ({"email": "admin@dunlin.example"}, "has an account already"),
        ({"email": "nobody"}, "Email: Enter a valid email address"),
        ({"role": "owner"}, "Role"),
    ],
)
def test_an_account_that_cannot_be_is_refused(fields, sentence, admin):
    wanted = {"email": "lou@kelpworks.example", "name": "Lou Berg", "password": "a-rather-long-one", **fields}

    with pytest.raises(DomainError, match=sentence):
        people.create_person(by=admin, **wanted)

    assert User.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_only_admins_make_and_change_accounts(manager, clerk):
    with pytest.raises(Forbidden):
        people.create_person(by=manager, email="x@y.example", name="x", password="a-rather-long-one")
    with pytest.raises(Forbidden):
        people.change_person(clerk, by=manager, role="admin")
    with pytest.raises(Forbidden):
        people.set_password(clerk, by=manager, password="a-rather-long-one")

    assert User.objects.get(pk=clerk.pk).role == "clerk"


@pytest.mark.parametrize("fields", [{"role": "clerk"}, {"is_active": False}])
def test_the_last_admin_stays(fields, admin):
    with pytest.raises(DomainError, match="last active admin"):
        people.change_person(admin, by=admin, **fields)

    after = User.objects.get()
    assert (after.role, after.is_active) == ("admin", True)


def test_an_account_that_is_turned_off_is_signed_out(admin, clerk, as_role):
    client = as_role(clerk)
    assert client.get("/me/").status_code == 200

    people.change_person(clerk, by=admin, is_active=False)

    assert client.get("/me/").status_code == 302
    assert AuditEvent.objects.get().after == {"is_active": False}


def test_everybody_sets_their_own_name_zone_and_language(clerk, as_role):
    client = as_role(clerk)

    saved = client.post("/me/", {"name": "Femke", "time_zone": "Asia/Tokyo", "language": "de", "role": "admin"})

    after = User.objects.get(pk=clerk.pk)
    assert saved.status_code == 302
    assert (after.name, after.time_zone, after.language, after.role) == ("Femke", "Asia/Tokyo", "de", "clerk")


def test_a_time_zone_that_is_none_is_refused(clerk, as_role):
    response = as_role(clerk).post("/me/", {"name": "Femke", "time_zone": "Mars/Olympus", "language": "en"})

    assert response.status_code == 422
    assert User.objects.get(pk=clerk.pk).time_zone == "UTC"


def test_nobody_changes_somebody_else_s_profile(clerk, viewer):
    with pytest.raises(DomainError, match="somebody else"):
        people.change_own_profile(clerk, by=viewer, name="x", time_zone="UTC", language="en")

    assert User.objects.get(pk=clerk.pk).name == "Femke Clerk"


# --- The administration ---------------------------------------------------------------------------------------


def typed(**changes):
    base = {"name": "Lou Berg", "email": "lou@kelpworks.example", "role": "clerk", "is_active": "on"}
    return {**base, "time_zone": "UTC", "language": "en", "new_password": "a-rather-long-one", **changes}


def test_the_administration_makes_people_through_the_same_service(admin, as_role, client):
    response = as_role(admin).post("/admin/common/user/add/", typed())

    assert response.status_code == 302
    assert client.login(email="lou@kelpworks.example", password="a-rather-long-one")
    assert AuditEvent.objects.get().action == "user.created"


def test_the_administration_says_a_refusal_in_words(admin, as_role):
    response = as_role(admin).post(
        f"/admin/common/user/{admin.pk}/change/",
        typed(email=admin.email, name=admin.name, role="viewer", new_password=""),
        follow=True,
    )

    assert "last active admin" in response.content.decode()
    assert User.objects.get().role == "admin"
    assert not AuditEvent.objects.exists()


def test_the_trail_and_the_pulse_are_to_read_only(admin, as_role):
    client = as_role(admin)
    people.change_own_profile(admin, by=admin, name="Ines", time_zone="UTC", language="en")
    event = AuditEvent.objects.get()

    assert client.get("/admin/common/auditevent/?q=Ines").status_code == 200
    assert client.get(f"/admin/common/auditevent/{event.pk}/change/").status_code == 200
    assert client.post(f"/admin/common/auditevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/common/auditevent/add/").status_code == 403
    assert client.get("/admin/common/heartbeat/").status_code == 200
    assert AuditEvent.objects.get() == event


def test_the_administration_is_for_admins(manager, as_role):
    assert as_role(manager).get("/admin/common/user/").status_code == 302
