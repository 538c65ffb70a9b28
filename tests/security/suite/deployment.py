"""The platform that is attacked: deployed once, and destroyed by whoever tests its end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam

import psutil
from aerodrome.local.machine import accounts
from aerodrome.local.machine.platform import Platform
from live_platform import deployed


@dataclass(frozen=True)
class Deployment:
    """A deployed platform; *destroy* takes it away, and a second time does nothing."""

    platform: Platform
    destroy: Callable[[], None]


@contextmanager
def running(copy: Path, state: Path) -> Iterator[Deployment]:
    """Deploy *copy* with its state in *state*; it is gone at the end, whatever happened."""
    with ExitStack() as stack:
        platform = stack.enter_context(deployed(copy, state))
        yield Deployment(platform, stack.close)


def remains(platform: Platform) -> Iterator[str]:
    """Yield what is still there of a platform that was destroyed."""
    layout = platform.layout
    yield from (str(place) for place in (layout.state, layout.run) if place.exists())
    yield from accounts.used_by(layout.name)
    yield from filter(_is_left, map(str, map(platform.os_user, platform.tenants)))
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", platform.ports.directory)) == 0:
            yield f"somebody at port {platform.ports.directory}"
    for process in psutil.process_iter(["cmdline"]):
        if str(layout.state) in " ".join(process.info["cmdline"] or ()):
            yield f"process {process.pid}"


def _is_left(user: str) -> bool:
    """Return whether the operating system user is there and no other platform of this machine has it."""
    with suppress(KeyError):
        return bool(getpwnam(user)) and not (accounts.LEDGER / user).is_dir()
    return False
