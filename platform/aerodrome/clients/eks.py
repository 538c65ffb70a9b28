"""A cluster of AWS: where it is, and the login to it that AWS lends for minutes (boto3, no AWS CLI)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from aerodrome.clients.aws import client, told
from aerodrome.clients.aws_session import session
from aerodrome.clients.cluster_access import Access
from aerodrome.cluster_settings import ClusterSettings, EksSettings
from aerodrome.errors import UserError

_PREFIX = "k8s-aws-v1."
_HEADER = "x-k8s-aws-id"
_PRESIGNED_SECONDS = 60
# EKS takes a token for 15 minutes. Helm holds one for 10, and one for each request would have AWS asked each time.
_KEPT_SECONDS = 4 * 60

Clock = Callable[[], float]


class Token:
    """Gives a token for one cluster that is good for ten minutes at least. Safe to use from several threads."""

    def __init__(self, eks: EksSettings, clock: Clock = time.monotonic) -> None:
        """Prepare the login of who runs this program, or of the role of *eks*; nothing is asked yet."""
        self._sts = client("sts", eks.region, None, session(eks))
        self._sts.meta.events.register("before-sign.sts.GetCallerIdentity", _naming(eks.name))
        self._clock, self._turn = clock, threading.Lock()
        self._text, self._made = "", 0.0

    def __call__(self) -> str:
        """Return the token."""
        with self._turn:
            if not self._text or self._clock() - self._made >= _KEPT_SECONDS:
                self._text, self._made = self._new(), self._clock()
            return self._text

    def _new(self) -> str:
        with told():
            url = self._sts.generate_presigned_url(
                "get_caller_identity", ExpiresIn=_PRESIGNED_SECONDS, HttpMethod="GET"
            )
        return _PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def access(settings: ClusterSettings) -> Access:
    """Return how the cluster of *settings* is reached; UserError where AWS knows no such cluster that runs."""
    eks = settings.eks
    if eks is None:
        raise ValueError("the cluster is none of AWS")
    found = _described(eks)
    _require_running(found, eks)
    _require_issuer(found, settings)
    token = Token(eks)
    return Access(_config(found, token()), _place(eks), token, login(eks))


def login(eks: EksSettings) -> str:
    """Return the command that gives kubectl a context of the cluster, called by the cluster's ARN."""
    role = f" --role-arn {eks.role_arn}" if eks.role_arn else ""
    return f"aws eks update-kubeconfig --name {eks.name} --region {eks.region}{role}"


def _described(eks: EksSettings) -> Mapping[str, Any]:
    with told("ResourceNotFoundException"):
        asked = client("eks", eks.region, None, session(eks))
        return dict(asked.describe_cluster(name=eks.name)["cluster"])
    raise UserError(
        f"there is no {_place(eks)} of the AWS account {eks.account}",
        "cluster.eks of environment.yaml names it",
    )


def _require_running(found: Mapping[str, Any], eks: EksSettings) -> None:
    state = found.get("status", "")
    if not found.get("endpoint") or not (found.get("certificateAuthority") or {}).get("data"):
        raise UserError(
            f"{_place(eks)} is {state or 'not ready'}: it has no address", "try again when it is ACTIVE"
        )


def _require_issuer(found: Mapping[str, Any], settings: ClusterSettings) -> None:
    issuer = ((found.get("identity") or {}).get("oidc") or {}).get("issuer")
    if settings.eks and settings.oidc_issuer and issuer and issuer != settings.oidc_issuer:
        raise UserError(
            f"the OIDC issuer of {_place(settings.eks)} is {issuer}, and environment.yaml says "
            f"{settings.oidc_issuer}",
            "write that into cluster.oidc_issuer: roles in AWS would trust the pods of another cluster",
        )


def _config(found: Mapping[str, Any], token: str) -> dict[str, Any]:
    name = str(found["arn"])
    cluster = {
        "server": found["endpoint"],
        "certificate-authority-data": found["certificateAuthority"]["data"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def _naming(cluster: str) -> Callable[..., None]:
    def name(request: Any, **_: object) -> None:
        # A token for one cluster opens no other one.
        request.headers[_HEADER] = cluster

    return name


def _place(eks: EksSettings) -> str:
    return f"EKS cluster {eks.name} in {eks.region}"
