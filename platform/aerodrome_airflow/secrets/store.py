"""What the agent needs of a store, and what can go wrong there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from aerodrome_airflow.secrets.protocol import Lookup

T = TypeVar("T")
Value = Mapping[str, Any]


class MissingError(Exception):
    """Nothing is stored there."""


class RefusedError(Exception):
    """This tenant may not read this in this zone; the text says why where it is not the store that says so."""


class UnusableError(Exception):
    """What is stored there is no connection or variable; the text says why. The store itself is well."""


class UnavailableError(Exception):
    """The store gave no usable answer; *throttled*: it wants to be asked less often."""

    def __init__(self, reason: str, *, throttled: bool = False) -> None:
        super().__init__(reason)
        self.throttled = throttled


class LoginRefusedError(UnavailableError):
    """The store no longer accepts the zone's own login: what was read with it is not used either."""


class Attempt(Protocol):
    """Makes one call to the store, or raises UnavailableError without making it."""

    async def __call__(self, call: Callable[[], Awaitable[T]], /) -> T: ...


class Store(Protocol):
    """One kind of store. Each call to it goes through an Attempt."""

    async def read(self, lookup: Lookup, attempt: Attempt) -> Value:
        """Return the entry, or raise one of the errors above."""

    async def close(self) -> None:
        """Give connections back."""
