"""git: a bare repository, read and written without a work tree, and which commit a clone stands on."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from aerodrome.errors import AerodromeError

# A command of this module reads and writes a few megabytes; a disk that does not answer must not stop a deploy.
LONGEST_SECONDS = 300
BRANCH = "main"
_REFERENCE = f"refs/heads/{BRANCH}"
_FIELDS = "%H%x00%ct%x00%B%x1e"


class BranchMovedError(AerodromeError):
    """Somebody else committed in the meantime; the repository is as they left it."""


@dataclass(frozen=True)
class Author:
    """Who commits."""

    name: str
    email: str


@dataclass(frozen=True)
class Commit:
    """A commit: its id, when it was made, and its whole message."""

    commit: str
    when: datetime
    message: str


@dataclass(frozen=True)
class BareRepository:
    """The repository at *path*; nothing of the caller's own git configuration has a say in it."""

    path: Path

    def create(self) -> None:
        """Make the repository where there is none; an existing one stays as it is."""
        if (self.path / "HEAD").is_file():
            return
        self.path.mkdir(parents=True, exist_ok=True)
        # Every process of the platform reads it, whatever the umask of who makes it.
        self._run("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", "--shared=0644")

    def head(self) -> str | None:
        """Return the newest commit of the branch, or None before the first one."""
        text = self._run("for-each-ref", "--format=%(objectname)", _REFERENCE)
        return text or None

    def tree(self, commit: str | None) -> dict[str, str]:
        """Return path → blob of every file of *commit*."""
        if commit is None:
            return {}
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
        rows = (row.partition("\t") for row in listed.split("\0") if row)
        return {path: meta.split(" ")[2] for meta, _, path in rows}

    def text(self, path: str, commit: str = BRANCH) -> str:
        """Return the text of the file *path* in *commit*; KeyError where there is none."""
        try:
            return self._run("cat-file", "blob", f"{commit}:{path}", strip=False)
        except AerodromeError as error:
            raise KeyError(path) from error

    def texts(self, paths: Iterable[str], commit: str = BRANCH) -> dict[str, str]:
        """Return path → text of those files of *commit*, by one command however many there are.

        KeyError names one that is not there.
        """
        wanted = list(paths)
        with tempfile.TemporaryFile() as stream:
            stream.writelines(f"{commit}:{path}\n".encode() for path in wanted)
            stream.seek(0)
            done = self._git("cat-file", "--batch", stdin=stream) if wanted else None
        if done and done.returncode:
            raise AerodromeError(f"{self.path}: git cat-file: {_text(done.stderr).strip()}")
        return dict(_batch(wanted, done.stdout if done else b""))

    def grep(self, pattern: str, commits: Iterable[str]) -> set[str]:
        """Return every match of the extended regular expression *pattern* in the files of *commits*."""
        found: set[str] = set()
        for commit in commits:
            status, text = self._try("grep", "-h", "-o", "-E", "-e", pattern, commit)
            found |= set(text.splitlines()) if status == 0 else set()
        return found

    def log(self, number: int, start: str = BRANCH) -> tuple[Commit, ...]:
        """Return *number* commits from *start* back, newest first."""
        if self.head() is None:
            return ()
        text = self._run("log", f"--max-count={number}", f"--format={_FIELDS}", start, strip=False)
        records = (record.strip("\n").split("\0") for record in text.split("\x1e") if record.strip())
        return tuple(
            Commit(id_, datetime.fromtimestamp(int(when), UTC), body.strip()) for id_, when, body in records
        )

    def find(self, name: str) -> str | None:
        """Return the commit of the branch that *name* begins, or None."""
        status, commit = self._try(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        if status or self._try("merge-base", "--is-ancestor", commit, BRANCH)[0]:
            return None
        return commit

    def commit_files(
        self, parent: str | None, change: Mapping[str, bytes | str | None], message: str, author: Author
    ) -> str:
        """Add a commit on *parent* that writes files, removing those whose content is None; return its id.

        A text is the id of a blob that the repository has already.
        The branch moves in one step, after all objects are stored: whatever ends this before leaves it as it
        was. BranchMovedError where *parent* is not its head.
        """
        with tempfile.TemporaryFile() as stream:
            stream.writelines(_import_stream(parent, change, message, author))
            stream.seek(0)
            made = self._import(stream, parent)
        if self._served():
            self.serve()
        return made

    def serve(self) -> None:
        """Let whoever is handed the repository's files, as by a web server, fetch what it holds now.

        From then on each commit is told as well.
        """
        self._run("update-server-info")

    def tidy(self) -> None:
        """Pack what many publishes left behind, where that is worth it."""
        self._try("-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")

    def serves_head(self) -> bool:
        """Return whether who is handed the repository's files finds its newest commit."""
        return self._served() and (self.head() or "") in (self.path / "info" / "refs").read_text(
            encoding="ascii"
        )

    def _served(self) -> bool:
        return (self.path / "info" / "refs").is_file()

    def _import(self, stream: BinaryIO, parent: str | None) -> str:
        # fast-import itself refuses to move a branch to a commit that does not stand on its head.
        done = self._git("fast-import", "--quiet", "--date-format=raw", stdin=stream)
        if done.returncode == 0:
            return _text(done.stdout).strip()
        if self.head() != parent:
            raise BranchMovedError(f"{self.path}: somebody else published at the same time")
        raise AerodromeError(f"{self.path}: git fast-import: {_text(done.stderr).strip()}")

    def _run(self, *arguments: str, strip: bool = True) -> str:
        done = self._git(*arguments)
        if done.returncode:
            raise AerodromeError(f"{self.path}: git {arguments[0]}: {_text(done.stderr).strip()}")
        text = _text(done.stdout)
        return text.rstrip("\n") if strip else text

    def _try(self, *arguments: str) -> tuple[int, str]:
        done = self._git(*arguments)
        return done.returncode, (_text(done.stdout) or _text(done.stderr)).strip()

    def _git(self, *arguments: str, stdin: BinaryIO | None = None) -> subprocess.CompletedProcess[bytes]:
        own = {"GIT_DIR": str(self.path), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return _git(self.path, arguments, own, stdin)


def described(clone: Path) -> str | None:
    """Return the commit that *clone* stands on, with '-changed' where files differ or are new; None for none."""
    # It only looks: whoever works in the clone at the same time is not kept waiting for its index.
    done = _git(clone, ("describe", "--always", "--abbrev=12", "--exclude=*"), {"GIT_OPTIONAL_LOCKS": "0"})
    commit = _text(done.stdout).strip()
    # Git's own word for changed files leaves out new ones, and a new DAG is one.
    return f"{commit}-changed" if commit and uncommitted(clone) else commit or None


def removed_on(clone: Path, file: str) -> str:
    """Return the day on which *file* was removed from *clone*, as 2026-01-31; empty where its history does not tell."""
    if not _git(clone, ("cat-file", "-e", f"HEAD:{file}"), {}).returncode:
        return ""
    done = _git(clone, ("log", "-1", "--diff-filter=D", "--format=%cs", "HEAD", "--", file), {})
    return _text(done.stdout).strip()


def uncommitted(clone: Path) -> tuple[str, ...]:
    """Return the files of *clone* that differ from its commit or are in none, but for ignored ones, sorted."""
    done = _git(clone, ("status", "--porcelain=v1", "-z", "--no-renames"), {"GIT_OPTIONAL_LOCKS": "0"})
    if done.returncode:
        raise AerodromeError(
            f"{clone}: git status: {_text(done.stderr).strip()}", "is it a clone of the repository?"
        )
    return tuple(sorted(entry[3:] for entry in _text(done.stdout).split("\0") if entry))


def _git(
    folder: Path, arguments: Iterable[str], own: Mapping[str, str], stdin: BinaryIO | None = None
) -> subprocess.CompletedProcess[bytes]:
    # In a hook git's variables name another repository, with an index and objects of its own.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # The repository belongs to the platform's user, not always to the one that asks.
    trusted = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": str(folder),
    }
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            env={**outside, "LC_ALL": "C", **trusted, **own},
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except FileNotFoundError:
        raise AerodromeError("git is not installed", "install it (Debian: git)") from None
    except subprocess.TimeoutExpired:
        raise AerodromeError(
            f"{folder}: git did not end within {LONGEST_SECONDS} s", "is its disk full?"
        ) from None


def _text(output: bytes) -> str:
    return output.decode("utf-8", errors="surrogateescape")


def _batch(paths: Iterable[str], output: bytes) -> Iterator[tuple[str, str]]:
    for path in paths:
        head, _, output = output.partition(b"\n")
        if head.endswith(b" missing"):
            raise KeyError(path)
        size = int(head.rpartition(b" ")[2])
        yield path, _text(output[:size])
        output = output[size + 1 :]


def blob_of(content: bytes) -> str:
    """Return the id that git gives a file of this *content*."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _import_stream(
    parent: str | None, change: Mapping[str, bytes | str | None], message: str, author: Author
) -> Iterator[bytes]:
    text = message.encode()
    now = int(datetime.now(UTC).timestamp())
    yield f"commit {_REFERENCE}\nmark :1\ncommitter {author.name} <{author.email}> {now} +0000\n".encode()
    yield b"data %d\n%s\n" % (len(text), text)
    if parent:
        yield f"from {parent}\n".encode()
    for path, content in sorted(change.items()):
        yield _import_line(path.encode(), content)
    yield b"\nget-mark :1\n"


def _import_line(path: bytes, content: bytes | str | None) -> bytes:
    if content is None:
        return b"D %s\n" % path
    if isinstance(content, str):
        return b"M 100644 %s %s\n" % (content.encode(), path)
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(content), content)
