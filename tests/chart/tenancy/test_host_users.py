"""The broker's users of hosts: a Secret beside the release that Redis reads, whenever it comes."""

from __future__ import annotations

from typing import Any

import pytest

NAMED = {"broker": {"usersSecretName": "aerodrome-host-users"}}


def pod(release: Any) -> Any:
    """Return the spec of Redis' pods."""
    return release.of("StatefulSet")["rel-redis"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """An entrance whose hosts have users of their own, and zones have none."""
    return objects_of("hybrid-entrance", hybrid=NAMED, brokerUsers=None)


def test_redis_reads_every_file_of_the_secret(release: Any) -> None:
    """Also none of it, before the first host is let in; its own password stands behind."""
    (container,) = pod(release)["containers"]
    assert container["args"] == ["--include", "/etc/redis-hosts/*.conf", "--requirepass", "$(REDIS_PASSWORD)"]
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "host-users")
    assert mount == {"name": "host-users", "mountPath": "/etc/redis-hosts", "readOnly": True}
    (volume,) = (each for each in pod(release)["volumes"] if each["name"] == "host-users")
    assert volume["secret"] == {"secretName": "aerodrome-host-users", "optional": True}


def test_users_of_zones_come_first(objects_of: Any) -> None:
    """The file of a release that has both."""
    (container,) = pod(objects_of("hybrid-entrance", hybrid=NAMED))["containers"]
    assert container["args"][:3] == ["/etc/redis/users.conf", "--include", "/etc/redis-hosts/*.conf"]


def test_without_an_entrance_nobody_reads_it(objects_of: Any) -> None:
    """Nothing is mounted, and no argument added."""
    spec = pod(objects_of("hybrid-entrance", hybrid={"enabled": False, **NAMED}))
    assert "host-users" not in str(spec) and "--include" not in spec["containers"][0]["args"]
