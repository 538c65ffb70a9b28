"""`diff-env` names what two environments declare otherwise, and nothing that is the same or secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerodrome.cli import documents
from aerodrome.environment_difference.compare import Difference, compare
from aerodrome.errors import UserError
from api_server_stand_in import LISTS, NAMESPACE, ApiServer, deployment, kubeconfig, record, serving

ENVIRONMENT = """\
kind: kubernetes
zones: {default: {}, far: {}}
queues: {default: {zone: default, slots: 4}, far: {zone: far}}
alert_channels: {central: {type: file, target: central.jsonl}}
images: {registry: registry.example.org/airflow}
"""
HOSTS = """\
kind: kubernetes
zones: {default: {}, far: {workers: hosts}}
queues: {default: {zone: default}, far: {zone: far}}
alert_channels: {central: {type: file, target: central.jsonl}}
hosts:
  execution_api: https://air.example.org
  broker: air.example.org:6380
  secrets: https://vault.example.org
  bundle: https://git.example.org/dags.git
  firewall: {ssh_from: [10.0.0.0/24]}
"""
SCHEDULERS = LISTS["Deployment"].format(NAMESPACE)
IMAGE = ("pyproject.toml", "ansible/worker.lock", "bootstrap.lock", "platform", "common_plugins")


@pytest.fixture
def two(place: Any, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository with two environments in clusters, which are alike, and a tenant."""
    monkeypatch.setenv("KUBECONFIG", str(place.root / "none"))
    for name in IMAGE:
        (place.root / name).parent.mkdir(exist_ok=True)
        (place.root / name).symlink_to(repository / name)
    for name in ("one", "two"):
        place.write(f"environments/{name}/environment.yaml", ENVIRONMENT)
    place.tenant("alpha", "daily")
    return place


def told(place: Any) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Return part and name → both values, of all that differs."""
    found = compare(place.root, "one", "two", live=False)
    return {(one.part, one.what): (one.a, one.b) for one in found.differences}


def change(place: Any, before: str, after: str) -> None:
    """Replace a text in the second environment's file."""
    file = place.root / "environments/two/environment.yaml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def test_environments_that_are_alike_differ_in_nothing(two: Any) -> None:
    """Though their names do; neither cluster is asked."""
    done = two.run("diff-env", "one", "two")
    assert (done.returncode, done.stdout) == (0, "one and two: nothing differs\n"), done.stderr


def test_a_setting_is_named_with_both_values_and_what_follows_from_it(two: Any) -> None:
    """In the chart's values."""
    change(two, "slots: 4", "slots: 5")
    env = "zoneWorkers.zones.default.workers.env[name=AIRFLOW__CELERY__WORKER_CONCURRENCY].value"
    assert told(two) == {("environment", "queues.default.slots"): ("4", "5"), ("values", env): ("4", "5")}


def test_images_differ_by_where_they_are_and_what_they_are_made_of(two: Any) -> None:
    """No registry is asked: the tag tells."""
    change(two, "images: {", "images: {base: 'other:1', ")
    found = told(two)
    tags = found.pop(("values", "images.airflow.tag"))
    assert tags[0] != tags[1] and set(found) == {("environment", "images.base")}


def test_a_tenants_limits_are_named_with_the_dags_that_they_change(two: Any) -> None:
    """By the digests of their files."""
    more = "environments: {two: {limits: {retries: 1}}}\nlimits: {retries: 2}\n"
    two.tenant("alpha", "daily", more=more)
    assert told(two)["limits of alpha", "retries"] == ("2", "1")
    assert {name for part, name in told(two) if part == "DAG"} <= {"alpha.daily"}


def test_a_change_of_the_policy_alone_is_no_change_of_a_dag(two: Any) -> None:
    """Though each file names its digest."""
    change(two, "kind: kubernetes\n", "kind: kubernetes\noperators: {forbidden: [http.request]}\n")
    assert {part for part, _ in told(two)} == {"environment", "limits of alpha"}


def test_a_tenant_without_a_place_in_one_is_named_and_not_its_dags(two: Any) -> None:
    """Its mistakes there are counted."""
    two.tenant("beta", "daily", more="queues: [far]\n")
    change(two, "far: {zone: far}", "near: {zone: far}")
    found = compare(two.root, "one", "two", live=False)
    assert Difference("tenant", "beta", "is there", None) in found.differences
    assert "DAG" not in {one.part for one in found.differences}
    assert found.notes == (
        "two: 1 mistake in its files; DAGs with mistakes are left out: make check ENV=two",
    )


def test_a_host_is_named_setting_by_setting(two: Any) -> None:
    """Where it stands in the file does not count."""
    for name, address in (("one", "192.0.2.1"), ("two", "192.0.2.2")):
        two.write(f"environments/{name}/environment.yaml", HOSTS)
        text = f"all: {{hosts: {{edge1: {{ansible_host: {address}, queues: [far]}}}}}}\n"
        two.write(f"environments/{name}/inventory/hosts.yml", text)
    hosts = {name: values for (part, name), values in told(two).items() if part == "host"}
    assert hosts["edge1.address"] == ("192.0.2.1", "192.0.2.2") and "edge1.line" not in hosts


@pytest.mark.parametrize(
    "values",
    [
        "data: {{metadataConnection: {{pass: '{0}'}}}}",
        "env: [{{name: DB_PASSWORD, value: '{0}'}}]",
        "config: {{celery: {{broker: 'redis://:{0}@redis:6379'}}}}",
        "extraEnv: |\n  a: b\n  c: '{0}'\n",
        "scheduler: {{args: ['--token={0}']}}",
    ],
)
def test_no_secret_is_shown(two: Any, values: str) -> None:
    """Only that it differs; it can stand in values.yaml alone."""
    for name in ("one", "two"):
        two.write(f"environments/{name}/values.yaml", values.format(f"hush-{name}"))
    found = compare(two.root, "one", "two", live=False)
    assert "hush" not in json.dumps(documents.difference(found)) + repr(found)
    (row,) = found.differences
    assert (row.a, row.b) == ("(not shown)", "(not shown)")


def test_the_same_question_has_the_same_answer(two: Any) -> None:
    """Byte for byte."""
    change(two, "slots: 4", "slots: 5")
    first, second = (documents.difference(compare(two.root, "one", "two", live=False)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second) and first["differences"]


def test_what_runs_is_not_compared_where_a_cluster_cannot_be_asked(two: Any) -> None:
    """What is declared is, all the same."""
    done = two.run("diff-env", "one", "local", "--live")
    assert done.returncode == 0 and "kubernetes" in done.stdout
    assert "note: one: what runs is not compared: " in done.stdout
    assert "note: local is no cluster: what runs is not compared" in done.stdout


def test_an_unknown_environment_is_refused(two: Any) -> None:
    """With the nearest one."""
    with pytest.raises(UserError, match=r"^unknown environment 'tow'\n    did you mean 'two'\?"):
        compare(two.root, "one", "tow", live=False)


@pytest.fixture
def servers(two: Any) -> Iterator[tuple[ApiServer, ApiServer]]:
    """The clusters of both environments; each runs the scheduler from a registry of its own."""
    with serving() as (one, first), serving() as (other, second):
        two.write("none", kubeconfig(one=first, two=second))
        for state, name in ((one, "one"), (other, "two")):
            two.write(f"environments/{name}/environment.yaml", f"{ENVIRONMENT}cluster: {{context: {name}}}\n")
            state.add("Deployment", deployment("airflow-scheduler", 1, 1))
            image = f"{name}.example.org/platform@sha256:1"
            state.found[SCHEDULERS]["items"][0]["spec"]["template"]["spec"]["containers"][0]["image"] = image
        yield one, other


def ran(place: Any) -> dict[str, tuple[str | None, str | None]]:
    """Return what runs otherwise, by name."""
    found = compare(place.root, "one", "two", live=True)
    assert found.notes == ()
    return {one.what: (one.a, one.b) for one in found.differences if one.part == "running"}


def test_what_was_deployed_last_is_compared(two: Any, servers: tuple[ApiServer, ApiServer]) -> None:
    """By its commit."""
    record(servers[0], 1, 2)
    record(servers[1], 1)
    assert ran(two) == {"commit": ("c2", "c1")}


def test_an_image_is_known_by_its_digest(two: Any, servers: tuple[ApiServer, ApiServer]) -> None:
    """Whatever registry it is in."""
    assert ran(two) == {}
    servers[1].found[SCHEDULERS]["items"][0]["spec"]["template"]["spec"]["containers"][0]["image"] = (
        "p@sha256:2"
    )
    assert ran(two) == {"image of airflow-scheduler/main": ("sha256:1", "sha256:2")}
