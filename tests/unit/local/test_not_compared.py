"""A plan of a platform that is stopped: what cannot be compared is said to be so, not to be missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.stores import secrets_store
from aerodrome.plan import Change
from aerodrome.render.roles import ADMIN


@pytest.mark.parametrize(
    ("compared", "kept", "what"),
    [
        (access.differences, secret.airflow_user(ADMIN), "roles, users and pools"),
        (secrets_store.differences, secret.OPENBAO_ROOT, "secrets store"),
    ],
)
def test_what_ran_before_and_is_stopped_is_not_said_to_be_missing(
    platform: Platform, compared: Callable[[Platform], tuple[Change, ...]], kept: str, what: str
) -> None:
    """Before the first deploy everything is; after it nobody knows until it runs."""
    assert {change.action for change in compared(platform)} == {"create"}
    platform.credentials.keep(kept, "x")
    (change,) = compared(platform)
    assert (change.action, change.what, change.risk) == ("observe", what, "none")
    assert change.why == "it does not run: compared once it does"
