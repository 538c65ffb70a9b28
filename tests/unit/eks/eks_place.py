"""AWS's double as a place: two accounts with a cluster each, and what a cluster makes of a token."""

from __future__ import annotations

import urllib.request
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from aerodrome.cluster_settings import ClusterSettings
from moto.core import DEFAULT_ACCOUNT_ID

REGION, NAME = "eu-central-1", "airflow-prod"
OTHER_ACCOUNT = "222233334444"
OTHER_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/deployer"
KEY, SECRET = "AKIAOFWHODEPLOYS", "the-deployers-secret"


def as_role(role: str) -> Any:
    """Return a client of EKS that acts as *role*."""
    lent = boto3.client("sts", REGION).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "eks",
        REGION,
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )


def cluster(account: str = DEFAULT_ACCOUNT_ID, role: str | None = None, **more: Any) -> ClusterSettings:
    """Return what an environment says of its cluster in *account*."""
    eks = {"name": NAME, "region": REGION, "account": account, "role_arn": role} | more.pop("eks", {})
    return ClusterSettings.model_validate({"eks": eks, **more})


def url_of(token: str) -> str:
    """Return the request to AWS that a token is."""
    text = token.removeprefix("k8s-aws-v1.")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def whose(token: str) -> str:
    """Return what AWS answers to who shows *token* on the cluster's behalf, as the cluster does."""
    url = url_of(token)
    (credential,) = parse_qs(urlsplit(url).query)["X-Amz-Credential"]
    # The double looks for who asks in a header alone.
    signed = {"x-k8s-aws-id": NAME, "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, Signature=0"}
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return str(direct.open(urllib.request.Request(url, headers=signed)).read().decode())
