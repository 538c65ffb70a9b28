"""Who somebody is by verified claims."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome_airflow.login.claims import UnusableToken, identity

SETTINGS = {
    "issuer": "https://sso.example.org",
    "client_id": "aerodrome",
    "name_claim": "preferred_username",
    "groups_claim": "groups",
}
CLAIMS = {
    "iss": "https://sso.example.org",
    "aud": "aerodrome",
    "sub": "1",
    "preferred_username": "Anne",
    "groups": ["Alpha  Team"],
}


def found(claims: dict[str, Any], told: dict[str, Any] | None = None) -> Any:
    """Return the entry of a token with *claims*, beside which the provider tells *told*."""
    return identity(SETTINGS, {"id_token": "x", "userinfo": claims}, lambda: told or {})


def test_names_and_groups_are_compared_as_the_directory_compares_them() -> None:
    """Without regard to case and blanks."""
    entry = found(CLAIMS)
    assert entry.name == "anne" and entry.groups == {"alpha team"}


@pytest.mark.parametrize("audience", ["other", ["other"], [], None, 7])
def test_a_token_for_somebody_else_is_none(audience: Any) -> None:
    """Whatever the library looks at by itself."""
    with pytest.raises(UnusableToken):
        found({**CLAIMS, "aud": audience})
    assert found({**CLAIMS, "aud": ["other", "aerodrome"]}).name == "anne"


def test_what_the_provider_tells_beside_must_be_about_the_same_person() -> None:
    """And a claim of the signed token counts before it."""
    bare = {key: value for key, value in CLAIMS.items() if key != "groups"}
    with pytest.raises(UnusableToken):
        found(bare, {"sub": "2", "groups": ["alpha team"]})
    assert found(bare, {"sub": "1", "groups": ["x"], "preferred_username": "eve"}).name == "anne"


def test_an_address_that_nobody_has_verified_is_not_taken() -> None:
    """FAB takes no address twice: somebody could take another one's."""
    assert found({**CLAIMS, "email": "a@b.org", "email_verified": False}).email == ""
    assert found({**CLAIMS, "email": "a@b.org"}).email == "a@b.org"


@pytest.mark.parametrize("groups", [None, 7, {"a": 1}, [["alpha team"]], [7]])
def test_groups_of_another_shape_are_none(groups: Any) -> None:
    """No role follows from them."""
    assert found({**CLAIMS, "groups": groups}).groups == frozenset()
