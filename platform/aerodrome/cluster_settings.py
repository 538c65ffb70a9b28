"""`cluster:` of environment.yaml: the Helm release in Kubernetes, and how AWS knows the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from aerodrome.aws_settings import REGION, ROLE
from aerodrome.modelling import Model

_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Helm takes 53 characters for the name of a release.
_RELEASE = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")
# What stands in an IAM policy as it is: no wildcard, no variable, no port.
_ISSUER = re.compile(r"https://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9_.-]+)*")
_TENANTS = "tenant-"
_EKS = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
_ACCOUNT = re.compile(r"\d{12}")
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


class EksSettings(Model):
    """A cluster of AWS: its address is asked for, and the login to it is that of whoever deploys."""

    name: str = Field(description="Name of the cluster in EKS.")
    region: str = Field(description="AWS region that it is in, such as eu-central-1.")
    account: str = Field(
        description="Number of the AWS account that it is in, in quotes. Who deploys with another account is refused."
    )
    role_arn: str | None = Field(
        None,
        description="ARN of a role that is assumed before anything but the registry of images is asked of AWS. "
        "Left out: whoever deploys acts as who they are.",
    )

    @property
    def partition(self) -> str:
        """Return the part of AWS that the region is in, nearly always `aws`."""
        found = (part for start, part in _PARTITIONS.items() if self.region.startswith(f"{start}-"))
        return next(found, "aws")


class ClusterSettings(Model):
    """The Helm release in a cluster: by its names the secrets store and AWS know the service accounts of its pods."""

    namespace: str = Field(
        "airflow",
        description="Namespace of the Helm release. Workers log in to the secrets store as service accounts of it, "
        "and accounts of no other namespace may.",
    )
    release: str = Field(
        "airflow", description="Name of the Helm release, with which the names of those accounts begin."
    )
    helm: Literal[3, 4] = Field(
        3, description="Major version of Helm that installs and upgrades the release."
    )
    context: str | None = Field(
        None,
        description="Context of KUBECONFIG by which the cluster is reached. Left out: the current one, or `eks`.",
    )
    eks: EksSettings | None = Field(
        None, description="The cluster is one of AWS: it is reached without a KUBECONFIG."
    )
    oidc_issuer: str | None = Field(
        None,
        description="Address of the cluster's OIDC issuer, which IAM knows as an identity provider. "
        "Needed where connections or large results are in AWS.",
    )

    @property
    def oidc_provider(self) -> str | None:
        """Return how IAM names the issuer in ARNs and conditions."""
        return self.oidc_issuer.removeprefix("https://") if self.oidc_issuer else None


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `cluster`, message, remedy."""


def mistakes(settings: ClusterSettings, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if kind != "kubernetes":
        if settings != ClusterSettings():
            yield (), f"has no effect with kind: {kind}", "remove it"
        return
    if not _NAMESPACE.fullmatch(settings.namespace):
        remedy = "lower-case letters, digits and '-', 63 characters at most"
        yield ("namespace",), "is no name of a namespace", remedy
    elif settings.namespace.startswith(_TENANTS):
        remedy = "namespaces of tenants begin so, and their accounts may not do what workers may"
        yield ("namespace",), f"must not begin with '{_TENANTS}'", remedy
    if not _RELEASE.fullmatch(settings.release):
        remedy = "lower-case letters, digits and '-', 53 characters at most"
        yield ("release",), "is no name of a Helm release", remedy
    if settings.oidc_issuer is not None and not _ISSUER.fullmatch(settings.oidc_issuer):
        remedy = "as `aws eks describe-cluster` tells it: https://oidc.eks.eu-central-1.amazonaws.com/id/…"
        yield ("oidc_issuer",), "must be an https URL without port, query and slash at its end", remedy
    yield from _bad_ways(settings)


def _bad_ways(settings: ClusterSettings) -> Iterator[Mistake]:
    if settings.context == "":
        yield ("context",), "names no context", "`kubectl config get-contexts` lists them"
    if settings.eks is None:
        return
    if settings.context is not None:
        yield ("context",), "`eks` says already how the cluster is reached", "remove one of the two"
    yield from ((("eks", key), message, remedy) for key, message, remedy in _bad_eks(settings.eks))


def _bad_eks(eks: EksSettings) -> Iterator[tuple[str, str, str]]:
    if not _EKS.fullmatch(eks.name):
        yield "name", "is no name of a cluster in EKS", "letters, digits, '-' and '_', 100 characters at most"
    if not REGION.fullmatch(eks.region):
        yield "region", "is no AWS region", "such as eu-central-1"
    if not _ACCOUNT.fullmatch(eks.account):
        yield "account", "is no number of an AWS account", 'twelve digits in quotes: "111122223333"'
        return
    if eks.role_arn is not None:
        yield from _bad_role(eks.role_arn, eks.account)


def _bad_role(arn: str, account: str) -> Iterator[tuple[str, str, str]]:
    role = ROLE.fullmatch(arn)
    if role is None:
        yield "role_arn", "must be the ARN of a role", f"as arn:aws:iam::{account}:role/deployer"
    elif role["account"] != account:
        said = f"is a role of the account {role['account']}, and the cluster is in {account}"
        yield "role_arn", said, "name a role of the cluster's own account"
