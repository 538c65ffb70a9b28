"""The central DAG repository as a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aerodrome import bundle
from aerodrome.clients.git import described
from aerodrome.environment import Environment
from aerodrome.names import dag_id
from aerodrome.pipeline import Build
from aerodrome.plan import TENANT, Action, Change, digest_of_text
from aerodrome.policy.limits import FILE_NAME, for_earlier_dags, from_json, to_json
from aerodrome.policy.offers import still_allowed
from aerodrome.progress import Progress
from aerodrome.render.files import RenderedFile
from aerodrome.targets.part import Part

TARGET = "bundle"
_SOURCE = re.compile(r"^# Rendered from (\S+?):? ", re.MULTILINE)


@dataclass(frozen=True)
class BundleTarget:
    """Publishes what was built; a manifest that is broken now keeps what was published of it before.

    *without* names tenants whose DAGs must not be published in their new form: their environment failed to build.
    What is kept stands under the limits of today; those of a tenant.yaml that cannot be read are what it said last,
    as far as *environment* allows that today.
    """

    repository: Path
    build: Build
    without: Callable[[], Collection[str]]
    root: Path
    environment: Environment
    name: str = TARGET
    own: Mapping[str, str] = field(default_factory=dict)
    """Path → text of the platform's own files, which follow from no tenant's."""
    part: Part = Part.ALL
    """Removals are those of tenants whose folder is gone: all else may belong to what is published new."""

    def changes(self) -> tuple[Change, ...]:
        """Return one change for each file of the bundle that differs."""
        files, gone = self._files(), self._gone()
        found = bundle.diff(self.repository, files, keep=self._kept())
        before = bundle.published_texts(self.repository, (*found.changed, *found.removed))
        rendered = {file.path: file for tenant in self.build.tenants for file in tenant.files}
        where = f"environments/{self.environment.name}/environment.yaml"
        rendered |= {path: RenderedFile(path, text, where) for path, text in self.own.items()}
        parts: tuple[tuple[Action, Sequence[str]], ...] = (
            ("create", found.added),
            ("update", found.changed),
            ("delete", found.removed),
        )
        return tuple(
            _change(action, path, rendered.get(path) or _unread(path, files), before.get(path))
            for action, paths in parts
            for path in paths
            if self.part is Part.ALL or (bundle.tenant_of(path) in gone) is (self.part is Part.REMOVALS)
        )

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Publish all files in one commit, or take those of tenants that are gone away."""
        source = source_commit(self.root)
        if self.part is Part.REMOVALS:
            made = bundle.publish(self.repository, {}, source=source, tenants=self._gone())
        else:
            made = bundle.publish(self.repository, self._files(), source=source, keep=self._kept())
        if made:
            progress(f"published {made.commit[:12]}: {', '.join(made.tenants)}")

    def dag_ids(self) -> tuple[str, ...]:
        """Return the DAGs that the bundle holds after an apply, kept ones included."""
        paths = {*self._files(), *self._kept()}
        parts = (path.removesuffix(".py").split("/") for path in paths if _is_dag(path))
        return tuple(sorted(dag_id(tenant, name) for tenant, name in parts))

    def _gone(self) -> set[str]:
        """Return the tenants whose folder is gone, and of whom something is published."""
        known = {"", *(built.tenant for built in self.build.tenants), *map(bundle.tenant_of, self.own)}
        return {bundle.tenant_of(path) for path in bundle.published_paths(self.repository)} - known

    def _files(self) -> dict[str, str]:
        left_out, files = set(self.without()), self.build.files
        kept = {path for path in files if bundle.tenant_of(path) in left_out}
        # Limits alone, of a tenant that has nothing here yet, would be of no use.
        limits = kept & bundle.published_limits(self.repository) if kept else set()
        return (
            {path: text for path, text in files.items() if path not in kept}
            | {
                path: for_earlier_dags(files[path], bundle.published_text(self.repository, path))
                for path in limits
            }
            | self._limits_of_unread()
            | dict(self.own)
        )

    def _limits_of_unread(self) -> dict[str, str]:
        wanted = {f"{tenant}/{FILE_NAME}" for tenant in self._unread()}
        found = sorted(wanted & bundle.published_limits(self.repository)) if wanted else []
        return {path: self._still_allowed(bundle.published_text(self.repository, path)) for path in found}

    def _still_allowed(self, earlier: str) -> str:
        try:
            return to_json(still_allowed(from_json(earlier), self.environment))
        except ValueError:
            # Of a version of the platform that wrote something else.
            return earlier

    def _kept(self) -> set[str]:
        wanted = self._files()
        gone = [path for path in bundle.published_paths(self.repository) if path not in wanted]
        return {path for path in gone if self._is_kept(path)}

    def _is_kept(self, path: str) -> bool:
        tenant = bundle.tenant_of(path)
        if tenant in self.without() or tenant in self._unread():
            return True
        source = _SOURCE.search(bundle.published_text(self.repository, path))
        return source is not None and source[1] in {problem.file for problem in self.build.problems}

    def _unread(self) -> set[str]:
        """Return the tenants whose folder is there and says nothing: tenant.yaml is broken, or a link is in the way."""
        return {built.tenant for built in self.build.tenants if not built.model}


def _unread(path: str, files: Mapping[str, str]) -> RenderedFile | None:
    """Return what becomes of the limits of a tenant whose tenant.yaml says nothing now."""
    source = f"tenants/{bundle.tenant_of(path)}/tenant.yaml"
    return RenderedFile(path, files[path], source) if path in files else None


def _change(action: Action, path: str, wanted: RenderedFile | None, published: str | None) -> Change:
    tenant, _, file = path.partition("/")
    dag = f"{tenant}.{file.removesuffix('.py')}"
    kind, name = ("DAG", dag) if _is_dag(path) else (_of_tenant(action), tenant)
    return Change(
        TARGET,
        action,
        f"limits of {tenant}" if kind == "limits" else f"{kind} {name}",
        wanted.source if wanted else "its manifest is gone" if _is_dag(path) else "its folder is gone",
        kind=kind,
        name=name,
        source=_source(tenant, wanted, published),
        before="" if published is None else digest_of_text(published),
        # Of a tenant that is kept back less is published than this; a plan is for all of it.
        after=digest_of_text(wanted.text) if wanted else "",
    )


def _of_tenant(action: Action) -> str:
    # Limits go when their tenant goes, and only then.
    return TENANT if action == "delete" else "limits"


def _source(tenant: str, wanted: RenderedFile | None, published: str | None) -> str:
    """Return where it is asked for: of what is gone, where it was."""
    if wanted:
        return f"{wanted.source}:{wanted.line}" if wanted.line else wanted.source
    found = _SOURCE.search(published or "")
    return found[1] if found else f"tenants/{tenant}/tenant.yaml"


def _is_dag(path: str) -> bool:
    return path.endswith(".py")


def source_commit(root: Path) -> str:
    """Return the repository's commit that the bundle is made from, marked where files differ from it."""
    return described(root) or "unknown"
