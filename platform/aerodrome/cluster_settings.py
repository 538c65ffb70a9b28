"""`cluster:` of environment.yaml: the Helm release in Kubernetes, and how AWS knows the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from aerodrome.modelling import Model

_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Helm takes 53 characters for the name of a release.
_RELEASE = re.compile(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?")
# What stands in an IAM policy as it is: no wildcard, no variable, no port.
_ISSUER = re.compile(r"https://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9_.-]+)*")
_TENANTS = "tenant-"


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
