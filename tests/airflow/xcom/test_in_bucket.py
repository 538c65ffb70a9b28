"""Large results in S3: each tenant's are reached as that tenant's own IAM role, which a zone's agent lends."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import results_in_aws
from aerodrome import names
from aerodrome_airflow.secrets import aws as agents_aws
from aerodrome_airflow.secrets import client as agents_client
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Lookup
from aerodrome_airflow.xcom import reference
from aerodrome_airflow.xcom.backend import TenantXCom
from aerodrome_airflow.xcom.bucket import BucketStores
from aerodrome_airflow.xcom.errors import StoreError
from aerodrome_airflow.xcom.objects import Found
from aerodrome_airflow.xcom.reference import MARK
from aerodrome_airflow.xcom.settings import settings
from airflow.sdk.exceptions import AirflowConfigException
from botocore.exceptions import ClientError
from results_in_aws import PLACE, ZONE, ResultsInAws

LARGE = [os.urandom(8).hex()] * 10_000
WHERE = {"key": "return_value", "task_id": "load", "run_id": "manual"}
Call = Callable[[Any, str, str], Any]
ON_OBJECTS: dict[str, Call] = {
    "read": lambda s3, bucket, key: s3.get_object(Bucket=bucket, Key=key),
    "write": lambda s3, bucket, key: s3.put_object(Bucket=bucket, Key=key, Body=b"x"),
    "begin": lambda s3, bucket, key: s3.create_multipart_upload(Bucket=bucket, Key=key),
    "delete": lambda s3, bucket, key: s3.delete_object(Bucket=bucket, Key=key),
}
ON_BUCKET: dict[str, Call] = {
    "list": lambda s3, bucket, key: s3.list_objects_v2(Bucket=bucket, Prefix=key.rpartition("/")[0]),
    "uploads": lambda s3, bucket, key: s3.list_multipart_uploads(Bucket=bucket),
    "versions": lambda s3, bucket, key: s3.list_object_versions(Bucket=bucket),
    "policy": lambda s3, bucket, key: s3.get_bucket_policy(Bucket=bucket),
    "buckets": lambda s3, bucket, key: s3.list_buckets(),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[ResultsInAws]:
    """A bucket with the roles of two tenants."""
    with results_in_aws.running() as found:
        yield found


@pytest.fixture
def configured(aws: ResultsInAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResultsInAws]:
    """A worker whose large results go to the bucket; both roles have been lent already."""
    bucket = aws.bucket
    for name, value in {
        "ENVIRONMENT": PLACE,
        "XCOM_STORE": f"s3://{bucket.name}/{bucket.base.rstrip('/')}",
        "XCOM_S3_REGION": bucket.region,
        "XCOM_S3_ENDPOINT": bucket.endpoint,
        "XCOM_AGENT_SOCKET": aws.sockets[ZONE],
        "XCOM_INLINE_BYTES": 1000,
    }.items():
        monkeypatch.setenv(f"AIRFLOW__AERODROME__{name}", str(value))
    # A key that somebody left in the worker's surroundings is not looked at.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEWORKER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-worker")
    settings.cache_clear()
    for tenant in results_in_aws.TENANTS:
        aws.lent(tenant)
    yield aws
    settings.cache_clear()


def stored(value: Any, tenant: str) -> Any:
    """Return what the database keeps of a result of *tenant*."""
    return TenantXCom.serialize_value(value, dag_id=f"{tenant}.daily", **WHERE)  # type: ignore[arg-type]


def read(row: Any) -> Any:
    """Return the value of a row."""
    return TenantXCom.deserialize_value(SimpleNamespace(value=row))


@pytest.mark.parametrize("what", ON_OBJECTS)
def test_a_tenants_role_reaches_its_own_objects_alone(aws: ResultsInAws, what: str) -> None:
    """Whatever its task asks S3 for, past all of our own code."""
    own, other = aws.put("alpha", "a"), aws.put("beta", "b")
    s3, bucket = aws.as_tenant("alpha"), aws.bucket.name
    with aws.enforcing():
        ON_OBJECTS[what](s3, bucket, own)
        with pytest.raises(ClientError, match="AccessDenied"):
            ON_OBJECTS[what](s3, bucket, other)
    if what != "delete":
        assert aws.as_deployer().get_object(Bucket=bucket, Key=other)["Body"].read() == b"content"


@pytest.mark.parametrize("what", ON_BUCKET)
def test_a_tenants_role_learns_no_names(aws: ResultsInAws, what: str) -> None:
    """Not even of its own objects: nothing asks for them."""
    s3, other = aws.as_tenant("alpha"), aws.put("beta", "b")
    with aws.enforcing(), pytest.raises(ClientError, match="AccessDenied"):
        ON_BUCKET[what](s3, aws.bucket.name, other)


@pytest.mark.parametrize("value", [LARGE, os.urandom(9 * 1024 * 1024)], ids=["at once", "in parts"])
def test_a_result_goes_through_the_bucket(configured: ResultsInAws, running: Any, value: Any) -> None:
    """To a later task of the same tenant, with the tenant's role and no other right; its object can be removed."""
    with configured.enforcing(), running("alpha.daily"):
        row = stored(value, "alpha")
        assert row[MARK]["key"].startswith(f"{PLACE}/alpha/daily/") and read(row) == value
        store = settings().stores.of("alpha")
        store.remove(Found(row[MARK]["key"], datetime.now(UTC)))
        with pytest.raises(StoreError, match="no longer"):
            read(row)


def test_a_foreign_reference_ends_at_the_bucket_too(
    configured: ResultsInAws, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the check of the reference would fail, S3 still refuses: two defences, each by itself."""
    monkeypatch.setattr(reference, "require_own", lambda *_: None)
    with configured.enforcing():
        row = stored(LARGE, "beta")
        with running("beta.daily"):
            assert read(row) == LARGE
        with running("alpha.daily"), pytest.raises(StoreError, match="refuses: AccessDenied"):
            read(row)


def test_a_small_result_borrows_no_role(configured: ResultsInAws, running: Any) -> None:
    """Most are small: neither agent nor AWS is asked for them."""
    with running("alpha.daily"):
        assert stored([1, 2], "alpha") == [1, 2]
    assert "_client" not in vars(settings().stores.of("alpha"))


def keys_used(store: Any) -> list[str]:
    """Return the list to which the access key of each later request is added."""
    found: list[str] = []

    def note(request: Any, **_: Any) -> None:
        said = request.headers["Authorization"]
        text = said.decode() if isinstance(said, bytes) else said
        found.append(text.partition("Credential=")[2].partition("/")[0])

    store._client.meta.events.register("before-send.s3", note)
    return found


class Later:
    """The time of a worker, which goes with that of its agent."""

    def __init__(self, aws: ResultsInAws) -> None:
        self.seconds, self._clock = 0.0, aws.clocks[ZONE]

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self._clock.now += seconds


def test_a_role_is_borrowed_again_before_it_ends(aws: ResultsInAws) -> None:
    """In the middle of an upload too, part by part; until then nobody asks."""
    now = Later(aws)
    store = aws.stores(now=now).of("alpha")
    used = keys_used(store)
    upload = store.create(f"{PLACE}/alpha/daily/r/t/-1/k-{'1' * 32}")
    for seconds in (0, 300, 400):
        now.move(seconds)
        upload.write(os.urandom(8 * 1024 * 1024))
    upload.commit()
    # While one part's way borrows, another one still goes with what was lent before.
    assert len(set(used)) == 2 and used[0] != used[-1]
    assert all(key.startswith("ASIA") or key.startswith("LSIA") for key in used)


def test_tasks_share_what_was_lent_lately(aws: ResultsInAws) -> None:
    """AWS hears of a tenant once in five minutes, however many tasks begin."""
    asked = []
    for seconds in (1000, 290, 20):
        aws.clocks[ZONE].now += seconds
        asked.append(aws.lent("beta")["access_key"])
    assert asked[0] == asked[1] != asked[2]


@pytest.fixture
def throttling() -> Iterator[str]:
    """The address of an STS that wants to be asked less often."""
    body = b"<ErrorResponse><Error><Code>Throttling</Code><Message>no</Message></Error></ErrorResponse>"

    class Throttling(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Refuse."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Throttling)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine an attempt, and a task's patience, end by their time: that is told in other words."""
    for module, name in (
        (agents_aws, "CONNECT_SECONDS"),
        (agents_aws, "READ_SECONDS"),
        (agents_client, "ANSWER_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 200.0)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(
    "sts, said", [("away", "AWS does not answer"), ("throttling", "AWS answers Throttling")]
)
def test_without_sts_a_task_is_told_so(
    aws: ResultsInAws, short: Path, request: pytest.FixtureRequest, sts: str, said: str
) -> None:
    """In one sentence that says what to do; the collector's log is told as well."""
    endpoint = "http://127.0.0.1:1" if sts == "away" else request.getfixturevalue(sts)
    with results_in_aws.agent_of(short, ZONE, endpoint, hurried=False) as (socket, _):
        store = BucketStores(aws.bucket, AgentClient(socket, 2)).of("alpha")
        with pytest.raises(
            StoreError, match=f"results of 'alpha' cannot be read now: {said}.*: run the task"
        ):
            store.create(f"{PLACE}/alpha/daily/r/t/-1/k-{'2' * 32}")
        with pytest.raises(StoreError, match=f"results of all tenants cannot be read now: {said}"):
            list(BucketStores(aws.bucket, AgentClient(socket, 2)).all().folders(f"{PLACE}/"))


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="s3-") as made:
        yield Path(made)


def test_what_has_ended_already_is_not_used(aws: ResultsInAws) -> None:
    """A machine whose clock is wrong is told so."""
    ahead = aws.stores(now=lambda: datetime.now(UTC) + timedelta(hours=1)).of("alpha")
    with pytest.raises(StoreError, match="compare the clock of this machine"):
        ahead.create(f"{PLACE}/alpha/daily/r/t/-1/k-{'3' * 32}")


def test_what_was_lent_serves_to_its_end(aws: ResultsInAws, short: Path) -> None:
    """While nothing lends any more; then the task is told, and AWS is not asked with what has ended."""
    now, key = Later(aws), aws.put("alpha", "kept").removeprefix(aws.bucket.base)
    with results_in_aws.agent_of(short, ZONE, aws.endpoint) as (socket, _):
        store = BucketStores(aws.bucket, AgentClient(socket, 0.1), now).of("alpha")
        store.open(key).close()
    now.move(700)
    store.open(key).close()
    now.move(180)
    with pytest.raises(StoreError, match="agent of this worker does not answer"):
        store.open(key)


def test_no_credential_is_told(
    configured: ResultsInAws, running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the log at its most talkative, nor in what stands for a store in a traceback."""
    with caplog.at_level(logging.DEBUG), running("alpha.daily"):
        assert read(stored(LARGE, "alpha")) == LARGE
    stores = settings().stores
    told = caplog.text + repr([stores, stores.of("alpha"), settings()])
    assert "credentials" not in told and not any(key in told for key in configured.lent("alpha").values())


def test_the_collector_lists_and_removes_and_reads_nothing(aws: ResultsInAws) -> None:
    """As a role of its own; a parted upload that nobody goes on with goes too."""
    key = aws.put("beta", "old").removeprefix(aws.bucket.base)
    aws.stores().of("beta").create(f"{key[:-1]}1").write(os.urandom(9 * 1024 * 1024))
    store = aws.stores(names.COLLECTOR).all()
    assert store._client
    with aws.enforcing():
        assert f"{PLACE}/beta/" in list(store.folders(f"{PLACE}/"))
        with pytest.raises(StoreError, match="AccessDenied"):
            store.open(key)
        for found in list(store.find(f"{PLACE}/beta/")):
            store.remove(found)
        assert list(store.find(f"{PLACE}/beta/")) == []


def test_an_agent_that_lends_roles_only_knows_no_secrets(aws: ResultsInAws) -> None:
    """The collector's has no login to the store of connections."""
    agent = AgentClient(aws.sockets[names.COLLECTOR], 2)
    answer = agent.ask(Lookup("alpha", "connection", "db"))
    assert (answer.outcome, answer.reason) == (
        "refused",
        "this agent knows nothing of the connection 'alpha.db'",
    )


def test_a_bucket_without_an_agent_is_a_mistake_of_the_configuration(
    configured: ResultsInAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process goes on with keys that it happens to find."""
    monkeypatch.delenv("AIRFLOW__AERODROME__XCOM_AGENT_SOCKET")
    settings.cache_clear()
    with pytest.raises(AirflowConfigException, match="xcom_agent_socket"):
        settings()
