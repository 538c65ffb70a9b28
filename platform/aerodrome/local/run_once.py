"""Run one DAG once without a scheduler: one Airflow process with a database of its own, and one launcher."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.errors import AerodromeError, ProblemsFound, UserError, did_you_mean
from aerodrome.local import accounts, secrets_store, state, topology
from aerodrome.local.deadline import wait_until
from aerodrome.local.ownership import Owner, ensure_folder, write_file
from aerodrome.local.platform import Platform
from aerodrome.local.preparation import prepare
from aerodrome.pipeline import Build
from aerodrome.targets.runtimes import RuntimesTarget

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """The temporary folder of one run and who owns it."""

    folder: Path
    platform: Platform
    tenant: str
    owner: Owner

    @property
    def socket(self) -> Path:
        """Return the launcher's socket."""
        return self.folder / "launcher.sock"


def run_dag_once(root: Path, environment: str, dag: str, say: Say) -> int:
    """Run `<tenant>.<dag>` once, print its tasks' logs, and return 0 when it succeeded.

    Needs no running platform, but for connections and variables, which come from its secrets store.
    """
    tenant, separator, name = dag.partition(".")
    if not separator:
        raise UserError(f"'{dag}' names no DAG", "name tenant and DAG: make run DAG=flights.delays")
    prepared = prepare(root, environment, lambda _: None, tenants=[tenant])
    _require(dag, f"{tenant}/{name}.py", prepared.build)
    _refuse_without_users(prepared.platform, tenant)
    _build_runtime(prepared.runtimes, say)
    with _stage(prepared.platform, tenant) as stage:
        _write_bundle(stage, prepared.build.files)
        with _launcher(stage):
            return _run(stage, f"{tenant}/{name}.py", dag)


def _require(dag: str, path: str, build: Build) -> None:
    if path in build.files:
        return
    if build.problems:
        raise ProblemsFound(build.problems)
    raise UserError(f"there is no DAG '{dag}'", did_you_mean(dag, [found.dag_id for found in build.dags]))


def _refuse_without_users(platform: Platform, tenant: str) -> None:
    if not platform.layout.root:
        return
    remedy = f"make deploy ENV={platform.environment.name} first, or run as an ordinary user"
    if not state.exists(platform.layout):
        raise UserError("as root a run needs the users that a deploy makes, and nothing is deployed", remedy)
    if missing := accounts.missing([names.os_user(tenant)]):
        raise UserError(f"as root a run needs the user {missing[0]}, which the next deploy makes", remedy)


def _build_runtime(target: RuntimesTarget, say: Say) -> None:
    changes = target.changes()
    if changes:
        target.apply(changes, say)
    if target.failures:
        raise ProblemsFound(target.failures)


@contextmanager
def _stage(platform: Platform, tenant: str) -> Iterator[Stage]:
    owner = platform.accounts.owner(platform.accounts.airflow)
    # The folder's parent is the system's: a clone below a closed home cannot be entered by the platform's user.
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-run-"))
    try:
        ensure_folder(folder, 0o700, owner)
        yield Stage(folder, platform, tenant, owner)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_bundle(stage: Stage, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = stage.folder / "bundle" / path
        for parent in reversed(target.parents[: len(Path(path).parents)]):
            ensure_folder(parent, 0o755, stage.owner)
        write_file(target, text, 0o644, stage.owner)


@contextmanager
def _launcher(stage: Stage) -> Iterator[None]:
    config = stage.platform.layout.run if stage.owner.user else stage.folder
    file = config / f"run-{os.getpid()}.json"
    _make_homes(stage)
    write_file(file, json.dumps(_launcher_settings(stage)))
    command = [_python(stage), "-I", "-m", "aerodrome_airflow.launcher.server", "--config", str(file)]
    # What a launcher says about its jobs is for the platform's logs; here it matters only when it does not start.
    with tempfile.TemporaryFile() as said:
        # In a session of its own, so that Ctrl-C reaches the run first and the launcher ends what the run left.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=said,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        try:
            if not wait_until(lambda: stage.socket.exists() or process.poll() is not None, 10):
                raise AerodromeError("the launcher of the tenant's code did not start in time", "try again")
            if process.poll() is not None:
                said.seek(0)
                raise AerodromeError(
                    f"the launcher did not start: {said.read().decode(errors='replace').strip()}"
                )
            yield
        finally:
            _end(process)
            file.unlink(missing_ok=True)


def _make_homes(stage: Stage) -> None:
    # As root a deploy has made them, with the owners that they need.
    if stage.owner.user is None:
        for name in ("home", "data"):
            ensure_folder(stage.platform.layout.homes / stage.tenant / name, 0o700)


def _launcher_settings(stage: Stage) -> dict[str, object]:
    user = stage.owner.user
    return {
        "socket": str(stage.socket),
        "socket_group": user,
        "allowed_users": [user] if user else None,
        "tenants": {stage.tenant: topology.launcher_tenant(stage.platform, stage.tenant)},
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _python(stage: Stage) -> str:
    # Without service users nobody else must be able to read the interpreter: this program's own will do.
    return str(stage.platform.layout.python) if stage.owner.user else sys.executable


def _run(stage: Stage, path: str, dag: str) -> int:
    home = stage.folder / "home"
    ensure_folder(home, 0o700, stage.owner)
    for name, text in _configuration(stage).items():
        write_file(home / name, text, 0o600, stage.owner)
    environment = topology.airflow_environment(stage.platform, "run") | {
        "AIRFLOW_HOME": str(home),
        "HOME": str(home),
    }
    user = stage.owner.user
    identity: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    command = [_python(stage), "-m", "aerodrome_airflow.run_once", str(stage.folder / "bundle" / path), dag]
    done = subprocess.run(
        command, cwd=home, env=environment, stdin=subprocess.DEVNULL, check=False, **identity
    )
    # Ended by a signal: the number that a shell gives.
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _configuration(stage: Stage) -> dict[str, str]:
    home = stage.folder / "home"
    bundle = {
        "name": "run",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(stage.folder / "bundle")},
    }
    sections = {
        "core": {
            "load_examples": "False",
            "plugins_folder": str(home / "plugins"),
            "dags_folder": str(home / "dags"),
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db"},
        "dag_processor": {"dag_bundle_config_list": json.dumps([bundle])},
        "logging": {
            "base_log_folder": str(home / "logs"),
            "logging_level": "WARNING",
            "namespace_levels": "airflow.task=INFO",
        },
        "aerodrome": {
            "launcher_socket": str(stage.socket),
            "alert_folder": str(home / "alerts"),
            "data_folder": str(stage.platform.layout.homes / "{tenant}" / "data"),
            "environment": stage.platform.environment.name,
            "enforce_policy": "True",
        },
    }
    logins = _secrets(stage)
    if logins:
        settings = {
            "url": stage.platform.openbao_url,
            "role_id_path": str(home / "openbao-role-id"),
            "secret_id_path": str(home / "openbao-secret-id"),
        }
        sections["workers"] = {
            "secrets_backend": "aerodrome_airflow.secrets.TenantSecretsBackend",
            "secrets_backend_kwargs": json.dumps(settings),
        }
    text = "\n".join(
        f"[{section}]\n" + "".join(f"{key} = {value.replace('%', '%%')}\n" for key, value in options.items())
        for section, options in sections.items()
    )
    return {"airflow.cfg": text, **logins}


def _secrets(stage: Stage) -> dict[str, str]:
    """Return the login of the zone of the tenant's first queue; none where nothing is deployed."""
    platform = stage.platform
    if not state.exists(platform.layout):
        return {}
    zone = platform.environment.queues[platform.tenants[stage.tenant].queues[0]].zone
    return {
        "openbao-role-id": secrets_store.role_id(zone),
        "openbao-secret-id": secrets_store.secret_id(platform, zone),
    }
