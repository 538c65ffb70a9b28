"""`bundle:` of environment.yaml: the central DAG repository of a cluster, which a deploy pushes to and pods read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import Field

from aerodrome.modelling import Model

# What stands in a list of processes and in airflow.cfg: never a password.
_PASSWORD = re.compile(r"^[a-z+]+://[^/@\s]*:[^/@\s]*@")
_CONNECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class BundleSettings(Model):
    """Where rendered DAGs go: a git repository of its own, to which nobody else commits."""

    repository: str = Field(
        description="Its address as whoever deploys pushes to it, with the logins that their git has: "
        "git@git.example.org:data/airflow-bundle.git"
    )
    read_from: str = Field(
        "", description="Its address for pods, which only read. Left out: the same as `repository`."
    )
    connection: str = Field(
        "",
        description="Connection of type git with which pods read it; a secret that values.yaml names gives it to them "
        "as AIRFLOW_CONN_…. Left out: nothing is asked for.",
    )

    @property
    def for_pods(self) -> str:
        """Return the address that pods read from."""
        return self.read_from or self.repository


Mistake = tuple[tuple[str, ...], str, str]
"""Keys below `bundle`, message, remedy."""


def mistakes(settings: BundleSettings | None, kind: str) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if settings is None:
        return
    if kind != "kubernetes":
        yield (), f"has no effect with kind: {kind}", "remove it"
    for key in ("repository", "read_from"):
        if why := _why_no_address(getattr(settings, key)):
            yield (key,), *why
    if not settings.repository:
        yield ("repository",), "names no repository", "git@git.example.org:data/airflow-bundle.git"
    if settings.connection and not _CONNECTION.fullmatch(settings.connection):
        yield ("connection",), "is no name of a connection", "letters, digits, '_', '.' and '-'"


def _why_no_address(address: str) -> tuple[str, str] | None:
    if _PASSWORD.match(address):
        remedy = "leave the password out; git's credential helper, or a connection for pods, knows it"
        return "holds a password, which everybody who reads this file would know", remedy
    if address.startswith("-") or not address.isprintable() or " " in address:
        return "is no address of a git repository", "ssh, https or git, without spaces"
    return None
