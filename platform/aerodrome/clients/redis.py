"""Redis as the deploy sees it: does it answer, who is connected (redis-py)."""

from __future__ import annotations

from dataclasses import dataclass, field

import redis

from aerodrome.errors import AerodromeError


@dataclass(frozen=True)
class Broker:
    """One user's access to one Redis server."""

    port: int
    user: str
    password: str = field(repr=False)

    def answers(self) -> bool:
        """Return whether the server takes this user's commands."""
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def waiting_clients(self) -> frozenset[str]:
        """Return the names of the clients that wait for messages now."""
        return frozenset(
            str(client["name"])
            for client in self._call("client_list")
            if client.get("cmd") == "brpop" and client.get("name")
        )

    def reload_users(self) -> None:
        """Make the server read its ACL file again."""
        self._call("acl_load")

    def _client(self) -> redis.Redis:
        return redis.Redis(
            host="127.0.0.1",
            port=self.port,
            username=self.user,
            password=self.password,
            socket_timeout=3,
            socket_connect_timeout=3,
            decode_responses=True,
        )

    def _call(self, name: str, *arguments: object):  # type: ignore[no-untyped-def]
        try:
            return getattr(self._client(), name)(*arguments)
        except redis.RedisError as problem:
            raise AerodromeError(f"Redis at 127.0.0.1:{self.port}: {problem}") from None
