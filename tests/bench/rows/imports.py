"""Importing the rendered files in one process, against files written by hand and against dag-factory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from figures import Figure
from processes import clean_environment, run
from workshop import ROOT, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "imports.py"


def imports(shop: Workshop) -> Iterator[Figure]:
    """Yield how many times as dear the rendered files are, and how many times as dear dag-factory is."""
    shop.say("importing by turns")
    folders = [shop.by_hand, shop.rendered, shop.dag_factory]
    home = shop.folder / "imports-home"
    environment = clean_environment(
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
        # The peer's environment has the operators, but not the policy: every DAG is imported alike.
        PYTHONPATH=f"{ROOT / 'platform'}:{ROOT}",
    )
    done = run([shop.peer_python, PROGRAM, str(shop.runs), *folders], environment)
    seconds = json.loads(done.output.splitlines()[-1])
    hand, ours, factory = (seconds[folder.name] for folder in folders)
    count = len(shop.flows)
    details = {"cpu_seconds": seconds}
    yield Figure(
        "import_hand",
        f"import of {count} rendered files against equal ones written by hand, in one process",
        "times",
        _ratios(ours, hand),
        1.1,
        details=details,
    )
    yield Figure(
        "import_dag_factory",
        "dag-factory 1.1 against the rendered files, in one process",
        "times",
        _ratios(factory, ours),
        3,
        "higher",
        details=details,
    )


def _ratios(above: list[float], below: list[float]) -> tuple[float, ...]:
    return tuple(round(a / b, 3) for a, b in zip(above, below, strict=True))
