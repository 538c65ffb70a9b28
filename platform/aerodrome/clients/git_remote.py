"""git: a bare repository here and its branch elsewhere, reached with the logins of whoever runs this."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aerodrome.clients.git import BRANCH, LONGEST_SECONDS, BareRepository, BranchMovedError
from aerodrome.errors import AerodromeError

_BRANCH = f"refs/heads/{BRANCH}"
_MOVED = re.compile(r"\[rejected\]|fetch first|non-fast-forward|cannot lock ref")
_LOGIN = re.compile(r"(://)[^/@\s]*@")
_LINES = 3


@dataclass(frozen=True)
class Remote:
    """The branch of the repository at *address*, and its *mirror* here, which follows it."""

    mirror: BareRepository
    address: str

    def fetch(self) -> None:
        """Make the mirror what is there now, made first where it is missing; nothing of its own stays."""
        self.mirror.create()
        told = self._run("ls-remote", "--heads", "--", self.address, _BRANCH)
        if told.strip():
            self._run("fetch", "--quiet", "--no-tags", "--", self.address, f"+{_BRANCH}:{_BRANCH}")
        elif self.mirror.head():
            raise AerodromeError(
                f"{_shown(self.address)}: it has no branch {BRANCH}, and had one before",
                f"look who removed it; to begin anew: rm -r {self.mirror.path}",
            )

    def push(self) -> None:
        """Make the branch there what it is here; BranchMovedError where somebody else has pushed meanwhile."""
        self._run("push", "--quiet", "--", self.address, f"{_BRANCH}:{_BRANCH}")

    def _run(self, *arguments: str) -> str:
        done = self._git(*arguments)
        if done.returncode == 0:
            return done.stdout
        said = [line for line in done.stderr.strip().splitlines() if line.strip()]
        text = _LOGIN.sub(r"\1", " ".join(said[-_LINES:])) or "git said nothing"
        if arguments[0] == "push" and _MOVED.search(done.stderr):
            raise BranchMovedError(f"{_shown(self.address)}: somebody else published at the same time")
        remedy = f"try it: git ls-remote {_shown(self.address)}; who deploys needs to read and push there"
        raise AerodromeError(f"{_shown(self.address)}: git {arguments[0]}: {text}", remedy)

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A login is git's own business: its helpers, keys and settings are those of who deploys. Nobody is asked.
        outside = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
        own = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        ssh = {} if "GIT_SSH_COMMAND" in outside else {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
        try:
            return subprocess.run(
                ["git", f"--git-dir={self.mirror.path}", *arguments],
                env={**outside, **own, **ssh},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired:
            said = f"{_shown(self.address)}: git did not end within {LONGEST_SECONDS} s"
            raise AerodromeError(said, "does its server answer?") from None


# In a hook these name another repository.
_OF_A_HOOK = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH"}
)


def _shown(address: str) -> str:
    return _LOGIN.sub(r"\1", address)


def mirror(folder: Path, name: str) -> BareRepository:
    """Return the mirror of the environment *name* below *folder*."""
    return BareRepository(folder / f"{name}.git")
