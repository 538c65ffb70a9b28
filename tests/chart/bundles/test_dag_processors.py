"""One DAG processor for each DAG bundle (dagProcessor.bundles)."""

from __future__ import annotations

import configparser
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.cli import cli_parser

Object = dict[str, Any]
Render = Callable[..., subprocess.CompletedProcess[str]]
LIST = json.dumps([{"name": "core"}, {"name": "Old"}])


@pytest.fixture(scope="module")
def example(render: Render, chart: Path) -> list[Object]:
    """The objects of the example."""
    done = render("--values", chart / "examples/dag-processor-per-bundle.yaml")
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


@pytest.fixture(scope="module")
def processors(example: list[Object]) -> dict[str, Object]:
    """Name → Deployment of the example's DAG processors."""
    return {
        one["metadata"]["name"]: one
        for one in example
        if one["kind"] == "Deployment" and one["metadata"]["labels"]["component"] == "dag-processor"
    }


def container(processor: Object) -> Object:
    """Return the container that reads DAG files."""
    return dict(processor["spec"]["template"]["spec"]["containers"][0])


def test_each_entry_has_a_deployment_of_its_own_and_there_is_no_other(processors: dict[str, Object]) -> None:
    """With its own pods: no Deployment takes another one's for its own."""
    assert processors.keys() == {"r-dag-processor-core", "r-dag-processor-slow"}
    selected = [one["spec"]["selector"]["matchLabels"] for one in processors.values()]
    assert [one["aerodrome/bundle"] for one in selected] == ["core", "slow"]
    for one in processors.values():
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_airflow_understands_what_each_is_told(processors: dict[str, Object]) -> None:
    """By its own parser of commands."""
    parser = cli_parser.get_parser()
    asked = {name: parser.parse_args(container(one)["args"][1:]) for name, one in processors.items()}
    assert asked["r-dag-processor-core"].bundle_name == ["core"]
    assert asked["r-dag-processor-slow"].bundle_name == ["reports", "Legacy_DAGs"]


def test_the_bundles_are_those_of_airflow_cfg(example: list[Object]) -> None:
    """A list of several lines stays one value."""
    (found,) = [one for one in example if "airflow.cfg" in (one.get("data") or {})]
    settings = configparser.RawConfigParser()
    settings.read_string(found["data"]["airflow.cfg"])
    bundles = json.loads(settings["dag_processor"]["dag_bundle_config_list"])
    assert [one["name"] for one in bundles] == ["core", "reports", "Legacy_DAGs"]


def test_an_entry_says_what_is_different_and_the_rest_is_that_of_all(processors: dict[str, Object]) -> None:
    """Resources are replaced as a whole."""
    core, slow = processors["r-dag-processor-core"], processors["r-dag-processor-slow"]
    assert (core["spec"]["replicas"], slow["spec"]["replicas"]) == (1, 2)
    assert container(core)["resources"]["limits"]["memory"] == "1Gi"
    assert container(slow)["resources"]["limits"]["memory"] == "4Gi"
    assert container(core)["livenessProbe"] == container(slow)["livenessProbe"]


WRONG = [
    (
        {"B_x": {}},
        "dagProcessor.bundles.B_x: its Deployment cannot be called so",
        "write the bundle in names",
    ),
    ({"a": {"names": ["core"]}, "core": {}}, 'a and core both read the bundle "core"', "take it out of one"),
    ({"core": {}}, 'nobody reads the bundle "Old"', "write it in names of an entry"),
    ({"core": {"names": ["Old", "core", "cor"]}}, 'has no bundle "cor"', "it has core, Old"),
]


@pytest.mark.parametrize(("bundles", "told", "remedy"), WRONG, ids=[case[1] for case in WRONG])
def test_bundles_that_do_not_fit_the_list_are_refused(
    render: Render, bundles: dict[str, Any], told: str, remedy: str
) -> None:
    """A bundle that nobody reads would lose its DAGs; one that two read is parsed twice."""
    done = render(
        f"--set-json=dagProcessor.bundles={json.dumps(bundles)}",
        f"--set-json=config.dag_processor.dag_bundle_config_list={json.dumps(LIST)}",
    )
    (line,) = [line for line in done.stderr.splitlines() if told in line]
    assert done.returncode != 0 and remedy in line


def test_a_key_that_an_entry_does_not_have_is_refused(render: Render) -> None:
    """By the schema, with its path."""
    done = render("--set=dagProcessor.bundles.core.replica=2")
    assert done.returncode != 0
    assert "dagProcessor.bundles.core" in done.stderr and "replica" in done.stderr


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("airflowVersion=2.11.0", "Airflow 2.11.0 has no DAG bundles"),
        ("dagProcessor.enabled=false", "there is no DAG processor"),
    ],
)
def test_bundles_without_what_reads_them_are_refused(render: Render, values: str, told: str) -> None:
    """They would have no effect."""
    assert told in render("--set-json=dagProcessor.bundles.core={}", f"--set={values}").stderr
