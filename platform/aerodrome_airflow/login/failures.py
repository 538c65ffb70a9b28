"""Counting failed logins: who guesses passwords is slowed down before the directory hears of it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aerodrome_airflow.login.refusal import TooManyFailures

SECONDS = 60
# Of one name from one address. Nobody far away can lock somebody out by that.
OF_NAME = 5
# Of all names from one address: one password tried on many people.
OF_ADDRESS = 50
# What is remembered at the most; the oldest is forgotten first.
REMEMBERED = 20_000

Key = tuple[str, ...]


@dataclass
class Failures:
    """The failed logins of the last minute in this process, of names as they are compared; *clock* tells seconds."""

    clock: Callable[[], float] = time.monotonic
    _times: OrderedDict[Key, deque[float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def require_few(self, name: str, address: str) -> None:
        """Do nothing, or raise TooManyFailures."""
        with self._lock:
            if any(self._recent(key) >= most for key, most in _limits(name, address)):
                raise TooManyFailures

    def note(self, name: str, address: str) -> None:
        """Count one more failure."""
        with self._lock:
            for key, most in _limits(name, address):
                self._times.setdefault(key, deque(maxlen=most)).append(self.clock())
                self._times.move_to_end(key)
            while len(self._times) > REMEMBERED:
                self._times.popitem(last=False)

    def forget(self, name: str, address: str) -> None:
        """Forget the failures of *name*, who has shown the right password now."""
        with self._lock:
            self._times.pop(_of_name(name, address), None)

    def _recent(self, key: Key) -> int:
        begin = self.clock() - SECONDS
        return sum(1 for moment in self._times.get(key, ()) if moment > begin)


def _limits(name: str, address: str) -> tuple[tuple[Key, int], ...]:
    return (_of_name(name, address), OF_NAME), ((address,), OF_ADDRESS)


def _of_name(name: str, address: str) -> Key:
    return address, name[:512]
