"""Redis as the deploy sees it: does it answer, who is connected, who may do what (redis-py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aerodrome import names
from aerodrome.errors import AerodromeError

if TYPE_CHECKING:
    import redis

# As render.airflow_worker has workers call themselves.
_WORKER = "worker-"
# No user of anybody has this name.
_COMPARED = ":compared"


class Connected(NamedTuple):
    """A client that is connected: its user, and the name that it gives itself."""

    user: str
    name: str


@dataclass(frozen=True)
class Broker:
    """One user's access to one Redis server on this machine; over TLS where the *authority* of the server is given."""

    port: int
    user: str
    password: str = field(repr=False)
    authority: str | None = None

    def answers(self) -> bool:
        """Return whether the server takes this user's commands."""
        try:
            return bool(self._call("ping"))
        except AerodromeError:
            return False

    def waiting_clients(self) -> frozenset[str]:
        """Return the names of the clients that wait for messages now."""
        return frozenset(
            str(client["name"])
            for client in self._call("client_list")
            if client.get("cmd") == "brpop" and client.get("name")
        )

    def connected(self) -> frozenset[Connected]:
        """Return who is connected now, at work or waiting."""
        return frozenset(
            Connected(str(client.get("user", "")), str(client.get("name", "")))
            for client in self._call("client_list")
        )

    def served_by_hosts(self) -> frozenset[str]:
        """Return the queues of which a worker on a host is connected now, by the names that these give themselves."""
        return frozenset(
            client.name.removeprefix(_WORKER)
            for client in self.connected()
            if names.host_of(client.user) is not None
        )

    def reload_users(self) -> None:
        """Make the server read its ACL file again."""
        self._call("acl_load")

    def reload_certificate(self, certificate: Path, key: Path) -> None:
        """Make the server show the *certificate* to who connects from now on; connections go on."""
        self._call(
            "execute_command", "CONFIG", "SET", "tls-cert-file", str(certificate), "tls-key-file", str(key)
        )

    def users(self) -> frozenset[str]:
        """Return the names of the users."""
        return frozenset(map(str, self._call("acl_users")))

    def differing(self, wanted: Mapping[str, str]) -> tuple[str, ...]:
        """Return those of *wanted*, user → rights in the words of an ACL, that are not there or have other ones."""
        steps: Any
        with self._client.pipeline() as steps:
            for name, rights in wanted.items():
                # The server has words of its own for the same rights: it is asked what it makes of these.
                steps.execute_command("ACL", "SETUSER", _COMPARED, "reset", *rights.split())
                steps.acl_getuser(_COMPARED)
                steps.acl_getuser(name)
            steps.acl_deluser(_COMPARED)
            answers = self._told(steps.execute)
        return tuple(name for n, name in enumerate(wanted) if answers[3 * n + 1] != answers[3 * n + 2])

    def put_user(self, name: str, rights: str) -> None:
        """Make the user *name*, or replace all its *rights*, the words of an ACL; others stay connected."""
        self._call("execute_command", "ACL", "SETUSER", name, "reset", *rights.split())

    def delete_user(self, name: str) -> bool:
        """Remove the user *name* and end its connections; return whether there was one."""
        return bool(self._call("acl_deluser", name))

    def give_back(self, queue: str, unacked: str, index: str) -> int:
        """Put the messages of *queue* that a worker took and never finished back to be taken next; return how many.

        The hash *unacked* and the sorted set *index* are that worker's.
        """
        taken = self._call("hgetall", unacked)
        for tag, text in taken.items():
            with self._client.pipeline() as steps:
                steps.rpush(queue, json.dumps(_redelivered(json.loads(text)[0])))
                steps.hdel(unacked, tag)
                steps.zrem(index, tag)
                self._told(steps.execute)
        return len(taken)

    @cached_property
    def _client(self) -> redis.Redis:
        import redis

        options: dict[str, Any] = {"ssl": True, "ssl_ca_certs": self.authority} if self.authority else {}
        return redis.Redis(
            host="127.0.0.1",
            port=self.port,
            username=self.user,
            password=self.password,
            socket_timeout=3,
            socket_connect_timeout=3,
            decode_responses=True,
            **options,
        )

    def _call(self, name: str, *arguments: object) -> Any:
        return self._told(getattr(self._client, name), *arguments)

    def _told(self, call: Any, *arguments: object) -> Any:
        from redis import RedisError

        try:
            return call(*arguments)
        except RedisError as problem:
            raise AerodromeError(f"Redis at 127.0.0.1:{self.port}: {problem}") from None


def _redelivered(message: dict[str, Any]) -> dict[str, Any]:
    # As kombu marks what it puts back.
    message.setdefault("headers", {})["redelivered"] = True
    message.setdefault("properties", {}).setdefault("delivery_info", {})["redelivered"] = True
    return message
