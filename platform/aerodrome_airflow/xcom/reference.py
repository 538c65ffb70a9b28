"""What stands in the database for a result that lies elsewhere, and who may follow it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from aerodrome_airflow.xcom import place
from aerodrome_airflow.xcom.errors import RefusedError

MARK: Final = "__aerodrome_xcom__"
"""The one key of the mapping that holds a reference."""
Kind = Literal["json", "bytes", "arrow", "pandas", "stream"]
KINDS: frozenset[str] = frozenset(get_args(Kind))
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORM = re.compile(r"[a-z0-9.+-]{0,40}")
_SEAL = re.compile(r"([0-9a-f]{16})?")


@dataclass(frozen=True)
class Reference:
    """An object: *size* bytes of content, kept as *stored* bytes with this *sha256*.

    *seal* tells which key of the tenant encrypts it, "" for none; *form* is what a stream holds, as its
    producer says.
    """

    kind: Kind
    key: str
    size: int
    stored: int
    sha256: str
    seal: str = ""
    form: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the database keeps."""
        return {MARK: asdict(self)}


@dataclass(frozen=True)
class Inline:
    """Content that is not JSON and small enough for the database."""

    kind: Kind
    content: bytes
    form: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the database keeps."""
        text = base64.b64encode(self.content).decode("ascii")
        return {MARK: {"kind": self.kind, "inline": text, "form": self.form}}


def is_marked(value: object) -> bool:
    """Return whether *value* is, or pretends to be, a reference."""
    return isinstance(value, dict) and MARK in value


def parse(value: Mapping[str, Any]) -> Reference | Inline:
    """Return what a marked value says; RefusedError where it says nothing that we write."""
    said = value[MARK]
    if len(value) != 1 or not isinstance(said, dict) or said.get("kind") not in KINDS:
        raise _malformed()
    return _inline(said) if "inline" in said else _reference(said)


def _inline(said: dict[str, Any]) -> Inline:
    known = set(said) == {"kind", "inline", "form"} and _texts(said)
    if not known or said["kind"] == "json" or not _FORM.fullmatch(said["form"]):
        raise _malformed()
    try:
        return Inline(said["kind"], base64.b64decode(said["inline"], validate=True), said["form"])
    except (binascii.Error, ValueError):
        raise _malformed() from None


def _reference(said: dict[str, Any]) -> Reference:
    numbers = {name: said.get(name) for name in ("size", "stored")}
    texts: dict[str, Any] = {name: text for name, text in said.items() if name not in numbers}
    if not all(type(number) is int and number >= 0 for number in numbers.values()) or not _texts(texts):
        raise _malformed()
    try:
        found = Reference(size=said["size"], stored=said["stored"], **texts)
    except TypeError:
        raise _malformed() from None
    forms = ((_SHA256, found.sha256), (_SEAL, found.seal), (_FORM, found.form))
    if not all(form.fullmatch(text) for form, text in forms) or not place.is_key(found.key):
        raise _malformed()
    return found


def require_own(reference: Reference, environment: str, tenant: str) -> None:
    """Raise RefusedError unless *reference* leads below the prefix of *tenant*."""
    if not reference.key.startswith(place.tenant_prefix(environment, tenant)):
        raise RefusedError(f"a task of '{tenant}' may not read a result that is not its tenant's")


def _texts(said: dict[str, Any]) -> bool:
    return all(isinstance(text, str) for text in said.values())


def _malformed() -> RefusedError:
    # What it says is somebody's, perhaps somebody else's: it is not repeated.
    return RefusedError("the result is marked as one of the store, but nobody wrote such a reference")
