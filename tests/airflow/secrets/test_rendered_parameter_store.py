"""ENV=local with `secrets: {store: ssm}`: an agent started from the files that a deploy writes for it."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.errors import UserError
from aerodrome.local.machine import state
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import topology
from aerodrome.local.stores import secrets_store
from aerodrome.targets.iam import IamTarget
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Lookup
from aws_double import running_double
from secrets_place import ENVIRONMENT, TENANTS, process

ACCOUNT, KEY = "123456789012", "AKIATHEDEPLOYERS"
ROLE = "arn:aws:iam::444455556666:role/read-landing"
AGENT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/airflow-{{zone}}"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of AWS's double; whoever deploys has credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-deployers-secret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_double() as found:
        yield found


@pytest.fixture
def platform(endpoint: str, repository: Path) -> Iterator[Platform]:
    """A platform on paper whose secrets are in AWS, deployed as far as AWS is concerned."""
    folder = Path(tempfile.mkdtemp(prefix="ssm-"))
    ssm = {"region": "eu-central-1", "agent_role": AGENT_ROLE, "endpoint": endpoint,
           "connection_roles": {"alpha": [ROLE]}}  # fmt: skip
    # Another name than in the tests beside: the double keeps one account for this whole process.
    document = ENVIRONMENT.model_dump(mode="json", by_alias=True) | {"name": "prod-aws"}
    document["secrets"] = {"store": "ssm", "ssm": ssm, "global_connections": ["mail"]}
    layout = replace(state.locate(repository, folder / "state"), root=False, run=folder / "run")
    made = Platform(layout, Environment.model_validate(document), TENANTS)
    rules = secrets_store.rules(made)
    assert isinstance(rules, IamTarget)
    rules.apply(rules.changes(), lambda _: None)
    for tenant in ("alpha", "beta", names.GLOBAL):
        name = "mail" if tenant == names.GLOBAL else "db"
        path = names.connection_path(made.environment.name, tenant, name)
        secrets_store.values(made).write(path, {"conn_type": "postgres", "password": f"of-{tenant}"})
    yield made
    for role in rules.roles.read():
        rules.roles.delete(role)
    shutil.rmtree(folder, ignore_errors=True)


def rendered(platform: Platform, zone: str) -> Path:
    """Write the files of the agent of *zone* as a deploy does, and return its configuration."""
    agent = next(each for each in topology.desired(platform) if each.name == f"secrets-{zone}")
    platform.layout.secrets_socket(zone).parent.mkdir(parents=True)
    folder = platform.layout.process_config(agent.name)
    folder.mkdir(parents=True)
    for name, text in agent.files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return folder / "agent.json"


def test_a_deployed_agent_reads_each_tenant_as_its_role(platform: Platform) -> None:
    """By way of the zone's role, with the credentials of who deployed and none of its own surroundings."""
    from moto.sts.models import sts_backends

    before = len(sts_backends[ACCOUNT]["aws"].assumed_roles)
    agent = process(rendered(platform, "default"), sys.executable, env={"PATH": "/usr/bin:/bin"})
    try:
        client = AgentClient(platform.layout.secrets_socket("default"))
        lookups = [Lookup("alpha", "connection", "db"), Lookup("beta", "connection", "db"),
                   Lookup("alpha", "connection", "mail", shared=True)]  # fmt: skip
        found = [client.ask(lookup) for lookup in lookups]
        assert [answer.value and answer.value["password"] for answer in found] == [
            "of-alpha", "of-beta", "of-global"
        ]  # fmt: skip
        assert client.ask(Lookup("alpha", "connection", "empty")).outcome == "missing"
    finally:
        agent.terminate()
        _, log = agent.communicate(timeout=10)
    roles = [role.role_arn.rpartition("/")[2] for role in sts_backends[ACCOUNT]["aws"].assumed_roles[before:]]
    place = platform.environment.name
    assert roles == ["airflow-default", f"aerodrome-{place}.alpha", f"aerodrome-{place}.beta"]
    assert KEY not in log and "the-deployers-secret" not in log


def test_a_deployed_agent_becomes_the_roles_that_are_listed(platform: Platform) -> None:
    """For the tenant that they are listed for."""
    value = {"conn_type": "aws", "login": None, "extra": {"role_arn": ROLE}}
    for tenant in ("alpha", "beta"):
        path = names.connection_path(platform.environment.name, tenant, "landing")
        secrets_store.values(platform).write(path, value)
    agent = process(rendered(platform, "default"), sys.executable, env={"PATH": "/usr/bin:/bin"})
    try:
        client = AgentClient(platform.layout.secrets_socket("default"))
        alphas, betas = (client.ask(Lookup(tenant, "connection", "landing")) for tenant in ("alpha", "beta"))
        assert alphas.value is not None and alphas.value["extra"].keys() == {"aws_session_token"}
        assert betas.outcome == "refused" and "secrets.ssm.connection_roles.beta" in betas.reason
    finally:
        agent.terminate()
        agent.communicate(timeout=10)


def test_workers_are_given_nothing_of_aws(platform: Platform) -> None:
    """Neither key nor role: the agent's own files alone hold them, and its settings name no secret."""
    for each in topology.desired(platform):
        holders = {name for name, text in each.files.items() if KEY in text or "the-deployers" in text}
        assert holders == ({"aws-login.json"} if each.name.startswith("secrets-") else set())
        assert not any("AWS" in name for name in each.environment)
        assert "airflow-pii" not in json.dumps(dict(each.files)) or each.name == "secrets-pii"


def test_a_look_keeps_no_credentials_and_a_deploy_does(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status` of somebody without credentials shows what was deployed; a first deploy without them says so."""
    kept = platform.layout.secrets / "aws-login.json"
    looking = replace(platform, looked_at=True)
    assert topology.desired(looking) and not kept.exists()
    deployed = {each.name: each.fingerprint for each in topology.desired(platform)}
    assert json.loads(kept.read_text())["access_key"] == KEY and kept.stat().st_mode & 0o077 == 0
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert {each.name: each.fingerprint for each in topology.desired(looking)} == deployed
    kept.unlink()
    with pytest.raises(UserError, match="needs AWS credentials"):
        topology.desired(platform)
