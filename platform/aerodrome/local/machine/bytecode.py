"""What Python compiles of packages: made once for all processes, and of each lock once on a machine."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from aerodrome.local.machine.programs import run

# About 290 packages, over a slow line as well.
LONGEST_SECONDS = 3600
# What no process of the platform imports. The rest is compiled once: service users may not write next to it
# and would compile it again at every start.
_NOT_COMPILED = (
    "/(tests?|testing|mypy|mypyc|hypothesis|pyspark|grpc|google|_pytest|pytest|importlinter|flower|sympy|mpmath"
    "|moto|cfnlint|matplotlib|fontTools|networkx|ansible|ansible_test|ansiblelint|schemathesis|kubernetes_asyncio"
    "|site-packages/kubernetes|graphql|antlr4|black|molecule|mpl_toolkits)/"
)


def compile_folder(python: Path, folder: Path, *options: str) -> None:
    """Compile what *folder* holds for *python*; a file that does not compile costs a slower start, nothing else."""
    command = [python, "-m", "compileall", "-q", "-j", "0", "-x", _NOT_COMPILED, *options, folder]
    run([str(word) for word in command], "compiling the packages", LONGEST_SECONDS, umask=0o022)


def compile_packages(python: Path, folder: Path, lock: str, cache: Path) -> None:
    """Compile the packages in *folder*, which are those of the lock with digest *lock* and stay as they are.

    What comes of it is kept in *cache*, for the next folder with these packages: half a minute on two cores.
    """
    kept = cache / f"bytecode-{_digest(lock)}.tar"
    if kept.exists() and _unpacked(kept, folder):
        return
    # By the time of a file it would be good for this one copy of the packages alone.
    compile_folder(python, folder, "--invalidation-mode", "unchecked-hash")
    # A cache that cannot be written costs time, nothing else.
    with suppress(OSError):
        _keep(folder, kept)


def _digest(lock: str) -> str:
    return hashlib.sha256(f"{lock} {sys.version} {_NOT_COMPILED}".encode()).hexdigest()[:16]


def _unpacked(kept: Path, folder: Path) -> bool:
    command = ["tar", "--extract", "--no-same-owner", f"--file={kept}", f"--directory={folder}"]
    done = run(command, "unpacking what was compiled", LONGEST_SECONDS, umask=0o022)
    return done.returncode == 0


def _keep(folder: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    names = (str(path.relative_to(folder)) for path in folder.rglob("__pycache__"))
    with tempfile.TemporaryDirectory(prefix=".bytecode-", dir=kept.parent) as place:
        draft = Path(place, kept.name)
        command = ["tar", "--create", f"--file={draft}", f"--directory={folder}", "--files-from=-"]
        done = run(command, "keeping what was compiled", LONGEST_SECONDS, input="\n".join(names))
        if done.returncode == 0:
            draft.replace(kept)
