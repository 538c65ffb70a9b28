"""One way to call uv: a clean environment, the right user, and errors that say the essential and whose they are."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome.errors import AerodromeError, UserError
from aerodrome.quantities import format_memory
from aerodrome.runtime.children import Account, Children, lines
from aerodrome.runtime.weight import Scale, TooHeavyError

TIME_LIMIT = 900.0
MOST_BYTES = 16 * 2**30
"""What a build may put on the disk; the largest libraries for learning on graphics processors take half of it."""
SPACE = "free space on that disk, then try again"
_PASSED_ON = re.compile(r"^(UV_(?!PUBLISH)\w+|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy)$", re.IGNORECASE)
# Where packages are and how to get there, with names and passwords taken out of each address.
_TOLD_TO_PACKAGES = re.compile(
    r"^(UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|INSECURE_HOST|OFFLINE|SYSTEM_CERTS|NATIVE_TLS"
    r"|HTTP_(TIMEOUT|RETRIES))|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy)$",
    re.IGNORECASE,
)
# A proxy's address may lack its scheme.
_LOGIN = re.compile(r"(://|^)[^/\s]*@")
_WITHOUT_WHEEL = re.compile(r"Wheels are required for `([^`]+)`")
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
CACHE = ".cache"
_LINES = 8
_WHEELS = (
    "to build it would run its code: ask for a version that has a wheel, or name it in pyproject.toml,"
    " [tool.uv] no-binary-package = [...]; it is then built as the tenant, without any login to a package index"
)


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
    """How uv is called: as *account* where one is given, among *children*, for *seconds* at most.

    Its folder may hold *most_bytes* meanwhile.

    It is *trusted* with the logins of package indexes only where no code of a package can run: such code could read
    them in the environment and in files.
    """

    program: Path
    account: Account | None = None
    children: Children = field(default_factory=Children)
    seconds: float = TIME_LIMIT
    trusted: bool = False
    most_bytes: int = MOST_BYTES

    def run(self, folder: Path, *arguments: str | Path) -> None:
        """Run uv in *folder*; UvError says what went wrong.

        All that it has started is ended with it, so that a package's build leaves nothing behind.
        """
        try:
            code, output = self._result(folder, arguments)
        except TimeoutError:
            remedy = (
                "try again; if it stays so, look at what the package index or a package's build waits for"
            )
            raise UvError(f"not finished after {self.seconds:.0f} seconds", remedy) from None
        except TooHeavyError:
            raise UvError(f"more than {format_memory(self.most_bytes)}B when it is unpacked") from None
        except OSError as problem:
            text = f"{self.program} cannot be started: {problem.strerror}"
            raise UvError(text, "make venv installs it") from None
        if code:
            raise _failure(code, output)

    def _result(self, folder: Path, arguments: Sequence[str | Path]) -> tuple[int, str]:
        command = [self.program, *arguments, "--no-progress", "--color", "never"]
        environment = _environment(folder, other_user=self.account is not None, trusted=self.trusted)
        scale = Scale(folder, self.most_bytes)
        with self.children.running(
            command, folder=folder, environment=environment, account=self.account
        ) as process:
            output = "\n".join(lines(process, self.seconds, scale.look))
        scale.weigh()
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
    if packages := sorted(set(_WITHOUT_WHEEL.findall(failure.args[0]))):
        return UserError(f"{place}: {doing}: {', '.join(packages)} has no wheel that fits here", _WHEELS)
    text = f"{place}: {doing}: {failure.args[0]}"
    return AerodromeError(text, failure.remedy) if failure.remedy else UserError(text, remedy)


def essence(output: str) -> str:
    """Return the lines of uv's *output* that tell the error, without its drawing."""
    cleaned = [_BULLETS.sub("", line).strip() for line in output.splitlines()]
    told = [line for line in cleaned if line and not line.startswith(_CHATTER)]
    return "\n    ".join(told[:2] + told[2:][-(_LINES - 2) :]) or "uv said nothing"


def _environment(folder: Path, *, other_user: bool, trusted: bool) -> dict[str, str]:
    passed = {
        name: value if trusted else _LOGIN.sub(r"\1", value)
        for name, value in os.environ.items()
        if (_PASSED_ON if trusted else _TOLD_TO_PACKAGES).match(name)
    }
    own = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "UV_PYTHON_DOWNLOADS": "never"}
    # Builds leave files there, locks among them, that everybody may open.
    own["TMPDIR"] = str(folder)
    # What is compiled is never edited, and may be copied by what keeps no times.
    own["PYC_INVALIDATION_MODE"] = "UNCHECKED_HASH"
    if trusted and not other_user:
        return {**passed, **own, **{name: os.environ[name] for name in _HOMES if name in os.environ}}
    # Nobody's home: no .netrc, no uv.toml. Another user's cache goes with the folder: what one tenant's packages put
    # there must not reach another tenant.
    cache = str(folder / CACHE) if other_user else _own_cache()
    return {**passed, **own, "HOME": str(folder), "UV_CACHE_DIR": cache}


def _own_cache() -> str:
    chosen = os.environ.get("UV_CACHE_DIR", "")
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return chosen or str(Path(home, "uv"))
