"""One way to call uv: a clean environment, the right user, and errors that say the essential."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError

TIMEOUT = 900.0
_PASSED_ON = re.compile(r"^(UV_(?!PUBLISH)\w+|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy)$", re.IGNORECASE)
_BULLETS = re.compile(r"^[\s\u00d7\u2500-\u25ff?]+")
_NETWORK = re.compile(
    r"error sending request|dns error|connection (refused|reset)|timed out|no route to host", re.I
)
_CHATTER = ("Using ", "Creating ", "warning:", "Resolved ", "Prepared ", "Installed ", "Uninstalled ")
_HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
_LINES = 8


@dataclass(frozen=True)
class Tools:
    """The interpreter that virtual environments stand on, and uv; both readable by the tenants' users."""

    python: Path
    uv: Path


@dataclass(frozen=True)
class Account:
    """Numbers of the user that a program runs as."""

    uid: int
    gid: int


class UvError(Exception):
    """uv ended with an error: the text is what matters of its output, *network* that no index answered."""

    def __init__(self, text: str, *, network: bool = False) -> None:
        super().__init__(text)
        self.network = network


def find_uv() -> Path:
    """Return the uv that the platform's own lock installs."""
    from uv import find_uv_bin

    return Path(find_uv_bin())


def run_uv(
    uv: Path,
    arguments: Sequence[str],
    *,
    folder: Path,
    cache: Path | None = None,
    account: Account | None = None,
) -> None:
    """Run uv in *folder*, as *account* where one is given; UvError says what went wrong.

    Its whole process group is ended with it, so that a package's build leaves nothing behind.
    """
    process = subprocess.Popen(
        [uv, *arguments, "--no-progress", "--color", "never"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=folder,
        env=_environment(account, folder, cache),
        start_new_session=True,
        umask=0o022,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise UvError(f"not finished after {TIMEOUT:.0f} seconds") from None
    finally:
        _end(process)
    if process.returncode:
        raise UvError(essence(output), network=bool(_NETWORK.search(output)))


def refusal(failure: UvError, place: str, doing: str, remedy: str) -> AerodromeError:
    """Return the error to raise: the tenant's mistake at *place*, or a registry that did not answer."""
    if failure.network:
        return AerodromeError(f"{place}: {doing}: no answer from the package index: {failure}", "try again")
    return UserError(f"{place}: {doing}: {failure}", remedy)


def essence(output: str) -> str:
    """Return the lines of uv's *output* that tell the error, without its drawing."""
    lines = [_BULLETS.sub("", line).strip() for line in output.splitlines()]
    told = [line for line in lines if line and not line.startswith(_CHATTER)]
    return "\n    ".join(told[:2] + told[2:][-(_LINES - 2) :]) or "uv said nothing"


def _environment(account: Account | None, folder: Path, cache: Path | None) -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)}
    own = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "UV_PYTHON_DOWNLOADS": "never"}
    places = {"UV_CACHE_DIR": str(cache)} if cache else {}
    # Another user's home is not readable for the account; the folder of the build is.
    mine = {name: os.environ[name] for name in _HOMES if name in os.environ}
    return {**passed, **own, **({"HOME": str(folder)} if account else mine), **places}


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
