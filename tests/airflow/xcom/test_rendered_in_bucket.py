"""ENV=local with `results: {kind: s3}`: what a deploy writes for each process, and agents started from it."""

from __future__ import annotations

import configparser
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import results_in_aws
from aerodrome import names
from aerodrome.errors import UserError
from aerodrome.local.machine import state
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import folders, topology
from aerodrome.local.processes.topology import Process
from aerodrome.local.release.targets import local_targets
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.xcom.bucket import BucketStores
from results_in_aws import DEPLOYER, PLACE, TENANTS, ZONE, ResultsInAws
from running_agent import running_agent

COLLECTORS = f"secrets-{names.COLLECTOR}"


@pytest.fixture(scope="module")
def aws() -> Iterator[ResultsInAws]:
    """A bucket with the roles of two tenants."""
    with results_in_aws.running() as found:
        yield found


@pytest.fixture
def platform(aws: ResultsInAws, repository: Path) -> Iterator[Platform]:
    """A platform on paper whose results go to the bucket; whoever deploys has credentials in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    layout = replace(state.locate(repository, folder / "state"), root=False, run=folder / "run")
    with results_in_aws.deploying():
        yield Platform(layout, aws.environment, TENANTS)
    shutil.rmtree(folder, ignore_errors=True)


def processes(platform: Platform) -> dict[str, Process]:
    """Return the processes by name."""
    return {each.name: each for each in topology.desired(platform)}


def options(process: Process) -> dict[str, str]:
    """Return section [aerodrome] of a process' airflow.cfg."""
    parser = configparser.ConfigParser()
    parser.read_string(process.files["airflow.cfg"])
    return dict(parser["aerodrome"])


def test_agents_alone_hold_a_key_of_aws(platform: Platform) -> None:
    """And that one reads no result: it may only become the role of the agent's zone."""
    for name, process in processes(platform).items():
        holders = {file for file, text in process.files.items() if DEPLOYER["secret_key"] in text}
        assert holders == ({"aws-login.json"} if name.startswith("secrets-") else set()), name
        assert not any("AWS" in key for key in process.environment)


def test_each_process_is_told_no_more_than_it_needs(platform: Platform, aws: ResultsInAws) -> None:
    """Workers ask their zone's agent and the collector its own; who shows references reaches no bucket."""
    found = processes(platform)
    asked = {
        name: options(found[name]).get("xcom_agent_socket")
        for name in found
        if "airflow.cfg" in found[name].files
    }
    assert asked["worker-default"] == str(platform.layout.secrets_socket(ZONE))
    assert asked["results-collector"] == str(platform.layout.secrets_socket(names.COLLECTOR))
    assert not any(asked[name] for name in ("api-server", "scheduler", "dag-processor", "triggerer"))
    assert options(found["worker-default"])["xcom_store"] == f"s3://{aws.bucket.name}/aerodrome"
    assert not any(
        "xcom_store" in options(found[name]) for name in ("api-server", "scheduler", "dag-processor")
    )


def test_the_collectors_agent_knows_no_secrets(platform: Platform) -> None:
    """It starts before the collector, and there is none where results go to a folder."""
    found = processes(platform)
    told = json.loads(found[COLLECTORS].files["agent.json"])
    assert "store" not in told and told["results"]["agent_role"].endswith("/airflow-collector")
    assert found[COLLECTORS].priority < found["results-collector"].priority
    document = platform.environment.model_dump(mode="json") | {"results": {"kind": "folder"}}
    plain = replace(platform, environment=type(platform.environment).model_validate(document))
    assert COLLECTORS not in processes(plain)
    assert not any("aws-login.json" in each.files for each in processes(plain).values())


@pytest.mark.parametrize("zone", [ZONE, names.COLLECTOR])
def test_a_deployed_agent_lends_roles(platform: Platform, aws: ResultsInAws, zone: str) -> None:
    """By way of its zone's role, with the credentials of who deployed; below the folders that a deploy makes."""
    folders.base(platform)
    desired = topology.desired(platform)
    folders.of_processes(platform, desired)
    folders.write_configuration(platform, desired)
    key = aws.put("alpha", "one").removeprefix(aws.bucket.base)
    with running_agent(platform.layout.process_config(f"secrets-{zone}") / "agent.json") as (socket, _):
        stores = BucketStores(aws.bucket, AgentClient(socket, 2))
        store = stores.of("alpha") if zone == ZONE else stores.all()
        assert socket == platform.layout.secrets_socket(zone) and store._client
        with aws.enforcing():
            if zone == ZONE:
                store.open(key).close()
            else:
                assert key in {found.key for found in store.find(f"{PLACE}/")}


def test_a_plan_shows_the_roles_and_their_drift(platform: Platform, aws: ResultsInAws) -> None:
    """Somebody let alpha list the bucket; the next deploy takes it back."""
    (target,) = [
        each for each in local_targets(platform, None, None) if getattr(each, "name", "") == "results"
    ]  # type: ignore[arg-type]
    assert target.changes() == ()
    wide = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{aws.bucket.name}"}
    aws.as_deployer("iam").put_role_policy(
        RoleName=names.results_role(PLACE, "alpha"),
        PolicyName="aerodrome",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": wide}),
    )
    (change,) = target.changes()
    assert change.target == "results" and "ListBucket, which it should not" in change.why
    target.apply((change,), lambda _: None)
    assert target.changes() == ()


def test_a_deploy_without_credentials_says_what_is_missing(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And for which setting."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(UserError, match=r"results: \{kind: s3\} needs AWS credentials"):
        topology.desired(platform)
