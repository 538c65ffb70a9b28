"""The credentials that a task is lent for its own results delete another tenant's result in S3."""

from typing import Any

from suite.attack import HELD
from suite.place import ATTACKER, VICTIM, Place
from suite.results_bucket import asked, one_role_for_all

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "in S3 each tenant's results are reached as an IAM role of its own, whose rights end at its prefix"
MUST = HELD
NEEDS = ("moto",)
undefended = one_role_for_all


def harmless(place: Place) -> str:
    """Return what comes of the same on an own object."""
    return asked(place, ATTACKER, _delete)


def attack(place: Place) -> str:
    """Return what comes of it on the other tenant's object."""
    return asked(place, VICTIM, _delete)


def _delete(s3: Any, bucket: str, key: str) -> str:
    return str(s3.delete_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"])
