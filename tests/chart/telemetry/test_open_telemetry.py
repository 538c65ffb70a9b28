"""OpenTelemetry: Airflow itself reads the settings of a rendered container as they are meant."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

Object = dict[str, Any]
ObjectsOf = Callable[..., list[Object]]
COLLECTOR = "http://collector.observability:4318"
# What Airflow makes of its environment: the exporter of traces, and where and when metrics go.
PROGRAM = """
import json
from airflow._shared.observability.otel_env_config import load_metrics_env_config
from airflow._shared.observability.traces import _load_exporter_from_env
read = load_metrics_env_config()
exporter = _load_exporter_from_env()
print(json.dumps([type(exporter).__module__.split(".")[-2], exporter._endpoint, read.exporter_protocol,
                  read.service_name, read.interval_ms, read.resource_attributes]))
"""


def rendered(objects_of: ObjectsOf, **settings: Any) -> list[Object]:
    """Return the objects of a release that sends traces, with more settings of telemetry.openTelemetry."""
    given = {"traces": True, "endpoint": COLLECTOR, **settings}
    return objects_of(**{f"telemetry.openTelemetry.{key}": value for key, value in given.items()})


def environment(objects: list[Object], name: str) -> dict[str, str]:
    """Return the variables of OpenTelemetry of the container *name*."""
    pods = [one["spec"]["template"]["spec"] for one in objects if "template" in (one.get("spec") or {})]
    (found,) = [one for pod in pods for one in pod["containers"] if one["name"] == name]
    return {one["name"]: one.get("value", "") for one in found["env"] if one["name"].startswith("OTEL_")}


@pytest.mark.parametrize(
    ("protocol", "package", "endpoint"),
    [
        ("http/protobuf", "http", f"{COLLECTOR}/v1/traces"),
        ("grpc", "grpc", "collector.observability:4318"),
    ],
)
def test_airflow_reads_what_the_chart_sets(
    objects_of: ObjectsOf, protocol: str, package: str, endpoint: str
) -> None:
    """By its own code, in a process with the container's variables."""
    found = rendered(objects_of, protocol=protocol, resourceAttributes={"env": "prod"}, intervalSeconds=30)
    variables = environment(found, "scheduler")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    attributes = {"k8s.namespace.name": "data", "env": "prod"}
    read = json.loads(done.stdout.splitlines()[-1])
    assert read == [package, endpoint, protocol, "r-scheduler", 30000.0, attributes]


def test_what_is_switched_on_stands_in_airflow_cfg(objects_of: ObjectsOf) -> None:
    """Metrics go by StatsD unless they are to go this way."""
    (found,) = [one for one in rendered(objects_of) if "airflow.cfg" in (one.get("data") or {})]
    settings = configparser.RawConfigParser()
    settings.read_string(found["data"]["airflow.cfg"])
    assert settings["traces"]["otel_on"] == settings["metrics"]["statsd_on"] == "True"
    assert "otel_on" not in settings["metrics"]


def test_without_it_no_container_knows_of_it(objects_of: ObjectsOf) -> None:
    """Nothing is set by default."""
    assert "OTEL_" not in json.dumps(objects_of())


def test_the_collectors_password_comes_from_a_secret(objects_of: ObjectsOf) -> None:
    """No value of the chart holds it."""
    objects = rendered(objects_of, headersSecretName="collector")
    pods = [one["spec"]["template"]["spec"] for one in objects if "template" in (one.get("spec") or {})]
    variables = [one for pod in pods for container in pod["containers"] for one in container.get("env", [])]
    found = [one["valueFrom"] for one in variables if one["name"] == "OTEL_EXPORTER_OTLP_HEADERS"]
    assert found == [{"secretKeyRef": {"name": "collector", "key": "headers"}}] * 5
