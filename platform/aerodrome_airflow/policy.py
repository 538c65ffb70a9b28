"""Airflow cluster policy: the same rules that `make check` runs, on the DAG that Airflow has parsed.

Loaded by every process that imports Airflow: nothing heavy may be imported at the top of this module.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from airflow.policies import hookimpl

if TYPE_CHECKING:
    from aerodrome.policy.limits import Limits

SECTION = "aerodrome"


@hookimpl
def dag_policy(dag: Any) -> None:
    """Refuse a DAG that breaks a rule; AirflowClusterPolicyViolation names each one."""
    if not _enforced():
        return
    complaints = _complaints(dag)
    if complaints:
        from airflow.exceptions import AirflowClusterPolicyViolation

        raise AirflowClusterPolicyViolation(
            "\n".join((f"DAG {dag.dag_id!r} breaks the platform's policy", *complaints))
        )


@hookimpl
def pod_mutation_hook(pod: Any) -> None:
    """Put the pod of a task into its tenant's namespace; ValueError where it was made for another tenant."""
    if _enforced():
        from aerodrome_airflow.tenant_pods import put_in_place

        put_in_place(pod)


def _enforced() -> bool:
    # An Airflow that knows nothing of this platform, such as a developer's own, has no such section.
    from airflow.configuration import conf

    return bool(conf.getboolean(SECTION, "enforce_policy", fallback=conf.has_section(SECTION)))


def _complaints(dag: Any) -> tuple[str, ...]:
    from aerodrome.policy.facts import PLATFORM_FOLDER

    folder = _folder(dag)
    if folder is None:
        return ("the file stands in no tenant's folder of the bundle",)
    if folder.name == PLATFORM_FOLDER:
        own = dag.dag_id.startswith(f"{PLATFORM_FOLDER}.")
        return () if own else (f"DAGs of the platform are called '{PLATFORM_FOLDER}.<name>'",)
    return _broken_rules(dag, folder)


def _folder(dag: Any) -> Path | None:
    """Return the tenant's folder that the file of *dag* stands in, or None where it stands deeper."""
    relative = PurePosixPath(dag.relative_fileloc or "")
    # Where the bundle's root is known, the file is `<tenant>/<name>.py` below it.
    if dag.relative_fileloc and not relative.is_absolute() and len(relative.parts) != 2:
        return None
    return Path(dag.fileloc).parent


def _broken_rules(dag: Any, folder: Path) -> tuple[str, ...]:
    from aerodrome.policy.limits import FILE_NAME
    from aerodrome.policy.rules import violations

    from aerodrome_airflow.facts import facts_of

    path = folder / FILE_NAME
    try:
        limits = _read_limits(str(path), path.stat().st_mtime_ns)
    except OSError:
        return (f"folder '{folder.name}' holds no {FILE_NAME}",)
    except ValueError as problem:
        return (f"{FILE_NAME} of '{folder.name}' cannot be read: {problem}",)
    return tuple(str(violation) for violation in violations(facts_of(dag, folder.name), limits))


@lru_cache(maxsize=1024)
def _read_limits(path: str, changed: int) -> Limits:  # noqa: ARG001 - part of the cache's key
    from aerodrome.policy.limits import from_json

    return from_json(Path(path).read_text(encoding="utf-8"))
