"""What counts as a login of the platform, where a program tries all that it finds: each kind by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis_server
from aerodrome import names
from free_ports import free_port
from suite.place import Place
from suite.programs import TRIED

# A real store with its policies is among the tests of secrets.
sys.path.insert(0, str(Path(__file__).parents[2] / "airflow/secrets"))
from secrets_place import PLACE, SECRET_ID, ZONE, Bao

PASSWORD = "of-the-broker"
USER = ("--user", "zone", "on", f">{PASSWORD}", "~*", "&*", "+@all")


@pytest.fixture
def left(tmp_path: Path) -> Callable[[str], None]:
    """What leaves a text in a file."""
    return lambda text: (tmp_path / "left").write_text(f"found = '{text}'\n") and None


@pytest.fixture
def lets_in(tmp_path: Path) -> Callable[..., str]:
    """What runs the program over that file, against servers of which those not named are nowhere."""

    def tried(**servers: object) -> str:
        nowhere = free_port()
        usual = {"API": f"http://127.0.0.1:{nowhere}", "VAULT": f"http://127.0.0.1:{nowhere}"}
        settings = {**usual, "REDIS": nowhere, "POSTGRES": nowhere, "DAG": "beta.daily", **servers}
        environment = {"PATH": os.environ["PATH"], "STATE": str(tmp_path), "MOST": "10"}
        environment |= {name: str(value) for name, value in settings.items()}
        command = [sys.executable, "-I", "-c", TRIED]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return tried


@pytest.mark.parametrize("driver", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_login_of_the_platforms_database_is_found(
    postgres: Any, left: Any, lets_in: Any, driver: str
) -> None:
    """However the address is spelt, and whatever host it names."""
    left(f"{driver}://tester:{postgres.password}@elsewhere.invalid:1/postgres?sslmode=disable")
    assert driver in lets_in(POSTGRES=postgres.port).split(", ")


def test_a_login_of_a_database_that_is_not_the_platforms_is_none(
    postgres: Any, left: Any, lets_in: Any
) -> None:
    """Other programs leave theirs on the same machine."""
    left(postgres.uri)
    assert lets_in() == ""


@pytest.mark.parametrize(
    ("option", "login"), [(USER, "zone"), (("--requirepass", PASSWORD), "")], ids=["a user", "no user"]
)
def test_a_login_of_the_broker_is_found(
    tmp_path: Path, left: Any, lets_in: Any, option: tuple[str, str], login: str
) -> None:
    """Of a zone, or of a Redis that knows one password."""
    with redis_server.running(*option, folder=tmp_path) as port:
        left(f"redis://{login}:{PASSWORD}@elsewhere.invalid:1/0")
        assert lets_in(REDIS=port) == "redis"
        left(f"redis://{login}:another@elsewhere.invalid:1/0")
        assert lets_in(REDIS=port) == ""


def test_a_token_of_a_running_task_is_found(place: Place, left: Any, lets_in: Any) -> None:
    """And opens nothing of another tenant where the guard stands."""
    left(place.served.things["alpha"]["token"])
    assert lets_in(API=place.served.undefended.url) == "/execution/dags/beta.daily"
    assert lets_in(API=place.served.defended.url) == ""


def test_a_token_of_a_person_is_found(place: Place, left: Any, lets_in: Any) -> None:
    """By the REST API."""
    left(place.served.defended.token("boss"))
    assert lets_in(API=place.served.defended.url) == "/api/v2/dags"


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A secrets store as a deploy leaves it."""
    made = Bao(tmp_path_factory.mktemp("bao"))
    try:
        made.start()
        yield made
    finally:
        made.kill()


def test_a_token_of_the_store_is_found(store: Bao, left: Any, lets_in: Any) -> None:
    """That of a zone, which reads nothing, and one that it mints, which reads a single tenant's secrets."""
    number = store.vault.role_id(names.zone_role(PLACE, ZONE))
    assert number is not None
    zone = store.vault.login(number, SECRET_ID)
    minted = store.vault.mint(names.tenant_policy(PLACE, ZONE, "alpha"), names.TOKEN_TTL)
    for token, opened in ((zone, "the secrets store"), (minted, "the secrets store"), (f"s.{'x' * 24}", "")):
        left(token)
        assert lets_in(VAULT=f"http://127.0.0.1:{store.port}") == opened
