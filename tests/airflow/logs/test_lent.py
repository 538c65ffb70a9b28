"""What sends logs is lent the zone's role for minutes, and reaches the zone's own folder with it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bucket_of_logs
import pytest
from aerodrome_airflow.logs import place
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import LOGS, RESULTS, VARIABLE, Answer, Lookup
from botocore.exceptions import ClientError
from bucket_of_logs import BUCKET, PREFIX, REGION, LogBucket

OWN, OTHER = f"{PREFIX}/lab/onprem/x.log.h", f"{PREFIX}/lab/pii/x.log.h"
CALLS: dict[str, Callable[[Any, str], Any]] = {
    "read": lambda s3, key: s3.get_object(Bucket=BUCKET, Key=key),
    "delete": lambda s3, key: s3.delete_object(Bucket=BUCKET, Key=key),
    "list": lambda s3, key: s3.list_objects_v2(Bucket=BUCKET, Prefix=key.rpartition("/")[0]),
}


def ask(socket: Path, lookup: Lookup) -> Answer:
    """Return what the agent says."""
    return AgentClient(socket, 2).ask(lookup)


def lent(lending: Any, zone: str) -> dict[str, str]:
    """Return what the sender of logs of *zone* is lent."""
    answer = ask(lending.sockets[zone], Lookup("platform", LOGS, "credentials", shared=True))
    assert answer.value is not None, answer.reason
    return {name: str(text) for name, text in answer.value.items()}


def as_sender(bucket: LogBucket, lending: Any) -> Any:
    """Return a client with what the sender of zone onprem is lent, and nothing of ours around it."""
    return bucket_of_logs.client(bucket.endpoint, lent(lending, "onprem"))


def test_what_is_lent_writes_below_the_zones_own_folder(log_bucket: LogBucket, lending: Any) -> None:
    """Although the role itself could write everywhere in the environment."""
    s3 = as_sender(log_bucket, lending)
    s3.put_object(Bucket=BUCKET, Key=OWN, Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key=OTHER, Body=b"x")
    assert "pii/x.log.h" not in log_bucket.objects()


@pytest.mark.parametrize("what", CALLS)
def test_what_is_lent_neither_reads_nor_lists_nor_deletes(
    log_bucket: LogBucket, lending: Any, what: str
) -> None:
    """Not even what the zone wrote itself."""
    s3 = as_sender(log_bucket, lending)
    s3.put_object(Bucket=BUCKET, Key=OWN, Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        CALLS[what](s3, OWN)
    assert log_bucket.objects()["onprem/x.log.h"] == b"x"


def test_the_login_itself_reaches_nothing(log_bucket: LogBucket) -> None:
    """It may assume its zone's role, and no other zone's."""
    login = log_bucket.logins["onprem"]
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket_of_logs.client(log_bucket.endpoint, login).put_object(Bucket=BUCKET, Key=OWN, Body=b"x")
    sts = bucket_of_logs.client(log_bucket.endpoint, login, "sts")
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=bucket_of_logs.ROLE.format(zone="pii"), RoleSessionName="onprem")


def test_what_is_lent_ends_within_a_quarter_of_an_hour(lending: Any) -> None:
    """As AWS grants nothing shorter."""
    from datetime import UTC, datetime

    ends = datetime.fromisoformat(lent(lending, "onprem")["expiry_time"])
    assert 0 < (ends - datetime.now(UTC)).total_seconds() <= 900


@pytest.mark.parametrize(
    "lookup",
    [
        Lookup("routes", LOGS, "credentials"),
        Lookup("platform", VARIABLE, "logs"),
        Lookup("routes", RESULTS, "logs"),
    ],
    ids=["in a tenant's name", "as a variable", "as results"],
)
def test_nobody_is_lent_it_in_the_name_of_a_tenant(lending: Any, lookup: Lookup) -> None:
    """Nor by another word: what sends logs is no tenant's."""
    assert ask(lending.sockets["onprem"], lookup).outcome == "refused"


def test_a_message_of_the_store_holds_no_credential(log_bucket: LogBucket, lending: Any) -> None:
    """The libraries' own texts may hold what was signed."""
    said = lending.store(log_bucket, "onprem")
    wrong = place.opened({**said, "base": f"{PREFIX}/lab/pii/", "region": REGION})
    with pytest.raises(place.RefusedError) as refused, Path(__file__).open("rb") as content:
        wrong.put("x.log.h", content)
    assert str(refused.value) == "the bucket of logs refuses: AccessDenied"
