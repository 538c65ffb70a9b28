"""Where task logs of hosts go: what the host sends, what its agent lends, where the API server reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients import logs_login
from aerodrome.environment import Environment, load_environment
from aerodrome.errors import UserError
from aerodrome.logs_settings import LogsSettings, mistakes
from aerodrome.render import host_logs
from aerodrome.render.chart_values import chart_values

S3 = {
    "bucket": "airflow-logs",
    "region": "eu-central-1",
    "role": "arn:aws:iam::111122223333:role/airflow-logs-{zone}",
    "login_file": "logs-{zone}.json",
}
HDFS = {"url": "https://nn.example.org:9871", "folder": "/airflow-logs"}


@pytest.fixture(scope="module")
def lab(repository: Path) -> Environment:
    """The environment with test hosts."""
    return load_environment(repository, "lab")


def logs(**said: Any) -> LogsSettings:
    """Return settings with *said*."""
    return LogsSettings.model_validate_json(json.dumps(said))


def with_logs(lab: Environment, **said: Any) -> Environment:
    """Return the environment with other logs."""
    assert lab.hosts is not None
    return lab.model_copy(update={"hosts": lab.hosts.model_copy(update={"logs": logs(**said)})})


def test_a_host_sends_to_its_zones_folder_and_its_agent_lends_that_one(lab: Environment) -> None:
    """Neither is told of a key: the agent is told of a file."""
    made = with_logs(lab, kind="s3", s3=S3)
    store = host_logs.variables(made, "pii", "personal1")["worker_logs_config"]["store"]
    lent = host_logs.agent(made, "pii")["logs"]
    assert store["base"] == lent["base"] == "airflow-logs/lab/pii/"
    assert lent["role"].endswith("/airflow-logs-pii") and lent["login_file"] == host_logs.LOGIN


def test_the_api_server_reads_what_every_zone_with_hosts_sends(lab: Environment) -> None:
    """A queue whose workers are here has its logs here."""
    said = host_logs.reader(with_logs(lab, kind="s3", s3=S3), "/x/login", "")
    assert (
        said["zones"] == {"onprem": "onprem", "pii": "pii"} and said["store"]["base"] == "airflow-logs/lab/"
    )
    assert host_logs.reader(with_logs(lab, kind="none"), "", "") == {}


def test_an_api_server_in_a_cluster_is_told_too_and_given_no_login(lab: Environment) -> None:
    """It reads as the role of its pod."""
    made = with_logs(lab, kind="s3", s3=S3)
    said = json.loads(chart_values([], made, {})["config"]["aerodrome"]["log_store"])
    assert said["store"]["bucket"] == "airflow-logs" and "login_file" not in said["store"]
    assert "log_store" not in chart_values([], with_logs(lab), {})["config"].get("aerodrome", {})


def test_what_is_sent_to_hdfs_is_sent_in_the_workers_name(lab: Environment) -> None:
    """Its agent lends nothing for it."""
    made = with_logs(lab, kind="hdfs", hdfs=HDFS)
    found = host_logs.variables(made, "onprem", "hadoop1")
    assert found["worker_logs_config"]["store"]["user"] == "aerodrome-onprem" and not host_logs.agent(
        made, "onprem"
    )
    assert list(host_logs.reached(made)) == [("nn.example.org", 9871, "task logs")]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"bucket": "No_Bucket"}, "bucket"),
        ({"prefix": "/up"}, "prefix"),
        ({"region": "here"}, "region"),
        ({"endpoint": "s3.example.org"}, "endpoint"),
        ({"endpoint": "https://user@s3.example.org"}, "endpoint"),
        ({"role": "arn:aws:iam::111122223333:role/logs"}, "role"),
        ({"login_file": "logs.json"}, "login_file"),
        ({"kms_key": "alias/logs"}, "kms_key"),
    ],
)
def test_a_mistake_in_the_bucket_is_told_at_its_key(changed: dict[str, str], where: str) -> None:
    """With what to write there."""
    assert [keys for keys, _, _ in mistakes(logs(kind="s3", s3={**S3, **changed}))] == [("s3", where)]


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"kind": "s3"}, ("kind",)),
        ({"kind": "none", "s3": S3}, ("s3",)),
        ({"kind": "hdfs", "hdfs": {**HDFS, "folder": "logs"}}, ("hdfs", "folder")),
        ({"kind": "hdfs", "hdfs": {**HDFS, "url": "hdfs://nn"}}, ("hdfs", "url")),
        ({"kind": "hdfs", "hdfs": {**HDFS, "ticket": "cache"}}, ("hdfs", "ticket")),
    ],
)
def test_settings_that_say_nothing_or_too_much_are_told(said: dict[str, Any], where: tuple[str, ...]) -> None:
    """A kind without its settings, settings of another kind."""
    assert [keys for keys, _, _ in mistakes(logs(**said))] == [where]


def test_the_login_of_a_zone_is_a_file_on_the_machine_that_deploys(tmp_path: Path) -> None:
    """Whoever deploys is told what to write where it is missing, or is something else."""
    settings, file = logs(kind="s3", s3=S3), tmp_path / "logs-pii.json"
    with pytest.raises(UserError, match=r"logs-pii\.json: does not exist"):
        logs_login.of_zone(settings, tmp_path, "pii")
    file.write_text('{"access_key": "a"}')
    with pytest.raises(UserError, match="something else than an access key"):
        logs_login.of_zone(settings, tmp_path, "pii")
    file.write_text('{"secret_key": "b", "access_key": "a"}')
    found = logs_login.of_zone(settings, tmp_path, "pii")
    assert found == {
        "worker_logs_login": '{"access_key": "a", "secret_key": "b"}',
        "worker_logs_authority": "",
    }
