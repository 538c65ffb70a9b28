"""Which rights of which roles count for which tenant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aerodrome_airflow.auth.people import NOBODY, Person, person, tenant_of_pool, tenant_of_role

READ, EDIT = ("can_read", "Pools"), ("can_edit", "Pools")


def _person(**roles: set[tuple[str, str]]) -> Person:
    return Person({name.replace("_", "."): frozenset(rights) for name, rights in roles.items()})


def test_rights_count_for_the_tenant_whose_role_grants_them() -> None:
    """A viewer of alpha who administers beta edits in beta only."""
    both = _person(alpha_viewer={READ}, beta_admin={READ, EDIT})
    assert both.about("alpha").perms == {READ}
    assert both.about("beta").perms == {READ, EDIT}
    assert not both.about("gamma").perms
    assert not both.about(None).perms


def test_who_sees_all_tenants_changes_none_by_that() -> None:
    """An auditor's right to read counts everywhere, a tenant's right to edit in that tenant."""
    mixed = _person(auditor={READ}, alpha_admin={EDIT})
    assert not mixed.confined
    assert mixed.about("alpha").perms == {READ, EDIT}
    assert mixed.about("beta").perms == mixed.about(None).perms == {READ}


@pytest.mark.parametrize("role", ["Viewer", "Op", "User", "Public", "custom", "admin", "ADMIN", "Platform"])
def test_a_role_that_is_nobodys_opens_nothing(role: str) -> None:
    """Airflow's own roles and roles of another spelling see no tenant."""
    other = Person({role: frozenset({READ})})
    assert other.confined and not other.tenants
    assert not other.may_see("alpha") and not other.may_see(None)


@pytest.mark.parametrize(
    "role",
    ["alpha", "alpha.", ".admin", "alpha.owner", "Alpha.admin", "alpha.admin.x", "alpha.Admin", "a-b.admin"],
)
def test_a_role_is_a_tenants_in_one_spelling_only(role: str) -> None:
    """The tenant's slug, a point, a level."""
    assert tenant_of_role(role) is None
    assert tenant_of_role("alpha.admin") == "alpha"


def test_a_pool_belongs_to_whom_its_name_says() -> None:
    """The tenant's own name, or a name after it; the default pool is nobody's."""
    assert tenant_of_pool("alpha") == tenant_of_pool("alpha.small") == "alpha"
    for name in ("default_pool", "Alpha", "alpha.", "alpha.a.b", "", None):
        assert tenant_of_pool(name) is None


def test_a_user_without_roles_is_nobody() -> None:
    """Neither a user who is gone nor one without roles sees anything."""
    user: Any = SimpleNamespace(roles=[])
    assert person(None) is NOBODY
    assert person(user).confined and not person(user).tenants
