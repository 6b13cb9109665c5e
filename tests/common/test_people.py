"""Accounts of staff: the services, one's own profile, the administration."""

from threading import Barrier, Thread
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.common import people
from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent, User
from tests.common.signing_in import signed_in, with_second_factor

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
    event = AuditEvent.objects.get()
    assert (event.action, event.after) == ("user.deactivated", {"is_active": False})


def test_a_session_of_before_does_not_come_back_with_the_account(admin, clerk, as_role):
    client = as_role(clerk)
    people.deactivate_person(clerk, by=admin)

    people.reactivate_person(clerk, by=admin)

    assert client.get("/me/").status_code == 302
    assert as_role(clerk).get("/me/").status_code == 200
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["user.deactivated", "user.reactivated"]


@pytest.mark.parametrize("fields", [{"role": "manager"}, {"is_active": False}])
def test_nobody_changes_their_own_role_or_turns_themselves_off(fields, admin):
    User.objects.create_user("other@dunlin.example", "a-long-password", name="Other", role="admin")

    with pytest.raises(DomainError, match="Nobody changes their own role"):
        people.change_person(admin, by=admin, **fields)

    after = User.objects.get(pk=admin.pk)
    assert (after.role, after.is_active) == ("admin", True)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_turn_each_other_off_do_not_both_succeed(admin):
    other = User.objects.create_user("other@dunlin.example", "a-long-password", name="Other", role="admin")
    together, outcomes = Barrier(2), []

    def turn_off(victim, by):
        together.wait()
        try:
            people.deactivate_person(User.objects.get(pk=victim.pk), by=by)
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(str(refusal))
        finally:
            connection.close()

    threads = [Thread(target=turn_off, args=pair) for pair in ((admin, other), (other, admin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes)[1] == "done"
    assert "last active admin" in sorted(outcomes)[0]
    assert User.objects.active().count() == 1


def test_a_role_counts_from_the_next_page_on(admin, clerk, as_role):
    client = as_role(clerk)
    people.change_person(clerk, by=admin, role="viewer")

    assert client.get("/customers/new/").status_code == 403


def test_everybody_sets_their_own_name_zone_and_language(clerk, as_role):
    client = as_role(clerk)

    saved = client.post("/me/", {"name": "Femke", "time_zone": "Asia/Tokyo", "language": "de", "role": "admin"})

    after = User.objects.get(pk=clerk.pk)
    assert saved.status_code == 302
    assert (after.name, after.time_zone, after.language, after.role) == ("Femke", "Asia/Tokyo", "de", "clerk")


@pytest.mark.parametrize("typed", ["Europe/Berlin", "europe/berlin", "Berlin", " berlin ", "Europe/BERLIN"])
def test_a_zone_is_found_by_its_city(typed, clerk, as_role):
    as_role(clerk).post("/me/", {"name": "Femke", "time_zone": typed, "language": "en"})

    assert User.objects.get(pk=clerk.pk).time_zone == "Europe/Berlin"


def test_the_field_offers_every_zone_with_its_distance(clerk, as_role):
    page = as_role(clerk).get("/me/").content.decode()

    assert '<option value="Asia/Kolkata">UTC+05:30</option>' in page
    assert 'list="id_time_zone_zones"' in page


def test_a_time_zone_that_is_none_is_refused(clerk, as_role):
    response = as_role(clerk).post("/me/", {"name": "Femke", "time_zone": "Mars/Olympus", "language": "en"})

    assert response.status_code == 422
    assert User.objects.get(pk=clerk.pk).time_zone == "UTC"


def test_nobody_changes_somebody_else_s_profile(clerk, viewer):
    with pytest.raises(DomainError, match="somebody else"):
        people.change_own_profile(clerk, by=viewer, name="x", time_zone="UTC", language="en")

    assert User.objects.get(pk=clerk.pk).name == "Femke Clerk"


# --- Settings → People ----------------------------------------------------------------------------------------


def test_the_list_says_role_state_second_factor_and_last_sign_in(admin, manager, clerk):
    with_second_factor(manager)
    people.deactivate_person(clerk, by=admin)
    people.create_person(by=admin, email="lou@dunlin.example", name="Lou", password=None)

    page = signed_in(admin).get(reverse("people")).content.decode()

    rows = {name: page.split(name)[1].split("</tr>")[0] for name in ("Tomáš Manager", "Femke Clerk", ">Lou<")}
    assert "Manager" in rows["Tomáš Manager"]
    assert "<span>on</span>" in rows["Tomáš Manager"]
    assert "Turned off" in rows["Femke Clerk"]
    assert "never" in rows["Femke Clerk"]
    assert "Invited" in rows[">Lou<"]
    assert "Send the invitation again" in rows[">Lou<"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"admin", "manager", "clerk", "lou"}),
        ("?q=manager", {"manager"}),
        ("?role=clerk", {"clerk"}),
        ("?state=active", {"admin", "manager"}),
        ("?state=invited", {"lou"}),
        ("?state=off", {"clerk"}),
        ("?factor=on", {"manager"}),
    ],
)
def test_the_list_is_filtered_by_its_address(query, names, admin, manager, clerk, as_role):
    with_second_factor(manager)
    people.deactivate_person(clerk, by=admin)
    people.create_person(by=admin, email="lou@dunlin.example", name="Lou", password=None)

    page = as_role(admin).get(reverse("people") + query).context["page"]

    assert {person.email.split("@")[0] for person in page.rows} == names


def test_the_list_asks_the_database_as_often_for_many_as_for_few(admin, as_role):
    client = as_role(admin)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("people"))
        return len(seen)

    few = queries()
    for number in range(20):
        people.create_person(by=admin, email=f"p{number}@dunlin.example", name=f"P {number}", password=None)

    assert queries() == few


def test_the_list_is_exported_as_it_is_filtered(admin, manager, as_role):
    text = b"".join(as_role(admin).get(reverse("people") + "?role=manager&format=csv")).decode("utf-8-sig")

    head, row = text.strip().splitlines()
    assert head.startswith('"Name","Email","Role","State","Second factor","Last sign-in (UTC)"')
    assert row.startswith('"Tomáš Manager","manager@dunlin.example","Manager","Active","off",')


def test_an_admin_gives_another_role_after_typing_the_password(admin, clerk, as_role):
    address = reverse("person_edit", args=[clerk.pk])
    typed_in = {"name": "Femke", "email": clerk.email, "role": "manager", "language": "de", "time_zone": "UTC"}

    assert "reauthenticate" in as_role(admin).post(address, typed_in)["Location"]
    assert User.objects.get(pk=clerk.pk).role == "clerk"

    assert signed_in(admin).post(address, typed_in)["Location"] == reverse("people")
    after = User.objects.get(pk=clerk.pk)
    assert (after.role, after.name, after.language) == ("manager", "Femke", "de")


def test_one_s_own_role_cannot_even_be_chosen(admin):
    client, address = signed_in(admin), reverse("person_edit", args=[admin.pk])
    form = {"name": "Ines", "email": admin.email, "role": "viewer", "language": "en", "time_zone": "UTC"}

    assert "Nobody changes their own role" in client.get(address).content.decode()
    client.post(address, form)

    after = User.objects.get()
    assert (after.role, after.name) == ("admin", "Ines")


def test_an_account_is_turned_off_and_on_from_a_dialog_that_asks(admin, clerk, as_role):
    client, address = as_role(admin), reverse("person_activation", args=[clerk.pk])

    asked = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "They are signed out everywhere at once" in asked
    client.post(address, {"active": "no"})
    assert not User.objects.get(pk=clerk.pk).is_active
    client.post(address, {"active": "yes"})
    assert User.objects.get(pk=clerk.pk).is_active


def test_the_last_admin_is_told_why_not(admin, as_role):
    answer = as_role(admin).post(reverse("person_activation", args=[admin.pk]), {"active": "no"})

    assert answer.status_code == 422
    assert "last active admin" in answer.content.decode()


# --- The administration ---------------------------------------------------------------------------------------


def typed(**changes):
    base = {"name": "Lou Berg", "email": "lou@kelpworks.example", "role": "clerk", "is_active": "on"}
    return {**base, "time_zone": "UTC", "language": "en", "new_password": "a-rather-long-one", **changes}


def test_the_administration_makes_people_through_the_same_service(admin, client):
    response = signed_in(admin).post("/admin/common/user/add/", typed())

    assert response.status_code == 302
    assert client.login(email="lou@kelpworks.example", password="a-rather-long-one")
    assert AuditEvent.objects.last().action == "user.created"


def test_the_administration_asks_for_the_password_again_before_a_change(admin, clerk, as_role):
    """A browser left open makes nobody an admin."""
    address = f"/admin/common/user/{clerk.pk}/change/"

    response = as_role(admin).post(address, typed(email=clerk.email, name=clerk.name, role="admin"))

    assert response.url == f"{reverse('account_reauthenticate')}?next={quote(address, safe='')}"
    clerk.refresh_from_db()
    assert (clerk.role, clerk.check_password("a-long-password")) == ("clerk", True)


def test_the_administration_says_a_refusal_in_words(admin):
    response = signed_in(admin).post(
        f"/admin/common/user/{admin.pk}/change/",
        typed(email=admin.email, name=admin.name, role="viewer", new_password=""),
        follow=True,
    )

    assert "last active admin" in response.content.decode()
    assert User.objects.get().role == "admin"
    assert not AuditEvent.objects.filter(action__startswith="user.changed").exists()


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


def test_the_administration_is_for_admins_and_sends_nobody_in_circles(manager, as_role):
    answer = as_role(manager).get("/admin/common/user/", follow=True)

    assert answer.status_code == 403
    assert "It needs the role Admin" in answer.content.decode()


def test_an_admin_who_signs_in_on_the_way_to_the_administration_arrives_there(admin, client):
    asked = client.get("/admin/common/user/", follow=True)
    door = f"{asked.request['PATH_INFO']}?{asked.request['QUERY_STRING']}"
    assert door == f"{reverse('account_login')}?next={quote('/admin/common/user/', safe='')}"

    entered = client.post(door, {"login": admin.email, "password": "a-long-password"}, follow=True)

    assert (entered.status_code, entered.request["PATH_INFO"]) == (200, "/admin/common/user/")
    assert client.get("/admin/login/?next=//elsewhere.example/").url == "/admin/"
