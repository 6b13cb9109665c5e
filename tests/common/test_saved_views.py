"""Saved views: one click from the list, private or shared, and honest about what was changed since."""

import pytest
from django.urls import reverse

from config.common import saved_views
from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent, SavedView, User
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "invoicing:list"
LISTS = ["invoicing:list", "invoicing:payment_list", "invoicing:queue", "invoicing:batch_list", "customers:list"]


@pytest.fixture
def colleague(db):
    return User.objects.create_user("lou@dunlin.example", "a-long-password", name="Lou Clerk", role="clerk")


@pytest.fixture(autouse=True)
def ours(db):
    """An installation that is set up; what that left in the trail is not looked at."""
    factories.organization()


def trail():
    return AuditEvent.objects.filter(action__startswith="saved_view")


def saved(by, name="Open in euros", query="status=open&currency=EUR", **fields):
    return saved_views.save_view(by=by, page=LIST, name=name, query=query, **fields)


def names(person, page=LIST):
    return [item.view.name for item in saved_views.bar(person, page=page, query="").items]


# --- The service ----------------------------------------------------------------------------------------------


def test_a_view_keeps_filters_sort_and_columns_and_forgets_the_place_in_the_list(clerk):
    view = saved(clerk, query="?status=open&q=&sort=-due&columns=due,amount&after=abc&before=x&view=7&format=csv")

    assert view.query == "columns=due%2Camount&sort=-due&status=open"
    event = trail().get()
    assert (event.action, event.actor_id, event.after["name"]) == ("saved_view.created", clerk.pk, "Open in euros")


def test_a_private_view_is_its_owners_alone_and_a_shared_one_is_everybodys(clerk, colleague):
    saved(clerk, "Mine")
    saved(clerk, "Ours", shared=True)

    assert names(clerk) == ["Mine", "Ours"]
    assert names(colleague) == ["Ours"]
    assert names(clerk, page="customers:list") == []


def test_of_two_views_of_one_name_the_second_is_refused(clerk, colleague):
    saved(clerk)

    with pytest.raises(DomainError, match="You have a view called “Open in euros” on this list already"):
        saved(clerk)

    assert SavedView.objects.count() == trail().count() == 1
    assert saved(colleague).name == "Open in euros"


def test_a_view_without_a_name_is_refused(clerk):
    with pytest.raises(DomainError, match="Name: "):
        saved(clerk, name="  ")

    assert not SavedView.objects.exists()


def test_there_are_bounds_to_what_one_keeps(clerk, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 1)
    saved(clerk)

    with pytest.raises(DomainError, match="You have 1 views of this list. Delete one"):
        saved(clerk, name="Another")
    with pytest.raises(DomainError, match="too long to keep"):
        saved(clerk, name="Another", query="q=" + "x" * 3000)

    assert SavedView.objects.count() == 1


def test_only_the_owner_changes_a_view_whatever_the_role(clerk, admin):
    view = saved(clerk, shared=True)

    with pytest.raises(Forbidden, match="belongs to Femke Clerk, who alone changes it. Save your own view instead"):
        saved_views.change_view(view, by=admin, query="status=paid")

    assert SavedView.objects.get().query == "currency=EUR&status=open"
    assert trail().count() == 1


def test_a_rename_meets_no_other_view_and_a_change_leaves_an_event(clerk):
    view = saved(clerk)
    saved(clerk, name="Drafts", query="status=draft")

    with pytest.raises(DomainError, match="called “Drafts”"):
        saved_views.change_view(view, by=clerk, name="Drafts")
    saved_views.change_view(SavedView.objects.get(pk=view.pk), by=clerk, name=" Euros ", is_shared=True)

    event = trail().latest("seq")
    assert (event.before, event.after) == (
        {"name": "Open in euros", "is_shared": False},
        {"name": "Euros", "is_shared": True},
    )


def test_a_shared_view_is_deleted_by_its_owner_or_an_admin(clerk, colleague, manager, admin):
    view, private = saved(clerk, shared=True), saved(clerk, name="Mine")

    for person in (colleague, manager):
        with pytest.raises(Forbidden):
            saved_views.delete_view(view, by=person)
    with pytest.raises(Forbidden, match="private. Only its owner"):
        saved_views.delete_view(private, by=admin)
    assert SavedView.objects.count() == 2

    saved_views.delete_view(view, by=admin)
    saved_views.delete_view(private, by=clerk)

    assert not SavedView.objects.exists()
    assert [event.actor_id for event in trail().filter(action="saved_view.deleted")] == [admin.pk, clerk.pk]


def test_the_bar_says_which_view_this_is_and_whether_it_was_modified(clerk):
    view = saved(clerk)

    same = saved_views.bar(clerk, page=LIST, query="currency=EUR&status=open&after=x", chosen=str(view.pk))
    other = saved_views.bar(clerk, page=LIST, query="currency=USD&status=open", chosen=str(view.pk))
    found = saved_views.bar(clerk, page=LIST, query="status=open&currency=EUR")
    none = saved_views.bar(clerk, page=LIST, query="", chosen="999")

    assert (same.current.view, same.is_modified) == (view, False)
    assert (other.current.view, other.is_modified) == (view, True)
    assert found.current.view == view
    assert (none.current, none.is_modified) == (None, False)


# --- The pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", LISTS)
def test_every_list_offers_its_views_with_one_query(page, clerk, as_role, django_assert_num_queries):
    for n in range(5):
        saved_views.save_view(by=clerk, page=page, name=f"View {n}", query=f"q={n}", shared=n % 2 == 0)

    with django_assert_num_queries(1):
        bar = saved_views.bar(clerk, page=page, query="q=1")
        assert [str(item.view.owner) for item in bar.items] == ["Femke Clerk"] * 5
    text = as_role(clerk).get(reverse(page)).content.decode()

    assert [f"View {n}" in text for n in range(5)] == [True] * 5
    assert "Save view" in text


def test_a_view_is_saved_from_the_list_and_leads_back_to_it(clerk, as_role):
    client = as_role(clerk)
    address = f"{reverse('view_new')}?page={LIST}&query=status%3Dopen%26sort%3D-due"

    asked = client.get(address)
    made = client.post(address, {"name": "Due last", "is_shared": "on"})

    assert asked.status_code == 200
    view = SavedView.objects.get()
    assert (view.page, view.query, view.is_shared) == (LIST, "sort=-due&status=open", True)
    assert made["Location"] == f"{reverse(LIST)}?view={view.pk}&sort=-due&status=open"
    page = client.get(made["Location"]).content.decode()
    assert 'aria-current="page"' in page
    assert "Modified" not in page


def test_a_modified_view_is_marked_updated_or_saved_as_another(clerk, as_role):
    view, client = saved(clerk), as_role(clerk)

    page = client.get(f"{reverse(LIST)}?view={view.pk}&status=paid").content.decode()
    client.post(f"{reverse('view_update', args=[view.pk])}?query=status%3Dpaid")

    assert "Modified" in page
    assert "Save as" in page
    assert SavedView.objects.get().query == "status=paid"


def test_what_others_share_can_be_used_and_saved_as_but_not_updated(clerk, colleague, as_role):
    view, client = saved(clerk, shared=True), as_role(colleague)

    page = client.get(f"{reverse(LIST)}?view={view.pk}&status=paid").content.decode()
    refused = client.post(f"{reverse('view_update', args=[view.pk])}?query=status%3Dpaid")

    assert "Save as" in page
    assert reverse("view_update", args=[view.pk]) not in page
    assert refused.status_code == 403
    assert SavedView.objects.get().query == "currency=EUR&status=open"


def test_somebody_elses_private_view_is_not_to_be_found(clerk, admin, as_role):
    view, client = saved(clerk), as_role(admin)

    addresses = [reverse(name, args=[view.pk]) for name in ("view_edit", "view_update", "view_delete")]

    assert [client.post(address).status_code for address in addresses] == [404, 404, 404]
    assert SavedView.objects.count() == 1


def test_a_view_is_renamed_and_deleted_from_the_list(clerk, as_role):
    view, client = saved(clerk), as_role(clerk)

    client.post(reverse("view_edit", args=[view.pk]), {"name": "Euros"})
    assert SavedView.objects.get().name == "Euros"
    assert "Delete the view “Euros”?" in client.get(reverse("view_delete", args=[view.pk])).content.decode()
    client.post(reverse("view_delete", args=[view.pk]))

    assert not SavedView.objects.exists()


@pytest.mark.parametrize("page", ["", "home", "invoicing:detail", "x" * 500, "view_new"])
def test_only_lists_have_views(page, clerk, as_role):
    response = as_role(clerk).post(f"{reverse('view_new')}?page={page}&query=", {"name": "x"})

    assert response.status_code == 404
    assert not SavedView.objects.exists()


def test_under_htmx_the_bar_and_the_tools_follow_the_filters(clerk, as_role):
    view = saved(clerk)
    headers = {"HX-Request": "true", "HX-Target": "rows"}

    page = as_role(clerk).get(f"{reverse(LIST)}?view={view.pk}&status=paid", headers=headers).content.decode()

    assert 'id="saved-views" hx-swap-oob="true"' in page
    assert 'id="tools" hx-swap-oob="true"' in page
    assert "Modified" in page


# --- Columns --------------------------------------------------------------------------------------------------


def test_the_columns_chosen_are_those_of_the_address_and_filters_and_sort_stay(clerk, as_role):
    factories.opened(order_number="PO-77")
    client = as_role(clerk)

    ticked = client.get(f"{reverse(LIST)}?status=open&sort=-due&columns=order&columns=owed")
    page = client.get(ticked["Location"]).content.decode()

    assert ticked["Location"] == f"{reverse(LIST)}?status=open&sort=-due&columns=order,owed"
    assert "PO-77" in page
    assert 'data-label="Issued"' not in page
    assert '<input type="hidden" name="columns" value="order,owed">' in page
    assert '<input type="hidden" name="sort" value="-due">' in page
    assert 'href="?status=open&amp;sort=number&amp;columns=order%2Cowed"' in page


@pytest.mark.parametrize("page", ["invoicing:list", "invoicing:payment_list", "customers:list"])
def test_a_list_shows_every_column_it_offers_and_its_usual_ones_for_nonsense(page, clerk, as_role):
    factories.payment(factories.billed(factories.opened()), 100)
    client = as_role(clerk)
    usual = client.get(reverse(page))

    every = client.get(reverse(page), {"columns": ",".join(key for key, _label in usual.context["choosable"])})

    def heads(response):
        return response.content.decode().count('<th scope="col"')

    assert heads(every) - heads(usual) == len(every.context["shown"]) - len(usual.context["shown"]) > 0
    assert client.get(reverse(page), {"columns": "nonsense,"}).context["shown"] == usual.context["shown"]


def test_an_export_has_every_column_whichever_are_shown(clerk, as_role):
    factories.opened()
    client = as_role(clerk)

    whole = client.get(reverse(LIST), {"format": "csv"}).getvalue()

    assert client.get(reverse(LIST), {"format": "csv", "columns": "due"}).getvalue() == whole
