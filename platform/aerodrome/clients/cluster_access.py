"""How a cluster is reached: one context of a kubeconfig, held in memory: no library needs a file of it on a disk."""

from __future__ import annotations

import os
import tempfile
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, cast

import yaml

from aerodrome.errors import UserError, did_you_mean

_USUAL = Path("~/.kube/config")
_PARTS = {"clusters": "cluster", "users": "user", "contexts": "context"}
_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
_REMEDY = "set KUBECONFIG to a file that `kubectl` works with"

Named = dict[str, Any]


@dataclass(frozen=True)
class Access:
    """A kubeconfig with one context; *place* is where it comes from, for messages.

    *fresh* gives a token that is good for minutes from now, where the one in *config* ends sooner than a deploy.
    *login* is the command that gives kubectl the context, where no file has it.
    """

    config: Mapping[str, Any] = field(repr=False)
    place: str
    fresh: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    login: str = ""

    @property
    def cluster(self) -> Named:
        """Return the cluster's entry: server, certificate-authority-data."""
        return dict(self.config["clusters"][0]["cluster"])

    @property
    def user(self) -> Named:
        """Return the user's entry: a token, a key with its certificate, or a program that gives one."""
        return dict(self.config["users"][0]["user"]) if self.config["users"] else {}

    @property
    def server(self) -> str:
        """Return the address of the API server."""
        return str(self.cluster.get("server", ""))

    @property
    def context(self) -> str:
        """Return the name of the context."""
        return str(self.config["current-context"])

    def renewed(self) -> Access:
        """Return the same access with a token that is good for minutes from now."""
        if self.fresh is None:
            return self
        users = [{**entry, "user": {"token": self.fresh()}} for entry in self.config["users"]]
        return replace(self, config={**self.config, "users": users})


class Held:
    """*content* as a file that no other user sees and that is gone with this object."""

    def __init__(self, content: bytes) -> None:
        self._file = _nameless()
        self._file.write(content)
        self._file.flush()

    @property
    def path(self) -> str:
        """Return a path that this process and those it starts can open."""
        if isinstance(self._file.name, str):
            return self._file.name
        return f"/proc/{os.getpid()}/fd/{self._file.fileno()}"


def _nameless() -> IO[bytes]:
    if not hasattr(os, "memfd_create"):
        return cast(IO[bytes], tempfile.NamedTemporaryFile(prefix="aerodrome-"))
    descriptor = os.memfd_create("aerodrome")
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "w+b")


def access(context: str | None = None, kubeconfig: str | None = None) -> Access:
    """Return how the cluster of *context* (else the current one) is reached; UserError where nothing says it.

    *kubeconfig*: files, separated as in the variable KUBECONFIG, which it stands for.
    """
    place = kubeconfig or os.environ.get("KUBECONFIG") or str(_USUAL)
    config = _merged(place)
    return select(config, context or str(config.get("current-context") or ""), place)


def select(config: Mapping[str, Any], context: str, place: str) -> Access:
    """Return the access by one *context* of *config*."""
    contexts = {entry["name"]: entry["context"] for entry in config.get("contexts") or ()}
    if not context:
        raise UserError(f"{place}: no current context", "`kubectl config use-context` sets one")
    if context not in contexts:
        raise UserError(f"{place}: no context '{context}'", did_you_mean(context, contexts))
    found = contexts[context]
    clusters = _of(config, "clusters", found.get("cluster"))
    if not clusters or not clusters[0]["cluster"].get("server"):
        raise UserError(f"{place}: context {context}: its cluster has no address", _REMEDY)
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": clusters,
        "users": _of(config, "users", found.get("user")),
        "contexts": [{"name": context, "context": found}],
        "current-context": context,
    }
    return Access(made, place)


def _of(config: Mapping[str, Any], part: str, name: str | None) -> list[Named]:
    return [entry for entry in config.get(part) or () if entry["name"] == name]


def _merged(place: str) -> Named:
    """Return the files of *place* as one: whichever comes first counts, as kubectl has it."""
    paths = [Path(part).expanduser() for part in place.split(os.pathsep) if part]
    found = [_read(path) for path in paths if path.is_file()]
    if not found:
        raise UserError(f"{place}: no such file, so no cluster is known", _REMEDY)
    merged: Named = {part: [] for part in _PARTS}
    for config in found:
        for part in _PARTS:
            known = {entry["name"] for entry in merged[part]}
            merged[part] += [entry for entry in config.get(part) or () if entry["name"] not in known]
        # `kubectl` writes an empty one where it knows none.
        merged["current-context"] = merged.get("current-context") or config.get("current-context")
    return merged


def _read(path: Path) -> Named:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = [(entry, inner) for part, inner in _PARTS.items() for entry in config.get(part) or ()]
        for entry, inner in entries:
            entry["name"] = str(entry["name"])
            entry[inner] = _absolute(entry.get(inner) or {}, path.resolve().parent)
        return dict(config)
    except OSError as problem:
        raise UserError(f"{path}: {problem.strerror}", _REMEDY) from None
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError, KeyError, ValueError):
        raise UserError(f"{path}: is no kubeconfig", _REMEDY) from None


def _absolute(entry: Named, folder: Path) -> Named:
    """Return *entry* without paths that hold only beside the file it stands in."""
    return {
        key: str(folder / value) if key in _FILES and isinstance(value, str) else value
        for key, value in entry.items()
    }


def without_data(entry: Named, place: str) -> tuple[Named, list[Held]]:
    """Return *entry* with paths in place of the certificates and keys in it, and what holds those files."""
    changed, held = dict(entry), []
    for key in _FILES[:3]:
        if data := changed.pop(f"{key}-data", None):
            held.append(_decoded(data, key, place))
            changed[key] = held[-1].path
    return changed, held


def _decoded(data: str, key: str, place: str) -> Held:
    try:
        return Held(b64decode(data, validate=True))
    except (NotBase64, ValueError, TypeError):
        raise UserError(f"{place}: {key}-data is no base64", _REMEDY) from None
