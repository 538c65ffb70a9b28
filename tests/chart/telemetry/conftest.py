"""What the chart tells those who watch: mappings, alerts, dashboard; and what Airflow really sends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from airflow._shared.observability.metrics.metrics_registry import YAML_REGISTRY_PATH, read_metrics_yaml
from statsd_exporter import Exporter

Object = dict[str, Any]
ObjectsOf = Callable[..., list[Object]]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.fixture(scope="session")
def objects_of(render: Callable[..., subprocess.CompletedProcess[str]]) -> ObjectsOf:
    """A call renders the chart with values, in the namespace data, and gives its objects."""

    def objects(*arguments: str | Path, **values: Any) -> list[Object]:
        given = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
        done = render("--namespace=data", *arguments, *given)
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.load_all(done.stdout, _Loader) if one]

    return objects


@pytest.fixture(scope="session")
def watched(objects_of: ObjectsOf, chart: Path) -> list[Object]:
    """The objects of the example with alerts and dashboard."""
    return objects_of("--values", chart / "examples/telemetry.yaml")


@pytest.fixture(scope="session")
def alerts(watched: list[Object]) -> list[Object]:
    """The rules of the example."""
    (found,) = [one for one in watched if one["kind"] == "PrometheusRule"]
    return [rule for group in found["spec"]["groups"] for rule in group["rules"]]


@pytest.fixture(scope="session")
def panels(watched: list[Object]) -> list[Object]:
    """The panels of the example's dashboard."""
    (found,) = [one for one in watched if one["metadata"]["name"] == "r-dashboard"]
    (text,) = found["data"].values()
    return list(json.loads(text)["panels"])


@pytest.fixture(scope="session")
def exporter(watched: list[Object]) -> Exporter:
    """The exporter with the release's mappings."""
    (found,) = [
        one for one in watched if one["metadata"]["name"] == "r-statsd" and one["kind"] == "ConfigMap"
    ]
    return Exporter(yaml.safe_load(found["data"]["mappings.yml"])["mappings"])


@pytest.fixture(scope="session")
def registry() -> list[Object]:
    """Airflow's own list of its metrics."""
    return list(read_metrics_yaml(str(YAML_REGISTRY_PATH)))


@pytest.fixture(scope="session")
def emitted(exporter: Exporter, registry: list[Object]) -> set[str]:
    """Names of all metrics that there are of Airflow's list, as queries know them."""
    kinds = {"counter": "c", "gauge": "g", "timer": "ms"}
    lines = (
        f"airflow.{name.format(**dict.fromkeys(entry['name_variables'], 'one'))}:1|{kinds[entry['type']]}"
        for entry in registry
        for name in (entry["name"], entry["legacy_name"])
        if name != "-"
    )
    return {name for line in lines if (series := exporter.series(line)) for name in series.names()}


@pytest.fixture(scope="session")
def sent(repository: Path) -> tuple[str, ...]:
    """Lines of StatsD that Airflow's own code sent to a socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        host, port = listening.getsockname()
        to = {"STATSD_ON": "True", "STATSD_HOST": host, "STATSD_PORT": str(port)}
        environment = os.environ | {f"AIRFLOW__METRICS__{key}": value for key, value in to.items()}
        program = repository / "tests/shared/airflow_metrics_program.py"
        subprocess.run([sys.executable, program], env=environment, check=True, timeout=120)
        return tuple(_received(listening))


def _received(listening: socket.socket) -> Iterator[str]:
    listening.setblocking(False)
    while True:
        try:
            yield listening.recv(4096).decode()
        except BlockingIOError:
            return


@pytest.fixture(scope="session")
def selectors() -> Callable[[str], list[promql_parser.VectorSelector]]:
    """A call gives what a query reads; ValueError where it is none."""

    def found(query: str) -> list[promql_parser.VectorSelector]:
        read: list[promql_parser.VectorSelector] = []
        promql_parser.walk(promql_parser.parse(query), lambda node: _note(node, read))
        return read

    return found


def _note(node: promql_parser.Expr, read: list[promql_parser.VectorSelector]) -> bool:
    if isinstance(node, promql_parser.VectorSelector):
        read.append(node)
    return True
