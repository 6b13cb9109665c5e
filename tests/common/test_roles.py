"""Who may do what."""

import pytest

from config.common import roles
from config.common.errors import Forbidden
from config.common.roles import LEAST_ROLE, SYSTEM, Role


def test_a_viewer_may_look_and_nothing_else(viewer):
    assert [act for act in LEAST_ROLE if roles.may(viewer, act)] == ["view"]


def test_each_role_may_do_what_the_one_below_may(viewer, clerk, manager, admin):
    allowed = [{act for act in LEAST_ROLE if roles.may(person, act)} for person in (viewer, clerk, manager, admin)]

    assert allowed[0] < allowed[1] < allowed[2] < allowed[3] == set(LEAST_ROLE)


@pytest.mark.parametrize("act", [act for act, role in LEAST_ROLE.items() if role == Role.ADMIN])
def test_a_manager_is_told_that_it_takes_an_admin(manager, act):
    with pytest.raises(Forbidden, match="It needs the role Admin or higher; ask an admin"):
        roles.require(manager, act)


def test_the_system_itself_may_do_everything():
    assert all(roles.may(SYSTEM, act) for act in LEAST_ROLE)


def test_an_inactive_person_may_do_nothing_whatever_the_role(admin):
    admin.is_active = False

    assert not any(roles.may(admin, act) for act in LEAST_ROLE)


def test_an_act_that_is_not_in_the_table_is_a_bug_not_a_refusal(admin):
    with pytest.raises(KeyError):
        roles.may(admin, "invoice.teleport")
