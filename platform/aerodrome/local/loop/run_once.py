"""Run one DAG once without a scheduler: one Airflow process with a database of its own, and one launcher."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome.errors import ProblemsFound, UserError, did_you_mean
from aerodrome.local.loop.run_secrets import named, secrets_agent
from aerodrome.local.loop.stage import Stage, stage
from aerodrome.local.machine import accounts, state
from aerodrome.local.machine.ownership import ensure_folder, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import topology
from aerodrome.local.release.preparation import prepare
from aerodrome.pipeline import Build
from aerodrome.progress import Progress
from aerodrome.render.airflow_options import NO_CLASS
from aerodrome.render.airflow_text import Sections, config_text
from aerodrome.render.airflow_worker import XCOM_BACKEND, secrets_backend
from aerodrome.targets.runtimes import RuntimesTarget


def run_dag_once(root: Path, environment: str, dag: str, say: Progress, conf: str = "") -> int:
    """Run `<tenant>.<dag>` once, print its tasks' logs, and return 0 when it succeeded.

    *conf* is a JSON object with values of the DAG's params. Needs no running platform, but for connections and
    variables, which come from its secrets store.
    """
    tenant, separator, name = dag.partition(".")
    if not separator:
        raise UserError(f"'{dag}' names no DAG", "name tenant and DAG: make run DAG=flights.delays")
    values = read_conf(conf)
    state.require_whole(state.locate(root))
    prepared = prepare(root, environment, lambda _: None, tenants=[tenant])
    _require(dag, f"{tenant}/{name}.py", prepared.build)
    _refuse_without_users(prepared.platform, tenant)
    state.claim(prepared.platform.layout)
    _build_runtime(prepared.runtimes, say)
    with stage(prepared.platform, tenant) as made, secrets_agent(made) as secrets:
        _write_bundle(made, prepared.build.files)
        return _run(made, f"{tenant}/{name}.py", dag, values, secrets)


def read_conf(text: str) -> dict[str, Any]:
    """Return the values that a run is given; UserError where *text* is no JSON object."""
    remedy = """write one JSON object: CONF='{"day": "2024-01-31"}'"""
    try:
        found = json.loads(text or "{}", object_pairs_hook=_without_repetition, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise UserError(f"the values of a run are no JSON: {problem}", remedy) from None
    if not isinstance(found, dict):
        raise UserError(f"the values of a run are one JSON object, not {text}", remedy)
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"'{next(key for key in keys if keys.count(key) > 1)}' stands there twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


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


def _build_runtime(target: RuntimesTarget, say: Progress) -> None:
    changes = target.changes()
    if changes:
        target.apply(changes, say)
    if target.failures:
        raise ProblemsFound(target.failures)


def _write_bundle(made: Stage, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = made.folder / "bundle" / path
        for parent in reversed(target.parents[: len(Path(path).parents)]):
            ensure_folder(parent, 0o755, made.owner)
        write_file(target, text, 0o644, made.owner)


def _run(made: Stage, path: str, dag: str, values: Mapping[str, Any], secrets: Path | None) -> int:
    home = made.folder / "home"
    ensure_folder(home, 0o700, made.owner)
    files = {"airflow.cfg": _configuration(made, secrets), "conf.json": json.dumps(values)}
    for name, text in files.items():
        write_file(home / name, text, 0o600, made.owner)
    environment = topology.airflow_environment(made.platform, "run") | {
        "AIRFLOW_HOME": str(home),
        "HOME": str(home),
        "TMPDIR": str(home),
    }
    user = made.owner.user
    identity: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    program = (made.python, "-m", "aerodrome_airflow.run_once")
    command = (*program, str(made.folder / "bundle" / path), dag, str(home / "conf.json"))
    done = subprocess.run(command, cwd=home, env=environment, stdin=made.lifeline, check=False, **identity)
    # Ended by a signal: the number that a shell gives.
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _configuration(made: Stage, secrets: Path | None) -> str:
    return config_text(_sections(made), _secrets(made, secrets) if secrets else {})


def _secrets(made: Stage, socket: Path) -> Sections:
    deploy = f"make deploy ENV={made.platform.environment.name}"
    told = {"socket": str(socket), "named": named(made), "deploy": deploy}
    own = {
        "secrets_backend": "aerodrome_airflow.run_once_secrets.RunSecretsBackend",
        "secrets_backend_kwargs": json.dumps(told),
    }
    return {**secrets_backend(str(socket)), "workers": own}


def _sections(made: Stage) -> Sections:
    home = made.folder / "home"
    return {
        "core": {
            "load_examples": "False",
            "plugins_folder": str(home / "plugins"),
            "dags_folder": str(home / "dags"),
            "allowed_deserialization_classes": NO_CLASS,
            "xcom_backend": XCOM_BACKEND,
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db"},
        "dag_processor": {"dag_bundle_config_list": json.dumps([_bundle(made)])},
        "logging": {
            "base_log_folder": str(home / "logs"),
            "logging_level": "WARNING",
            "namespace_levels": "airflow.task=INFO",
        },
        "aerodrome": {
            "launcher_socket": str(made.socket),
            "alert_folder": str(home / "alerts"),
            "data_folder": str(made.platform.layout.homes / "{tenant}" / "data"),
            "environment": made.platform.environment.name,
            "enforce_policy": "True",
            # Made by Airflow's own configuration, and gone with the run.
            "xcom_store": str(home),
        },
    }


def _bundle(made: Stage) -> dict[str, object]:
    return {
        "name": "run",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(made.folder / "bundle")},
    }
