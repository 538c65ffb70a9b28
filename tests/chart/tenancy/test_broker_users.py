"""The users of the broker that the chart writes, in a real Redis."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redis_server
from aerodrome.render import broker_users
from redis_server import ONCE

PASSWORD, ADMIN = "12345678", "of-the-release"
"""The first is the password whose digest the example holds."""


@pytest.fixture(scope="module")
def port(objects_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Redis that was started with the arguments of the chart's container."""
    folder = tmp_path_factory.mktemp("redis")
    release = objects_of("personal-data-zone")
    users = release.of("Secret")["rel-broker-users"]["data"]["users.conf"]
    (folder / "users.conf").write_bytes(base64.b64decode(users))
    (container,) = release.of("StatefulSet")["rel-redis"]["spec"]["template"]["spec"]["containers"]
    said = {"/etc/redis/users.conf": str(folder / "users.conf"), "$(REDIS_PASSWORD)": ADMIN}
    arguments = [said.get(argument, argument) for argument in container["args"]]
    with redis_server.running(*arguments, folder=folder) as free:
        yield free


def _as(user: str, password: str, port: int) -> Any:
    return redis.Redis(port=port, username=user, password=password, retry=ONCE)


def test_a_zones_user_works_on_its_own_queues(port: int) -> None:
    """Their priorities and bookkeeping included."""
    mine = _as("aerodrome-pii", PASSWORD, port)
    for key in ("pii", "pii\x06\x163", "pii\x06\x169"):
        assert mine.lpush(key, "message") == 1 and mine.brpop(key, 1)
    assert mine.zadd("unacked_index.pii", {"a": 1}) and mine.hset("unacked.pii", "a", "message")
    assert mine.setex("celery-task-meta-1", 60, "done")


@pytest.mark.parametrize(
    "command",
    [
        ("BRPOP", "default", "1"),
        ("LPUSH", "onprem", "x"),
        ("HGET", "unacked", "a"),
        ("HGET", "unacked.default", "a"),
        ("KEYS", "*"),
        ("MONITOR",),
        ("CONFIG", "GET", "*"),
        ("EVAL", "return 1", "0"),
        ("ACL", "LIST"),
        ("FLUSHALL",),
        ("SUBSCRIBE", "/0.celery.pidbox"),
    ],
    ids=" ".join,
)
def test_it_reaches_nothing_else(port: int, command: tuple[str, ...]) -> None:
    """No other queue, no list of keys or users, no script."""
    with pytest.raises(redis.exceptions.NoPermissionError):
        _as("aerodrome-pii", PASSWORD, port).execute_command(*command)


def test_the_releases_own_user_keeps_its_password(port: int) -> None:
    """The file of users does not open the broker to everybody."""
    assert _as("default", ADMIN, port).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port, retry=ONCE).ping()
    with pytest.raises(redis.AuthenticationError):
        _as("aerodrome-pii", "another", port).ping()


def test_the_chart_grants_what_debians_redis_knows(objects_of: Any) -> None:
    """The words of ENV=local, with which that server starts: a name of a later command would keep it from it."""
    release = objects_of("personal-data-zone")
    text = base64.b64decode(release.of("Secret")["rel-broker-users"]["data"]["users.conf"]).decode()
    (user,) = (line for line in text.splitlines() if line.startswith("user aerodrome-pii "))
    granted = [word for word in user.split() if word[0] in "+-"]
    assert granted == ["-@all", *f"{broker_users.CONNECTION} {broker_users.WORKER}".split()]


def test_a_zones_workers_keep_their_books_under_their_own_keys(objects_of: Any) -> None:
    """Those that their user may touch."""
    spec = objects_of("personal-data-zone").of("StatefulSet")["rel-worker-pii"]["spec"]["template"]["spec"]
    env = {one["name"]: one for one in spec["containers"][0]["env"]}
    options = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__"
    assert env[f"{options}UNACKED_KEY"]["value"] == "unacked.pii"
    assert env["AIRFLOW__CELERY__BROKER_URL"]["valueFrom"]["secretKeyRef"]["name"] == "broker-pii"
    assert env["AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL"]["value"] == "False"
