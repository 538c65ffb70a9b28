"""One release of a chart: rendered, installed, upgraded, rolled back, looked at (pyhelm3, Helm 3 and 4)."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import shutil
import subprocess
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pyhelm3
import yaml
from semver import Version

from aerodrome.clients.cluster_access import Access, Held
from aerodrome.clients.helm_failures import told
from aerodrome.errors import AerodromeError, UserError

OLDEST = Version(3, 14, 0)
"""Before it, a dry run does not look into the cluster, and generated secrets would be new each time."""
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
_LOOK_SECONDS = 1.0
_KEPT_REVISIONS = 20
# Nobody would see what it goes on doing, and the next deploy would work beside it.
_TIED = ("setpriv", "--pdeathsig", "TERM", "--")
_DOCUMENT = re.compile(r"^---[ \t]*$", re.MULTILINE)
_SOURCE = re.compile(r"^# Source: (.+)$", re.MULTILINE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads manifests as Kubernetes does: dates are texts, and so is '='."""


for _kind in ("timestamp", "value"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _Loader.construct_scalar)


class _Command(pyhelm3.Command):  # type: ignore[misc]
    """A helm that is asked to end where this process is killed; it marks what it was at as failed then."""

    def __init__(self, program: Path, **settings: Any) -> None:
        # The shell that the library starts it with gives way to it, and is no process between the two.
        super().__init__(executable="exec", **settings)
        self._called = (*(_TIED if shutil.which(_TIED[0]) else ()), str(program))

    async def run(self, command: list[Any], input: bytes | None = None) -> bytes:
        """Return what helm prints, given *input*."""
        return bytes(await super().run([*self._called, *command], input))


Values = Mapping[str, Any]
Meanwhile = Callable[[], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Template:
    """One object of a release; *source* is the file that it comes from, with the chart's name in front."""

    body: dict[str, Any] = field(repr=False)
    source: str


@dataclass(frozen=True)
class Hook:
    """An object that Helm makes at *events*, beside the release; *started*: it was made in this revision."""

    body: dict[str, Any] = field(repr=False)
    source: str
    events: tuple[str, ...]
    started: bool


@dataclass(frozen=True)
class Content:
    """One revision of a release, or what the next one would be."""

    number: int
    status: str
    values: Values = field(repr=False)
    objects: tuple[Template, ...]
    hooks: tuple[Hook, ...]
    app_version: str = ""


@dataclass(frozen=True)
class Revision:
    """One line of a release's history."""

    number: int
    status: str
    chart: str
    app_version: str
    updated: str
    description: str
    works: bool = False
    """A rollout of it was watched to its good end."""


def _nothing() -> None:
    """Do nothing while helm works."""


@dataclass(frozen=True)
class Helm:
    """The release *release* in *namespace*; *program* is a helm of version 3 or 4, *seconds* how long it may work."""

    program: Path
    access: Access = field(repr=False)
    release: str
    namespace: str
    seconds: int = 600

    def check(self) -> Version:
        """Return the version of helm; UserError where there is none, or one that is too old."""
        if shutil.which(self.program) is None:
            raise UserError(f"{self.program}: no such program", "`make helm` fetches it")
        try:
            version: Version = pyhelm3.Command(executable=str(self.program)).client_version()
        except (subprocess.CalledProcessError, ValueError) as problem:
            raise UserError(f"{self.program} is no helm: {problem}", "`make helm` fetches one") from None
        if version < OLDEST:
            raise UserError(
                f"{self.program} is Helm {version}: {OLDEST} is the oldest that serves",
                "`make helm` fetches a newer one",
            )
        return version

    def history(self) -> tuple[Revision, ...]:
        """Return all revisions, oldest first; none where nothing was ever installed."""
        try:
            found = self._run(lambda helm: helm.history(self.release, namespace=self.namespace))
        except NoReleaseError:
            return ()
        return tuple(
            Revision(
                int(entry["revision"]),
                str(entry["status"]),
                str(entry["chart"]),
                str(entry.get("app_version", "")),
                str(entry["updated"]),
                str(entry.get("description", "")),
            )
            for entry in found
        )

    def revision(self, number: int) -> Content:
        """Return what revision *number* holds."""
        found = self._run(lambda helm: helm.status(self.release, namespace=self.namespace, revision=number))
        return _content(found)

    def render(self, chart: Path, values: Values) -> Content:
        """Return what an install or upgrade would bring now; templates see the cluster: generated secrets stay."""
        command: list[Any] = ["upgrade", self.release, chart, "--install", "--dry-run=server"]
        # Reading the schemas of all kinds takes Helm seconds; the API server looks at each object anyway.
        command += ["--disable-openapi-validation", "--output", "json"]
        command += ["--namespace", self.namespace, "--values", "-"]
        text = _json(values)
        return _content(_parsed(self._run(lambda helm: helm.run(command, text), chart)))

    def render_beside_pending(self, chart: Path, values: Values) -> Content:
        """Return the objects, without hooks, of an upgrade that Helm would refuse, as one before is unfinished."""
        command: list[Any] = [
            "template",
            self.release,
            chart,
            "--is-upgrade",
            "--no-hooks",
            "--dry-run=server",
        ]
        command += ["--namespace", self.namespace, "--values", "-"]
        text = _json(values)
        manifest = self._run(lambda helm: helm.run(command, text), chart).decode()
        return Content(0, PENDING[1], values, tuple(templates(manifest)), ())

    def render_file(self, chart: Path, values: Values, file: str) -> tuple[Template, ...]:
        """Return the objects of one *file* of the chart ("templates/…"), hooks among them, as an upgrade has them."""
        command: list[Any] = ["template", self.release, chart, "--is-upgrade", "--dry-run=server"]
        command += ["--show-only", file, "--namespace", self.namespace, "--values", "-"]
        text = _json(values)
        return tuple(templates(self._run(lambda helm: helm.run(command, text), chart).decode()))

    def install_or_upgrade(
        self, chart: Path, values: Values, meanwhile: Meanwhile = _nothing, *, description: str = ""
    ) -> int:
        """Apply the chart, run its hooks, and return the revision's number; rollouts are not waited for.

        *meanwhile* is called each second while helm works: what it raises ends helm, and is raised.
        """
        force = self._forces()
        done = self._run(
            lambda helm: helm.install_or_upgrade(
                self.release,
                chart,
                dict(values),
                create_namespace=False,
                namespace=self.namespace,
                force_conflicts=force,
                server_side="true" if force else None,
                description=description or None,
            ),
            chart,
            meanwhile,
        )
        return int(done["version"])

    def rollback(self, number: int, meanwhile: Meanwhile = _nothing) -> None:
        """Go back to what revision *number* held; rollouts are not waited for."""
        command: list[Any] = ["rollback", self.release, number, "--history-max", _KEPT_REVISIONS]
        command += ["--timeout", f"{self.seconds}s", "--namespace", self.namespace]
        # The library's own has no such options.
        command += ["--force-conflicts", "--server-side=true"] if self._forces() else []
        self._run(lambda helm: helm.run(command), meanwhile=meanwhile)

    def uninstall(self) -> None:
        """Remove the release and its history; what it never made is no error."""
        try:
            self._run(lambda helm: helm.uninstall(self.release, namespace=self.namespace, wait=True))
        except NoReleaseError:
            return

    def _forces(self) -> bool:
        """Return whether helm must be told to take what somebody edited by hand.

        Helm 4 asks who owns a field, and refuses; Helm 3 never did. It takes that for an order only where the API
        server applies, and over a revision of Helm 3 it has it do so only when told.
        """
        return self.check() >= Version(4)

    def _run(
        self,
        work: Callable[[pyhelm3.Command], Coroutine[Any, Any, T]],
        chart: Path | None = None,
        meanwhile: Meanwhile = _nothing,
    ) -> T:
        # It would print each command that fails; what is to be said of that is in the error.
        logging.getLogger("pyhelm3").setLevel(logging.CRITICAL)
        kubeconfig = Held(yaml.safe_dump(dict(self.access.renewed().config)).encode())
        helm = _Command(
            self.program,
            kubeconfig=Path(kubeconfig.path),
            default_timeout=f"{self.seconds}s",
            history_max_revisions=_KEPT_REVISIONS,
        )
        try:
            return asyncio.run(_beside(work(helm), meanwhile))
        except pyhelm3.errors.ReleaseNotFoundError:
            raise NoReleaseError(f"{self.namespace}: there is no release {self.release}") from None
        except pyhelm3.errors.Error as problem:
            raise told(problem.stderr.decode(errors="replace"), chart, self.access.server) from None


class NoReleaseError(AerodromeError):
    """The release, or that revision of it, does not exist."""


async def _beside(work: Coroutine[Any, Any, T], meanwhile: Meanwhile) -> T:
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_SECONDS))[0]:
            await asyncio.to_thread(meanwhile)
    except BaseException:
        # Helm is asked to end, and marks the release as failed.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return task.result()


def _json(values: Values) -> bytes:
    return json.dumps(values).encode()


def _parsed(answer: bytes) -> Mapping[str, Any]:
    return dict(json.loads(answer[answer.index(b"{") :]))


def _content(found: Mapping[str, Any]) -> Content:
    metadata = (found.get("chart") or {}).get("metadata") or {}
    return Content(
        int(found["version"]),
        str(found["info"]["status"]),
        found.get("config") or {},
        tuple(templates(str(found.get("manifest") or ""))),
        tuple(_hook(entry) for entry in found.get("hooks") or ()),
        str(metadata.get("appVersion", "")),
    )


def _hook(entry: Mapping[str, Any]) -> Hook:
    started = str((entry.get("last_run") or {}).get("started_at") or "")
    body = _yaml(entry["manifest"]) or {}
    # The year one is Helm's word for never.
    return Hook(body, str(entry["path"]), tuple(entry["events"]), bool(started) and started[:4] != "0001")


def templates(manifest: str) -> Sequence[Template]:
    """Return the objects of a *manifest* as Helm writes it."""
    found = []
    for document in _DOCUMENT.split(manifest):
        body = _yaml(document)
        source = _SOURCE.search(document)
        found += [Template(one, source[1] if source else "") for one in _flat(body)]
    return found


def _yaml(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes nothing but plain values


def _flat(body: Any) -> list[dict[str, Any]]:
    if not body:
        return []
    return list(body["items"]) if body.get("kind") == "List" else [body]
