"""The credentials that a task is lent for its own results list the bucket, whose keys name DAGs, runs and tasks."""

from typing import Any

from suite.attack import HELD
from suite.place import VICTIM, Place
from suite.results_bucket import asked, one_role_for_all

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "in S3 the role of a tenant may not list, and the collector's, which may, is lent to no worker"
MUST = HELD
NEEDS = ("moto",)
undefended = one_role_for_all


def attack(place: Place) -> str:
    """Return the names that are found."""
    return asked(place, VICTIM, _list)


def _list(s3: Any, bucket: str, key: str) -> str:
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key.rpartition("/")[0]).get("Contents", ())
    return ", ".join(one["Key"] for one in found)
