"""Mistakes in tenant.yaml and in the files of a tenant's folder."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from typing import Any

import pytest

HEAD = {"owners": "[{name: A, email: a@example.org}]", "queues": "[default, pii]"}
DAG = "dag_id: daily\ntasks: [{id: a, uses: flow.empty}]\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("→onwers: []", "onwers: unknown key 'onwers'\n    did you mean 'owners'?"),
        ("owners: →[]", "owners: needs 1 or more, has 0"),
        ("owners: [{name: A, email: →nobody}]", "owners[0].email: 'nobody' does not fit\n    an address is one mailbox, as team@example.org"),
        ("queues: [→defualt]", "queues[0]: the queue 'defualt' does not exist here\n    did you mean 'default'?"),
        ("queues: [default, →maintenance]", "queues[1]: the queue 'maintenance' is the platform's own\n    allowed: default, pii"),
        ("queues: [default, →default]", "queues[1]: the queue 'default' is named twice"),
        ("connections: {w: {type: →postgre}}", "connections.w.type: unknown value 'postgre'\n    did you mean 'postgres'?"),
        ("connections: {w: {type: http, queues: [→pi]}}", "connections.w.queues[0]: 'pi' is none of the tenant's queues\n    did you mean 'pii'?"),
        ("connections: {→W: {type: http}}", "connections.W: 'W' does not fit\n    a name is lower-case letters, digits and '_', starts with a letter and has 63 characters at most"),
        ("alert_channels: [→centrall]", "alert_channels[0]: unknown alert channel 'centrall'\n    did you mean 'central'?"),
        ("limits: {cpu: →8}", "limits.cpu: 8.0 is over the environment's ceiling of 4.0\n    write 4.0 or less"),
        ("limits: {memory: →16Gi}", "limits.memory: 16Gi is over the environment's ceiling of 8Gi\n    write 8Gi or less"),
        ("limits: {memory: →512}", "limits.memory: write a size as a number and a unit: '512Mi', '2Gi'"),
        ("limits: {retries: →11}", "limits.retries: 11 is over the environment's ceiling of 10\n    write 10 or less"),
        ("limits: {execution_timeout: →2d}", "limits.execution_timeout: 2d is over the environment's ceiling of 1d\n    write 1d or less"),
        ("limits: {active_runs: →17}", "limits.active_runs: 17 is over the environment's ceiling of 16\n    write 16 or less"),
        ("limits: {parallelism: →65}", "limits.parallelism: 65 is over the environment's ceiling of 64\n    write 64 or less"),
        ("pools: →{a: 2, b: 2}", "pools: the pools take 4 of 4 slots; the tenant's own pool needs at least one\n    raise limits.parallelism to 5 or lower the pools"),
        ("pools: {a: →0}", "pools.a: must be 1 or more"),
        ("values: {→data: x}", "values.data: 'data' is the platform's own value\n    choose another name"),
        ("python_dags: →true", "python_dags: hand-written DAG files are not accepted yet; they will come\n    write manifests; their Python belongs into src/ and is called by python.call"),
        ("environments: {→lokal: {}}", "environments.lokal: unknown environment 'lokal'\n    did you mean 'local'?"),
        ("environments: {staging: {limits: {→cpus: 1}}}", "environments.staging.limits.cpus: unknown key 'cpus'\n    did you mean 'cpu'?"),
        ("environments: {local: {connections: {x: →{queues: [pii]}}}}", "connections.x: the key 'type' is missing"),
        ("environments: {local: {limits: {retries: →99}}}", "limits.retries: 99 is over the environment's ceiling of 10\n    write 10 or less"),
    ],
)  # fmt: skip
def test_mistakes_in_tenant_yaml(repository: Any, lines: str, said: str) -> None:
    """What the environment does not have or allow, with the place of each."""
    text = "".join(f"{key}: {value}\n" for key, value in HEAD.items() if not lines.startswith(key)) + lines
    before = text.partition("→")[0].split("\n")
    repository.write("tenants/flights/tenant.yaml", text.replace("→", ""))
    place = f"tenants/flights/tenant.yaml:{len(before)}:{len(before[-1]) + 1}: "
    assert place + said in [str(problem) for problem in repository.load().problems]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("job.py", "hand-written DAG files are not accepted (python_dags will come)\n    write a manifest; Python belongs into src/ and is called by python.call"),
        ("job.yml", "a manifest's name ends in .yaml\n    rename it to job.yaml"),
        ("job.YAML", "a manifest's name ends in .yaml\n    rename it to job.yaml"),
        ("more/job.yaml", "a manifest in a folder is not read\n    manifests stand directly in dags/"),
        ("job.yaml/x", "a folder with the name of a manifest\n    rename the folder"),
    ],
)  # fmt: skip
def test_files_that_would_be_overlooked_are_told(repository: Any, name: str, said: str) -> None:
    """Nobody waits for a DAG that is never read."""
    repository.dag(DAG, name)
    file = name.removesuffix("/x")
    assert [str(problem) for problem in repository.load().problems] == [
        f"tenants/flights/dags/{file}: {said}"
    ]


@pytest.mark.parametrize("name", ["Flights", "my-team", "team_a", "1team", "x", "a" * 32, "team.a"])
def test_a_tenant_folder_with_a_bad_name_is_told(repository: Any, name: str) -> None:
    """Every name of the platform is built from it."""
    repository.write(f"tenants/{name}/tenant.yaml", "owners: []")
    problem = repository.load().problems[0]
    assert (problem.file, problem.message) == (f"tenants/{name}", f"'{name}' cannot name a tenant")


def test_a_folder_without_tenant_yaml_is_told(repository: Any) -> None:
    """A tenant has at least owners."""
    (repository.root / "tenants/health").mkdir()
    assert [str(p).partition("\n")[0] for p in repository.load().problems] == [
        "tenants/health/tenant.yaml: is missing"
    ]


def test_links_are_refused_and_never_followed(repository: Any) -> None:
    """A linked manifest is left out; a link in the package leaves out the tenant."""
    repository.dag(DAG)
    secret = repository.write("secret.yaml", DAG.replace("daily", "secret"))
    (repository.root / "tenants/flights/dags/link.yaml").symlink_to(secret)
    result = repository.load()
    assert str(result.problems[0]).startswith(f"tenants/flights/dags/link.yaml: a symbolic link to {secret}")
    assert [dag.model.dag_id for dag in result.tenants[0].dags] == ["daily"]
    (repository.root / "tenants/flights/src/data").symlink_to("/etc")
    assert repository.load().tenants == ()


def test_an_included_link_is_refused(repository: Any) -> None:
    """Neither the file nor a folder on the way to it may be a link."""
    repository.write("outside/x.sql", "select 1")
    (repository.root / "tenants/flights/dags").mkdir()
    (repository.root / "tenants/flights/dags/sql").symlink_to(repository.root / "outside")
    task = "tasks: [{id: a, uses: sql.query, with: {connection: warehouse, sql: {$f: sql/x.sql}}}]\n"
    found = repository.problems(f"dag_id: daily\n{task}")
    assert any("'sql/x.sql' is outside the tenant's folder" in text for text in found)


def test_a_limit_that_is_left_out_is_lowered_to_the_ceiling(repository: Any) -> None:
    """Only a number that somebody wrote can be a mistake."""
    path = repository.root / "environments/local/environment.yaml"
    path.write_text(path.read_text() + "limits: {retries: 1, memory: 256Mi}\n")
    result = repository.load()
    limits = result.tenants[0].model.limits
    assert (limits.retries, limits.memory, limits.parallelism) == (1, 256 * 2**20, 4)
    assert result.problems == ()


def test_pools_fit_under_the_lowered_limit(repository: Any) -> None:
    """The slots that the environment leaves count, not the default that it lowered."""
    path = repository.root / "environments/local/environment.yaml"
    path.write_text(path.read_text() + "limits: {parallelism: 2}\n")
    repository.write("tenants/flights/tenant.yaml", "owners: [{name: A, email: a@b.c}]\npools: {a: 3}\n")
    assert "the pools take 3 of 2 slots" in str(repository.load().problems[0])
