"""One table says who may do what (config/common/roles.py); this walks it: every page, every service, every role."""

import ast
import re
from functools import cache

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client

from config.common import roles
from config.common.models import User
from config.common.roles import LEAST_ROLE, RANK, Role
from tests import factories
from tests.invoicing import operations

from .addresses import addresses
from .source import APPS, ROOT, modules, tree

GUARDED = [address for address in addresses() if hasattr(address.callback, "act")]
DOCUMENT = ROOT / "docs" / "roles.md"


# --- The table, in words --------------------------------------------------------------------------------------


def test_the_document_says_what_the_code_does():
    rows = re.findall(r"^\| `([a-z_.]+)` \|[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", DOCUMENT.read_text(), re.M)
    written = {act: [cell.strip() == "✓" for cell in cells] for act, *cells in rows}

    assert written == {act: [RANK[role] >= RANK[least] for role in Role] for act, least in LEAST_ROLE.items()}


# --- The pages ------------------------------------------------------------------------------------------------


@pytest.fixture
def world(admin, worker):
    """One of each thing that addresses speak of: where it begins, and the number in it."""
    draft, opened = factories.draft(), factories.opened()
    failed = operations.with_one_failed(worker, by=admin, sound=0)
    somebody = User.objects.create_user("somebody@dunlin.example", "a-long-password", name="Somebody")
    return {
        "/invoices/": draft.pk,
        "/customers/": opened.customer.pk,
        "/batches/": failed.pk,
        "/settings/people/": somebody.pk,
    }


def walked(address, world) -> str:
    """The address with the number of a thing that there is, where the walk knows one."""
    for beginning, pk in world.items():
        if address.path.startswith(f"{beginning}1/"):
            return address.path.replace(f"{beginning}1/", f"{beginning}{pk}/", 1)
    return address.path


def everything() -> dict:
    """How many rows each table has; sessions are not what anybody writes."""
    return {
        model._meta.label: model._default_manager.count() for model in apps.get_models() if model._meta.label != SESSION
    }


SESSION = "sessions.Session"
# Pages that everybody reads and fewer may post to.
STRICTER_TO_POST = {"invoicing:problems": "delivery.settle"}


def may(role, act) -> bool:
    return RANK[Role(role)] >= RANK[LEAST_ROLE[act]]


def act_of(address, method) -> str:
    return STRICTER_TO_POST.get(address.name, address.callback.act) if method == "post" else address.callback.act


@pytest.fixture
def walker():
    """`walker(role)`: a browser of somebody with this role, to whom a crash is an answer."""

    def walk(role) -> Client:
        person = User.objects.create_user("walker@dunlin.example", "a-long-password", name="Walker", role=role)
        client = Client(raise_request_exception=False)
        client.force_login(person)
        return client

    return walk


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_what_a_role_may_not_do_is_refused_and_leaves_no_row_no_event_and_no_mail(role, world, walker):
    client, wrong = walker(role), {}
    refused = [
        (method, address)
        for address in GUARDED
        for method in ("get", "post", "put", "delete")
        if not may(role, act_of(address, method))
    ]
    before = everything()

    for method, address in refused:
        answer = getattr(client, method)(walked(address, world))
        if answer.status_code != 403:
            wrong[f"{method} {address.path}"] = (answer.status_code, address.callback.act)

    assert wrong == {}
    assert everything() == before
    assert mail.outbox == []
    assert (refused == []) == (role == Role.ADMIN)


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_what_a_role_may_do_is_refused_nowhere(role, world, walker):
    """There, not there (404), or not so (422): whatever a page answers, it is not that the role is too low."""
    client, wrong = walker(role), {}

    for address in GUARDED:
        for method in ("get", "post"):
            act = act_of(address, method)
            if not may(role, act):
                continue
            status = getattr(client, method)(walked(address, world)).status_code
            if status not in (200, 302, 400, 404, 405, 409, 422):
                wrong[f"{method} {address.path}"] = (status, act)

    assert wrong == {}


def test_each_act_of_a_page_is_in_the_table():
    assert {address.callback.act for address in GUARDED} <= set(LEAST_ROLE)


# --- The services ---------------------------------------------------------------------------------------------

# What writes for services: each is told by whom, and was called by one that had asked already.
BELOW_SERVICES = {"audit", "states", "edits"}


@cache
def constants(module) -> dict:
    """The words a module gives names to: {"ACT": "user.write"}."""
    return {
        target.id: node.value.value
        for node in tree(module).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def named(module, node) -> set:
    """The acts an expression may stand for."""
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.Name):
        return {constants(module)[node.id]} if node.id in constants(module) else set()
    if isinstance(node, ast.IfExp):
        return named(module, node.body) | named(module, node.orelse)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owners = [other for other in modules() if other.stem == node.value.id and node.attr in constants(other)]
        return {constants(other)[node.attr] for other in owners}
    return set()


def asks(node) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("roles.require", "require")


def acts_asked_for() -> set:
    return {
        act
        for module in modules()
        if module.parts[0] in APPS and module.name != "views.py"
        for node in ast.walk(tree(module))
        if asks(node)
        for act in named(module, node.args[1])
    }


def functions():
    """Every public function that is told by whom it is called, with its module."""
    for module in modules():
        if module.stem in BELOW_SERVICES or "views" in module.parts or module.stem.startswith("views"):
            continue
        for node in tree(module).body:
            if isinstance(node, ast.FunctionDef):
                yield module, node


def hands_on(node) -> set:
    """The functions that one calls in the name of the same person."""
    return {
        ast.unparse(call.func).split(".")[-1]
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and any(keyword.arg == "by" and ast.unparse(keyword.value) == "by" for keyword in call.keywords)
        and ast.unparse(call.func).split(".")[0] not in BELOW_SERVICES
    }


def test_each_act_of_the_table_is_asked_for_by_a_service():
    assert sorted(set(LEAST_ROLE) - acts_asked_for()) == []


def test_no_service_asks_for_an_act_that_is_not_in_the_table():
    assert sorted(acts_asked_for() - set(LEAST_ROLE)) == []


# Parts of services, in modules of their own or shared by several: whoever calls them has asked. No page may.
PARTS = {"allocating.reverse", "allocating.lower", "delivering.move", "delivering.bill", "delivering.new_delivery"}
# Not acts but questions about a person: they write nothing.
QUESTIONS = {
    "letting_go.beyond_limit",
    "bank_changes.needs_nobody",
    "checking.look",
    "checking.preflight",
    "checking.refusal",
}


def test_no_page_calls_a_mere_part_of_a_service():
    pages = [module for module in modules() if "views" in module.parts or module.stem.startswith(("views", "admin"))]
    found = [f"{page}: {part}" for page in pages for part in PARTS if f"{part}(" in (ROOT / page).read_text()]

    assert found == []


def test_each_service_that_is_told_by_whom_asks_whether_they_may():
    told = [
        (module, node)
        for module, node in functions()
        if "by" in [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
    ]
    sound = {node.name for _module, node in told if any(asks(each) for each in ast.walk(node))}
    while more := {node.name for _module, node in told if hands_on(node) & sound} - sound:
        sound |= more

    silent = {f"{module.stem}.{node.name}" for module, node in told if node.name not in sound}
    assert {name for name in silent if "._" not in name} == PARTS | QUESTIONS


def test_the_system_may_do_everything_and_somebody_turned_off_nothing():
    off = User(role=Role.ADMIN, is_active=False)

    assert all(roles.may(roles.SYSTEM, act) for act in LEAST_ROLE)
    assert not any(roles.may(off, act) for act in LEAST_ROLE)
