"""`login: {kind: directory}` deployed as a whole: directory, login, roles and their end."""

from __future__ import annotations

import pytest
from deployed_login import OWN, Course

pytestmark = pytest.mark.all_attacks


def test_a_person_of_the_directory_logs_in_and_sees_the_own_tenant_only(deployed_course: Course) -> None:
    """By REST, with the directory's password and no other; no deploy has made this person."""
    assert deployed_course.wrong_password == 401
    assert deployed_course.tenants == {OWN} and deployed_course.other_dag == 403


def test_out_of_the_group_is_out_of_the_platform(deployed_course: Course) -> None:
    """With the token that is held, within a minute, and for a new one."""
    assert deployed_course.ended is not None
    assert deployed_course.login_after in {401, 403}


def test_destroy_leaves_nothing_of_it(deployed_course: Course) -> None:
    """No folder, no operating system user, no process, nobody at the directory's port."""
    assert deployed_course.left == ()
