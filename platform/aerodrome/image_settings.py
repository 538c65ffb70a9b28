"""`images:` of environment.yaml: what images are built from, by what, and where they are pushed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from aerodrome.modelling import Model

# What Docker takes for a registry and folders in it; no tag, no digest.
_REGISTRY = re.compile(r"[a-z0-9][a-z0-9.-]*(:\d{1,5})?(/[a-z0-9]+([._-][a-z0-9]+)*)*")
_IMAGE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(:\d{1,5}/[a-z0-9])?[a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)


class ImagesSettings(Model):
    """The images of a cluster: one of the platform, and one for each tenant with code of its own."""

    registry: str = Field(
        description="Registry that images are pushed to, with a folder where wanted: "
        "111122223333.dkr.ecr.eu-central-1.amazonaws.com/airflow. In ECR repositories are made, and the login is that "
        "of AWS; elsewhere it is what `docker login` or `buildah login` has kept."
    )
    base: str = Field(
        "docker.io/library/python:3.11-slim-bookworm",
        description="Image with Python 3.11 as python3.11 that the platform's begins with. With its digest "
        "(…@sha256:…) the same commit is built on the same base everywhere.",
    )
    builder: Literal["buildah", "docker"] = Field(
        "buildah", description="Program that builds and pushes: buildah, or docker with buildx."
    )
    index_url: str = Field(
        "",
        description="Package index, https, without credentials, for what a tenant builds from source while its image "
        "is built. Left out: as the base image is set up. All else comes from this machine, without a network.",
    )
    network: Literal["default", "host"] = Field(
        "default",
        description="Network of the builder from which that index is reached: its own, or this machine's.",
    )
    plain_http: bool = Field(False, description="True: the registry has no TLS. For trials.")

    @property
    def host(self) -> str:
        """Return the registry's host, with its port where it names one."""
        return self.registry.partition("/")[0]

    def repository(self, name: str) -> str:
        """Return the repository of the image *name*, without its host."""
        return f"{self.registry}/{name}".partition("/")[2]


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `images`, message, remedy."""


def mistakes(settings: ImagesSettings | None, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if settings is None:
        return
    if kind != "kubernetes":
        yield (), f"has no effect with kind: {kind}", "remove it"
    if not _REGISTRY.fullmatch(settings.registry):
        remedy = "host, port and folders in lower case, without https:// and without a tag"
        yield ("registry",), "is no registry", remedy
    elif not _is_host(settings.host):
        yield (
            ("registry",),
            f"'{settings.host}' is no host with a registry",
            "begin with it: host.example.org/airflow",
        )
    if not _IMAGE.fullmatch(settings.base):
        yield ("base",), "is no image", "registry/repository:tag@sha256:…"
    if settings.index_url and not _is_index(settings.index_url):
        remedy = "it would stand in the history of an image: let the index serve this network without a login"
        yield ("index_url",), "must be an https URL without credentials", remedy


def _is_host(text: str) -> bool:
    # Builders take any other first word for a folder of docker.io.
    return text == "localhost" or "." in text or ":" in text


def _is_index(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return found.scheme == "https" and bool(found.hostname) and "@" not in found.netloc
