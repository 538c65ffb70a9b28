"""As whom AWS is asked: who runs this program, or a role of the environment's account that they assume (boto3)."""

from __future__ import annotations

import getpass
import re
from typing import Any

from aerodrome.clients.aws import client, told
from aerodrome.cluster_settings import EksSettings
from aerodrome.errors import UserError

# What AWS takes for the name of a session: it stands beside each call in CloudTrail.
_UNFIT = re.compile(r"[^\w+=,.@-]", re.ASCII)
_LONGEST = 64
_METHOD = "aerodrome-role"
_EXAMPLES = frozenset({"111122223333", "444455556666"})
"""Accounts of AWS's own documentation, which nobody has: the repository's examples are in them."""


def session(eks: EksSettings | None) -> Any:
    """Return a session that acts as the role of *eks*; None where whoever runs this acts as who they are.

    The role is assumed when something is asked, and again before its hour is over.
    """
    if eks is None or eks.role_arn is None:
        return None
    import boto3
    import botocore.session

    made = botocore.session.Session()
    # Before all others: the variables and files of whoever runs this are for assuming the role alone.
    made.get_component("credential_provider").insert_before("env", _provider(eks.role_arn, eks.region))
    return boto3.session.Session(botocore_session=made, region_name=eks.region)


def require_account(eks: EksSettings, environment: str) -> None:
    """Raise UserError where AWS is not asked with the account of *environment*; ask before anything is changed."""
    if eks.account in _EXAMPLES:
        raise UserError(
            f"environments/{environment}/environment.yaml: cluster.eks.account is {eks.account}, which is an example: "
            "nobody has that account",
            "write the number of yours, and your own names for the rest: docs/how-to/deploy-to-eks.md says which",
        )
    with told():
        found = client("sts", eks.region, None, session(eks)).get_caller_identity()["Account"]
    if found != eks.account:
        raise UserError(
            f"wrong account for the environment: ENV={environment} is in the AWS account {eks.account}, "
            f"and you are logged in to {found}",
            f"set AWS_PROFILE to a login to {eks.account}, or ENV to an environment of {found}; nothing was changed",
        )


def session_name() -> str:
    """Return how CloudTrail tells who is behind the role."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "nobody"
    return f"aerodrome-{_UNFIT.sub('-', user)}"[:_LONGEST]


def _provider(role: str, region: str) -> Any:
    from botocore.credentials import CredentialProvider, DeferredRefreshableCredentials

    class Assumed(CredentialProvider):  # type: ignore[misc]
        METHOD = CANONICAL_NAME = _METHOD

        def load(self) -> Any:
            return DeferredRefreshableCredentials(lambda: _assumed(role, region), _METHOD)

    return Assumed()


def _assumed(role: str, region: str) -> dict[str, str]:
    with told("AccessDenied"):
        found = client("sts", region, None).assume_role(RoleArn=role, RoleSessionName=session_name())
        lent = found["Credentials"]
        return {
            "access_key": lent["AccessKeyId"],
            "secret_key": lent["SecretAccessKey"],
            "token": lent["SessionToken"],
            "expiry_time": lent["Expiration"].isoformat(),
        }
    raise UserError(
        f"AWS does not let you assume {role}",
        "its trust policy must name you, and yours must allow sts:AssumeRole of it; "
        "`aws sts get-caller-identity` says who you are",
    )
