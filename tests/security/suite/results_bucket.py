"""Large results of both tenants in S3, asked for with what a task of the attacker is lent, past our own code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aerodrome import names
from botocore.exceptions import ClientError
from results_in_aws import PLACE, ResultsInAws, deploying
from suite.place import ATTACKER, MARK, Place

Ask = Callable[[Any, str, str], str]
"""Client of S3, bucket, key → what was got."""


def bucket(place: Place) -> ResultsInAws:
    """Return the bucket with the roles of both tenants."""
    found: ResultsInAws = place.find("results_in_aws_place")
    return found


@contextmanager
def one_role_for_all(place: Place) -> Iterator[Place]:
    """Every task is lent a role that reaches the whole bucket, as a role of the machine would."""
    found = bucket(place)
    resources = [f"arn:aws:s3:::{found.bucket.name}", f"arn:aws:s3:::{found.bucket.name}/*"]
    wide = {"Effect": "Allow", "Action": "s3:*", "Resource": resources}
    found.as_deployer("iam").put_role_policy(
        RoleName=names.results_role(PLACE, ATTACKER),
        PolicyName="aerodrome",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wide]}),
    )
    try:
        yield place
    finally:
        with deploying():
            found.target.apply((), lambda _: None)


def asked(place: Place, owner: str, ask: Ask) -> str:
    """Return what *ask* gets of an object of *owner*, with the role of a task of the attacker."""
    found = bucket(place)
    key = found.put(owner, "result", MARK.encode())
    s3 = found.as_tenant(ATTACKER)
    with found.enforcing():
        try:
            return ask(s3, found.bucket.name, key)
        except ClientError as problem:
            assert problem.response["Error"]["Code"] == "AccessDenied"
            return ""
