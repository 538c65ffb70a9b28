"""Airflow's DAG processor on the whole corpus: a full pass, and five minutes in which nothing changes."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagprocessor
import database
from aerodrome.policy.facts import access_control
from corpus import TENANTS
from dagprocessor import Cost, DagProcessor, Kind
from figures import Figure
from workshop import PYTHON, ROOT, Workshop

IDLE_SECONDS = 300
OURS = "aerodrome_airflow.dag_processor"
SHARE = 1 / 3


def passes(shop: Workshop) -> Iterator[Figure]:
    """Yield the CPU of a full pass over the corpus, next to dag-factory's."""
    ours = _measure(shop, _ours(shop), shop.rendered)
    factory = _measure(shop, _dag_factory(shop), shop.dag_factory)
    count = len(shop.flows)
    share = tuple(a.cpu_seconds / b.cpu_seconds for a, b in zip(ours, factory, strict=True))
    yield _cpu("processor_pass", f"DAG processor, one full pass over {count}, CPU", ours)
    yield _cpu("processor_pass_dag_factory", "the same through dag-factory 1.1, one loader per file", factory)
    yield Figure("processor_share", "share of dag-factory's CPU", "times", share, SHARE)


def idle(shop: Workshop) -> Iterator[Figure]:
    """Yield the share of a core that the DAG processor takes when nothing changes."""
    seconds = 30 if shop.quick else IDLE_SECONDS
    with _running(shop, _ours(shop), shop.rendered) as processor:
        shop.say("DAG processor: first pass")
        processor.first_pass()
        shares = []
        for turn in range(shop.runs):
            shop.say(f"DAG processor: idle for {seconds} s, {turn + 1} of {shop.runs}")
            shares.append(processor.idle(seconds))
    what = f"DAG processor, nothing changed, CPU over {seconds} s"
    yield Figure("processor_idle", what, "% of a core", tuple(shares), 2)


def _measure(shop: Workshop, kind: Kind, source: Path) -> list[Cost]:
    with _running(shop, kind, source) as processor:
        shop.say(f"{kind.name}: first pass")
        processor.first_pass()
        costs = []
        for turn in range(shop.runs):
            shop.say(f"{kind.name}: pass {turn + 1} of {shop.runs}")
            costs.append(processor.again())
    return costs


@contextmanager
def _running(shop: Workshop, kind: Kind, source: Path) -> Iterator[DagProcessor]:
    # PostgreSQL runs as another user, who may not enter the clone.
    with database.running(shop.folder / "postgres", shop.peer_python) as server:
        roles = [role for tenant in TENANTS for role in access_control(tenant)]
        with dagprocessor.running(
            kind, source, server, shop.folder / "processors" / kind.name, roles
        ) as processor:
            yield processor


def _ours(shop: Workshop) -> Kind:
    settings = {
        "AIRFLOW__AERODROME__ENFORCE_POLICY": "True",
        "AIRFLOW__AERODROME__ALERT_FOLDER": str(shop.folder / "alerts"),
        "AIRFLOW__DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL": "off",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "120",
    }
    own = importlib.util.find_spec(OURS) is not None
    return Kind("rendered", PYTHON, ("-m", OURS) if own else ("-m", "airflow", "dag-processor"), settings)


def _dag_factory(shop: Workshop) -> Kind:
    settings: Mapping[str, str] = {"PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    return Kind("dag_factory", shop.peer_python, ("-m", "airflow", "dag-processor"), settings)


def _cpu(name: str, what: str, costs: list[Cost]) -> Figure:
    details = {"database_seconds": [c.database_seconds for c in costs], "seconds": [c.seconds for c in costs]}
    return Figure(name, what, "s", tuple(cost.cpu_seconds for cost in costs), details=details)
