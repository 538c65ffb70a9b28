"""The central DAG repository: one folder for each tenant, one commit for each publish."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aerodrome.clients.git import Author, BareRepository, BranchMovedError, Commit, blob_of
from aerodrome.errors import UserError
from aerodrome.policy.limits import FILE_NAME, for_earlier_dags

AUTHOR = Author("Aerodrome", "aerodrome@localhost")
_PATH = re.compile(r"^([a-z][a-z0-9]{1,30}/)?(?!\.{1,2}$|\.git$)[A-Za-z0-9_.-]+$")
_NAMED_RUNTIME = "runtime=['\"][0-9a-f]{16}['\"]"
_ATTEMPTS = 5
_LISTED = 5


@dataclass(frozen=True)
class Changes:
    """Paths that a publish would add, change and remove."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def tenants(self) -> tuple[str, ...]:
        """Return the tenants with a change, sorted."""
        paths = (*self.added, *self.changed, *self.removed)
        return tuple(sorted({tenant_of(path) for path in paths} - {""}))


@dataclass(frozen=True)
class Publish:
    """One publish: commit, date and subject, whose DAGs changed, and the source commit they came from."""

    commit: str
    when: datetime
    summary: str
    tenants: tuple[str, ...]
    source: str


def create(repository: Path) -> None:
    """Make the bare repository where there is none."""
    BareRepository(repository).create()


def tenant_of(path: str) -> str:
    """Return the tenant whose folder *path* lies in; an empty text for the platform's own files."""
    return path.partition("/")[0] if "/" in path else ""


def diff(
    repository: Path,
    files: Mapping[str, str | bytes],
    *,
    tenants: Collection[str] | None = None,
    keep: Collection[str] = (),
) -> Changes:
    """Return what `publish` with the same arguments would change."""
    git = BareRepository(repository)
    published = git.tree(git.head()) if (repository / "HEAD").is_file() else {}
    return _changes(published, _contents(files, tenants), tenants, keep)


def begin(repository: Path) -> None:
    """Give the bundle a first commit without a file where it has none; nobody reads a branch that is not there."""
    git = BareRepository(repository)
    if git.head() is None:
        git.commit_files(None, {}, "Begin the bundle", AUTHOR)


def publish(
    repository: Path,
    files: Mapping[str, str | bytes],
    *,
    source: str,
    tenants: Collection[str] | None = None,
    keep: Collection[str] = (),
) -> Publish | None:
    """Make *files* the whole content of the bundle in one commit; None where that changes nothing.

    With *tenants* only their folders are replaced. Published paths in *keep* stay though *files* lacks them,
    the last good version of a broken DAG for example. *source* is the commit that the files come from.
    """
    contents = _contents(files, tenants)
    git = BareRepository(repository)
    for attempt in range(_ATTEMPTS):
        began = time.monotonic()
        try:
            return _publish_once(git, contents, tenants, keep, source)
        except BranchMovedError:
            if attempt == _ATTEMPTS - 1:
                raise
            # Publishers spread over as long as they take, which on a busy machine is long; no secret.
            time.sleep(random.uniform(0, (time.monotonic() - began) * (attempt + 1)))  # noqa: S311
    return None


def history(repository: Path, number: int = 20) -> tuple[Publish, ...]:
    """Return the newest publishes, newest first."""
    return tuple(_publish_of(commit) for commit in BareRepository(repository).log(number))


def rollback(repository: Path, to: str) -> str:
    """Publish the DAGs of the earlier commit *to* again, as a new commit, and return what was done as a sentence.

    They stand under the limits that are published now. Tenants that have nothing published now stay away.
    """
    git = BareRepository(repository)
    older = _found(git, to)
    head = git.head()
    limits = _limits_again(git, older)
    again = _dags_again(git, older) | {path: blob_of(content) for path, content in limits.items()}
    changes = _compare(git.tree(head), again)
    if not changes:
        return f"the DAGs of {older[:12]} are what is published now: nothing to change"
    message = _message(f"Roll back to {older[:12]}", changes, _publish_of(_commit(git, older)).source)
    contents: dict[str, bytes | str] = {**again, **limits}
    change = {path: contents.get(path) for path in (*changes.added, *changes.changed, *changes.removed)}
    made = git.commit_files(head, change, message, AUTHOR)
    return f"published {older[:12]} again as {made[:12]}: {', '.join(changes.tenants)}"


def named_runtimes(repository: Path, publishes: int = 3) -> set[str]:
    """Return the digests of the virtual environments that the newest *publishes* name."""
    git = BareRepository(repository)
    found = git.grep(_NAMED_RUNTIME, (commit.commit for commit in git.log(publishes)))
    return {match[len("runtime='") : -1] for match in found}


def runtimes_of(repository: Path, commit: str) -> dict[str, set[str]]:
    """Return tenant → digests of the virtual environments that a rollback to *commit* would need."""
    git = BareRepository(repository)
    older = _found(git, commit)
    found: dict[str, set[str]] = {}
    for path in _dags_again(git, older):
        named = set(re.findall(_NAMED_RUNTIME, git.text(path, older))) if path.endswith(".py") else set()
        if named:
            found.setdefault(tenant_of(path), set()).update(match[len("runtime='") : -1] for match in named)
    return found


def published_paths(repository: Path) -> tuple[str, ...]:
    """Return the path of every published file, sorted; none before the first publish."""
    git = BareRepository(repository)
    return tuple(sorted(git.tree(git.head()))) if (repository / "HEAD").is_file() else ()


def published_limits(repository: Path) -> set[str]:
    """Return the paths of the published limits: one for each tenant."""
    return {path for path in published_paths(repository) if _is_limits(path)}


def published_text(repository: Path, path: str) -> str:
    """Return the published text of *path*; KeyError where it is not published."""
    return BareRepository(repository).text(path)


def published_texts(repository: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return path → published text of *paths*; KeyError names one that is not published."""
    return BareRepository(repository).texts(paths)


def _found(git: BareRepository, name: str) -> str:
    commit = git.find(name)
    if commit is None:
        raise UserError(f"'{name}' is no publish of this bundle", "make bundle-history lists them")
    return commit


def _dags_again(git: BareRepository, older: str) -> dict[str, str]:
    """Return path → blob of what a rollback to *older* brings back."""
    tenants = {"", *(tenant_of(path) for path in git.tree(git.head()))}
    return {
        path: blob
        for path, blob in git.tree(older).items()
        if not _is_limits(path) and tenant_of(path) in tenants
    }


def _limits_again(git: BareRepository, older: str) -> dict[str, bytes]:
    """Return path → content of the limits that the DAGs of *older* would stand under now."""
    then = git.tree(older)
    today = {path: git.text(path) for path in git.tree(git.head()) if _is_limits(path)}
    return {
        path: (for_earlier_dags(text, git.text(path, older)) if path in then else text).encode()
        for path, text in today.items()
    }


def _is_limits(path: str) -> bool:
    return path.endswith(f"/{FILE_NAME}")


def _publish_once(
    git: BareRepository,
    contents: Mapping[str, bytes],
    tenants: Collection[str] | None,
    keep: Collection[str],
    source: str,
) -> Publish | None:
    head = git.head()
    changes = _changes(git.tree(head), contents, tenants, keep)
    if not changes:
        return None
    change = {path: contents.get(path) for path in (*changes.added, *changes.changed, *changes.removed)}
    made = git.commit_files(head, change, _message(f"Publish {_subject(changes)}", changes, source), AUTHOR)
    git.tidy()
    return _publish_of(_commit(git, made))


def _contents(files: Mapping[str, str | bytes], tenants: Collection[str] | None) -> dict[str, bytes]:
    wrong = [
        path
        for path in files
        if not _PATH.fullmatch(path) or (tenants is not None and tenant_of(path) not in tenants)
    ]
    if wrong:
        raise ValueError(f"not a path of the bundle, or of another tenant: {sorted(wrong)[0]!r}")
    return {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}


def _changes(
    published: Mapping[str, str],
    contents: Mapping[str, bytes],
    tenants: Collection[str] | None,
    keep: Collection[str],
) -> Changes:
    wanted = {path: blob_of(content) for path, content in contents.items()}
    mine = {path: blob for path, blob in published.items() if tenants is None or tenant_of(path) in tenants}
    kept = {path: mine[path] for path in keep if path in mine and path not in wanted}
    return _compare(mine, {**wanted, **kept})


def _compare(old: Mapping[str, str], new: Mapping[str, str]) -> Changes:
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(path for path in old.keys() & new.keys() if old[path] != new[path])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


def _subject(changes: Changes) -> str:
    names = changes.tenants
    if not names:
        return "the platform's files"
    return ", ".join(names) if len(names) <= _LISTED else f"{len(names)} tenants"


def _message(subject: str, changes: Changes, source: str) -> str:
    counted = [(tenant, _count(changes, tenant)) for tenant in changes.tenants]
    lines = [f"Tenant: {tenant} ({count})" for tenant, count in counted]
    return "\n".join([subject, "", *lines, f"Source: {source}"])


def _count(changes: Changes, tenant: str) -> str:
    kinds = {"added": changes.added, "changed": changes.changed, "removed": changes.removed}
    numbers = {kind: sum(tenant_of(path) == tenant for path in paths) for kind, paths in kinds.items()}
    return ", ".join(f"{number} {kind}" for kind, number in numbers.items() if number)


def _commit(git: BareRepository, commit: str) -> Commit:
    return next(found for found in git.log(1, commit) if found.commit == commit)


def _publish_of(commit: Commit) -> Publish:
    lines = commit.message.splitlines()
    return Publish(
        commit=commit.commit,
        when=commit.when,
        summary=lines[0] if lines else "",
        tenants=tuple(_values(lines, "Tenant: ")),
        source=next(iter(_values(lines, "Source: ")), ""),
    )


def _values(lines: Iterable[str], key: str) -> list[str]:
    return [line.removeprefix(key).partition(" ")[0] for line in lines if line.startswith(key)]
