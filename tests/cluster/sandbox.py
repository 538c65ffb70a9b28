"""A copy of this repository whose environment `sandbox` is deployed to the cluster, and what its commands say."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from aerodrome.local.machine.deadline import wait_until
from image_store import ROOT, Repository, copied
from kubernetes import client
from kubernetes.client.exceptions import ApiException

NAMESPACE = "airflow"
WEATHER = "tenants/flights/dags/weather.json"
ENVIRONMENT, VALUES = "environments/sandbox/environment.yaml", "environments/sandbox/values.yaml"
LONGEST_SECONDS, GONE_SECONDS = 900, 900
ALONE_SECONDS = 30
HELD = "deploys here since"
Planned = tuple[str, str, str]
"""Target, action and what of a change."""
_CHANGE = re.compile(
    r"^(images|secrets|login|release|roles|host access|hosts|bundle) +(\w+) +(.+?)(?: {2,}|$)", re.MULTILINE
)


@dataclass(frozen=True)
class Begun:
    """A command that goes on, and what it has written to *log*."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """Return what it has written so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        """Return when it has written *text*."""
        assert wait_until(lambda: text in self.said() or self.process.poll() is not None, LONGEST_SECONDS)
        assert text in self.said(), self.said()

    def end(self) -> int:
        """Return its exit code when it is over."""
        return self.process.wait(LONGEST_SECONDS)

    def kill(self) -> None:
        """Kill it alone; what it has started must end with it."""
        self.process.kill()
        self.process.wait()
        assert wait_until(lambda: not self._group_lives(), ALONE_SECONDS), self.said()

    def end_all(self) -> None:
        """End what is left of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _group_lives(self) -> bool:
        """Whether anything of its group runs; what nobody waits for may stay as a zombie."""
        return any(
            _group(one.pid) == self.process.pid and one.info["status"] != psutil.STATUS_ZOMBIE
            for one in psutil.process_iter(["status"])
        )


@dataclass(frozen=True)
class Sandbox:
    """The copy; each change of its files is committed."""

    repository: Repository

    @property
    def root(self) -> Path:
        """Where it is."""
        return self.repository.root

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Write what *change* makes of the file at *path*, and commit it; it must differ."""
        file = self.root / path
        file.parent.mkdir(exist_ok=True)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        after = change(before)
        assert after != before, path
        file.write_text(after, encoding="utf-8")
        self.commit()

    def commit(self) -> None:
        """Commit everything."""
        git = ["git", "-C", str(self.root), "-c", "user.name=tests", "-c", "user.email=tests@example.org"]
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=change"], check=True)

    def planned(self) -> set[Planned]:
        """Return each change that a plan shows."""
        done = self.run("plan")
        assert done.returncode == 0, done.stdout + done.stderr
        return changes(done.stdout)

    def reviewed(self) -> tuple[str, set[Planned]]:
        """Return the hash of a plan that is made now, and each change that it says."""
        done = self.run("plan", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        document = json.loads(done.stdout)
        return document["digest"], {
            (one["target"], one["action"], one["what"]) for one in document["changes"]
        }

    def deploy(self, *more: str) -> str:
        """Return what a deploy that ends well prints."""
        done = self.run("deploy", "--yes", *more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def change_release(self) -> None:
        """Ask for another value, of the scheduler alone, which takes its time to start."""
        begun = "scheduler:\n  startupProbe:\n"
        first = (
            "scheduler:\n  env: [{name: TRIED, value: '1'}]\n  startupProbe:\n    initialDelaySeconds: 20\n"
        )
        self.edit(
            VALUES,
            lambda text: (
                re.sub(r"(?<=TRIED, value: ')\d+", lambda found: str(int(found[0]) + 1), text)
                if "TRIED" in text
                else text.replace(begun, first)
            ),
        )

    def change_workers(self, zone: str, settings: str) -> None:
        """Ask for other *settings* of a zone's workers, written as {key: value}."""
        first, begun = "\nzoneWorkers:\n", "\nzoneWorkers:\n  zones:\n"
        entry = f"    {zone}: {settings}\n"
        self.edit(VALUES, lambda text: text.replace(begun if begun in text else first, begun + entry, 1))

    def change_dag(self) -> None:
        """Ask for another description of one DAG."""
        self.edit(WEATHER, lambda text: text.replace('"description": "', '"description": "Again: ', 1))

    @contextmanager
    def begun(self, command: str, *more: str, kubeconfig: Path | None = None) -> Iterator[Begun]:
        """Yield a command on the environment that goes on meanwhile, and is over at the end."""
        log = self.root.parent / "begun.log"
        going = Begun(self.repository.start(log, kubeconfig, command, "--env", "sandbox", *more), log)
        try:
            yield going
        finally:
            going.end_all()

    def deploy_after_a_kill(self) -> str:
        """Return what the first deploy prints that gets the lock of one that was killed."""
        end = time.monotonic() + LONGEST_SECONDS
        while HELD in (done := self.run("deploy", "--yes")).stderr and time.monotonic() < end:
            time.sleep(2)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def run(self, command: str, *more: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command on the environment, which is told *said*."""
        return self.repository.run(command, "--env", "sandbox", *more, said=said)


def _group(process: int) -> int | None:
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return None


def changes(told: str) -> set[Planned]:
    """Return each change of the table that a command has printed."""
    return {tuple(part.strip() for part in found) for found in _CHANGE.findall(told)}  # type: ignore[misc]


def sandbox(folder: Path) -> Sandbox:
    """Return a copy in *folder*, with the environment as this repository has it."""
    made = copied(folder)
    (made.root / ENVIRONMENT).write_text((ROOT / ENVIRONMENT).read_text())
    subprocess.run(["git", "init", "--quiet", made.root], check=True)
    (made.root / ".gitignore").write_text(".aerodrome/\n.venv/\n")
    found = Sandbox(made)
    found.commit()
    return found


def namespaces(api: client.ApiClient) -> set[str]:
    """Return the names of all namespaces of the cluster."""
    return {one.metadata.name for one in client.CoreV1Api(api).list_namespace().items}


def remove(api: client.ApiClient) -> None:
    """Delete the namespaces of the environment and of its tenants, and return when they are gone."""
    ours = {name for name in namespaces(api) if name == NAMESPACE or name.startswith("tenant-")}
    for name in ours:
        try:
            _end_pods(api, name)
            client.CoreV1Api(api).delete_namespace(name)
        except ApiException as problem:
            assert problem.status == 404, problem
    assert wait_until(lambda: not ours & namespaces(api), GONE_SECONDS)


def _end_pods(api: client.ApiClient, namespace: str) -> None:
    """End all pods at once: workers would wait for their broker, and the namespace for as long as they may take."""
    apps, orphaned = client.AppsV1Api(api), {"propagation_policy": "Orphan"}
    apps.delete_collection_namespaced_deployment(namespace, **orphaned)
    apps.delete_collection_namespaced_replica_set(namespace, **orphaned)
    apps.delete_collection_namespaced_stateful_set(namespace, **orphaned)
    client.CoreV1Api(api).delete_collection_namespaced_pod(namespace, grace_period_seconds=0)
