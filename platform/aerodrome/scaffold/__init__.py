"""A new tenant that passes its check and its tests at once."""

from __future__ import annotations

import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aerodrome.errors import UserError
from aerodrome.files import write_atomically
from aerodrome.names import why_no_tenant
from aerodrome.scaffold.codeowners import with_tenant

_TEMPLATE = Path(__file__).parent / "template"
_SUFFIX = ".template"
_EMAIL = re.compile(r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$")
_UNSAFE = frozenset("\"'\\{}[],#:&*!|>%@`\n\r\t")


def scaffold_tenant(root: Path, name: str, *, owner: str = "", email: str = "") -> str:
    """Write tenants/<name> and its line in CODEOWNERS, and return what to do next.

    UserError where the name cannot be a tenant's or is taken; nothing is written then.
    """
    _refuse(root, name)
    address = email or f"{name}@example.org"
    words = {"@NAME@": name, "@OWNER@": _plain(owner or f"Team {name}"), "@EMAIL@": _address(address)}
    _write_folder(root / "tenants" / name, words)
    owners = root / "CODEOWNERS"
    write_atomically(owners, with_tenant(owners.read_text() if owners.is_file() else "", name, address))
    return _next_steps(name)


def _refuse(root: Path, name: str) -> None:
    if reason := why_no_tenant(name):
        raise UserError(f"'{name}' cannot name a tenant", reason)
    if keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise UserError(
            f"'{name}' is a word or a module of Python, so no package can have that name", "choose another"
        )
    if (root / "tenants" / name).exists():
        raise UserError(f"tenants/{name} exists", "choose another name, or edit what is there")


def _plain(owner: str) -> str:
    if _UNSAFE & set(owner) or not owner.isprintable() or len(owner) > 100:
        raise UserError(
            f"the owner {owner!r} has characters that a plain YAML text cannot have",
            "letters and spaces will do",
        )
    return owner


def _address(email: str) -> str:
    if not _EMAIL.fullmatch(email):
        raise UserError(f"{email!r} is no mail address", "write it as name@example.org")
    return email


def _write_folder(target: Path, words: dict[str, str]) -> None:
    target.parent.mkdir(exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        for path, text in _files(words):
            (building / path).parent.mkdir(parents=True, exist_ok=True)
            (building / path).write_text(text, encoding="utf-8")
        building.chmod(0o755)
        building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _files(words: dict[str, str]) -> Iterator[tuple[Path, str]]:
    for source in sorted(_TEMPLATE.rglob(f"*{_SUFFIX}")):
        parts = source.relative_to(_TEMPLATE).with_suffix("").parts
        path = Path(*(words["@NAME@"] if part == "package" else part for part in parts))
        yield path, _filled(source.read_text(encoding="utf-8"), words)


def _filled(text: str, words: dict[str, str]) -> str:
    for place, word in words.items():
        text = text.replace(place, word)
    return text


def _next_steps(name: str) -> str:
    rows = [
        (f"tenants/{name}/tenant.yaml", "who owns it and what it may use: put your names in"),
        (f"tenants/{name}/dags/hello.yaml", "a first DAG"),
        (f"tenants/{name}/src/{name}/", "the functions that it calls"),
        (f"make test TENANT={name}", "check it and run its tests"),
        ("make deploy", "run the platform with it"),
        (f"make run DAG={name}.hello", "run the DAG once, without a scheduler"),
    ]
    width = max(len(left) for left, _ in rows)
    lines = [f"  {left:<{width}}  {right}" for left, right in rows]
    return "\n".join([f"tenants/{name} is ready.", "", *lines[:3], "", "Next:", *lines[3:]])
