"""One way to call uv: a clean environment, the right user, and errors that say the essential and whose they are."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.runtime.children import Account, Children, lines

TIME_LIMIT = 900.0
SPACE = "free space on that disk, then try again"
_PASSED_ON = re.compile(r"^(UV_(?!PUBLISH)\w+|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy)$", re.IGNORECASE)
_BULLETS = re.compile(r"^[\s\u00d7\u2500-\u25ff?]+")
_NETWORK = re.compile(
    r"error sending request|dns error|connection (refused|reset)|timed out|no route to host"
    r"|HTTP status server error",
    re.IGNORECASE,
)
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
# As uv tells them: input/output, memory, permission, too many open files, read-only file system.
_SYSTEM = re.compile(r"\(os error (5|12|13|23|24|30)\)")
_CHATTER = ("Using ", "Creating ", "warning:", "Resolved ", "Prepared ", "Installed ", "Uninstalled ")
_HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
_LINES = 8


@dataclass(frozen=True)
class Tools:
    """The interpreter that virtual environments stand on, and uv; both readable by the tenants' users."""

    python: Path
    uv: Path


class UvError(AerodromeError):
    """uv ended with an error: the text is what matters of its output. With a remedy it is no tenant's mistake."""


def find_uv() -> Path:
    """Return the uv that the platform's own lock installs."""
    from uv import find_uv_bin

    return Path(find_uv_bin())


@dataclass(frozen=True)
class Uv:
    """How uv is called: as *account* where one is given, among *children*, for *seconds* at most."""

    program: Path
    account: Account | None = None
    children: Children = field(default_factory=Children)
    seconds: float = TIME_LIMIT

    def run(self, folder: Path, *arguments: str | Path) -> None:
        """Run uv in *folder*; UvError says what went wrong.

        Its whole process group is ended with it, so that a package's build leaves nothing behind.
        """
        try:
            code, output = self._result(folder, arguments)
        except TimeoutError:
            remedy = (
                "try again; if it stays so, look at what the package index or a package's build waits for"
            )
            raise UvError(f"not finished after {self.seconds:.0f} seconds", remedy) from None
        except OSError as problem:
            text = f"{self.program} cannot be started: {problem.strerror}"
            raise UvError(text, "make venv installs it") from None
        if code:
            raise _failure(code, output)

    def _result(self, folder: Path, arguments: Sequence[str | Path]) -> tuple[int, str]:
        command = [self.program, *arguments, "--no-progress", "--color", "never"]
        environment = _environment(folder, other_user=self.account is not None)
        with self.children.running(
            command, folder=folder, environment=environment, account=self.account
        ) as process:
            output = "\n".join(lines(process, self.seconds))
        return process.returncode, output


def _failure(code: int, output: str) -> UvError:
    told = essence(output)
    if code < 0:
        return UvError(f"ended by signal {-code}", "try again; a machine short of memory ends programs")
    if _NO_SPACE.search(output):
        return UvError(told, SPACE)
    if _NETWORK.search(output):
        return UvError(f"no answer from the package index: {told}", "try again")
    return UvError(told, "mend that on this machine, then try again" if _SYSTEM.search(output) else "")


def refusal(failure: UvError, place: str, doing: str, remedy: str) -> AerodromeError:
    """Return the error to raise: the tenant's mistake at *place*, or the machine's or the index's fault."""
    text = f"{place}: {doing}: {failure.args[0]}"
    return AerodromeError(text, failure.remedy) if failure.remedy else UserError(text, remedy)


def essence(output: str) -> str:
    """Return the lines of uv's *output* that tell the error, without its drawing."""
    cleaned = [_BULLETS.sub("", line).strip() for line in output.splitlines()]
    told = [line for line in cleaned if line and not line.startswith(_CHATTER)]
    return "\n    ".join(told[:2] + told[2:][-(_LINES - 2) :]) or "uv said nothing"


def _environment(folder: Path, *, other_user: bool) -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)}
    own = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "UV_PYTHON_DOWNLOADS": "never"}
    mine = {name: os.environ[name] for name in _HOMES if name in os.environ}
    # Another user cannot read this one's home, and its cache goes with the folder: what one tenant's packages put
    # there must not reach another tenant.
    theirs = {"HOME": str(folder), "UV_CACHE_DIR": str(folder / ".cache")}
    return {**passed, **own, **(theirs if other_user else mine)}
