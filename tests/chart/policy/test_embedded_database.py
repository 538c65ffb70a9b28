"""The embedded PostgreSQL has a password of its own, which everybody who needs it is given."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml


def secrets(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name of the secret, key and decoded text of all secrets in *text*."""
    for one in yaml.safe_load_all(text):
        if one and one["kind"] == "Secret":
            for key, value in one["data"].items():
                yield one["metadata"]["name"], key, base64.b64decode(value).decode()


@pytest.mark.parametrize("program", ["helm3", "helm4"])
def test_all_who_need_the_password_get_the_same_one(render: Any, program: str) -> None:
    """Made anew by a rendering without a cluster, and never the well-known one."""
    done = render("--set=pgbouncer.enabled=true,airflowVersion=2.11.0", program=program)
    found = {name: text for name, key, text in secrets(done.stdout) if key != "pgbouncer.ini"}
    password = found["r-postgresql"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", password)
    assert f"postgresql://postgres:{password}@" in found["r-metadata"]
    assert f'"postgres" "{password}"' in found["r-pgbouncer-config"]
    assert f":{password}@" in found["r-pgbouncer-stats"]


def test_each_release_has_its_own(render: Any) -> None:
    """Two renderings without a cluster are two releases."""
    one, other = ({text for *_, text in secrets(render().stdout)} for _ in range(2))
    assert not one & other


def test_it_outlives_the_release_as_its_volume_does(render: Any) -> None:
    """Else a release that is installed again could not open its own database."""
    done = render("--show-only=templates/postgresql/secret.yaml")
    assert yaml.safe_load(done.stdout)["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


@pytest.mark.parametrize(
    "given",
    [
        "deploymentPolicy.profile=official",
        "postgresql.auth.postgresPassword=ours",
    ],
)
def test_a_password_that_is_given_stays(render: Any, given: str) -> None:
    """As does that of the official chart with its profile."""
    found = {name: text for name, _, text in secrets(render(f"--set={given}").stdout)}
    wanted = "ours" if "ours" in given else "postgres"
    assert found["r-postgresql"] == wanted
    assert f"postgresql://postgres:{wanted}@" in found["r-metadata"]
