"""Resolve a tenant's pyproject.toml into its hashed lock."""

from __future__ import annotations

import tomllib
from pathlib import Path

from aerodrome.errors import UserError
from aerodrome.runtime.source import PYTHON_VERSION
from aerodrome.runtime.uv import UvError, find_uv, refusal, run_uv

LOCK = "requirements.lock"
TESTS_LOCK = "tests.lock"
_OPTIONS = (
    "--quiet", "--universal", "--python-version", PYTHON_VERSION, "--generate-hashes",
    "--no-header", "--no-emit-index-url", "--no-emit-find-links",
)  # fmt: skip


def lock_tenant(folder: Path, *, uv: Path | None = None, upgrade: bool = False) -> str:
    """Write requirements.lock of the tenant in *folder*, and tests.lock where it has a group `test`.

    Returns what to tell the person. Locked versions stay where they fit and no *upgrade* is asked for.
    """
    if not (folder / "pyproject.toml").is_file():
        raise UserError(
            f"tenants/{folder.name}/pyproject.toml: does not exist",
            "write [project] with name, version, dependencies",
        )
    program = uv or find_uv()
    more = ["--upgrade"] if upgrade else []
    written = [_compile(program, folder, ["pyproject.toml", *more], LOCK)]
    if _has_test_group(folder):
        written.append(_compile(program, folder, ["--group", "test", "-c", LOCK, *more], TESTS_LOCK))
    return "\n".join(written)


def _compile(uv: Path, folder: Path, arguments: list[str], name: str) -> str:
    try:
        run_uv(uv, ["pip", "compile", *_OPTIONS, *arguments, "-o", name], folder=folder)
    except UvError as failure:
        place = f"tenants/{folder.name}/pyproject.toml"
        raise refusal(
            failure,
            place,
            "its dependencies cannot be resolved",
            "change what [project] dependencies ask for",
        ) from None
    text = (folder / name).read_text(encoding="utf-8")
    if "://" in text:
        (folder / name).unlink()
        raise UserError(
            f"tenants/{folder.name}/pyproject.toml: a dependency names an address",
            "name it by version: 'package==1.2'",
        )
    packages = sum("==" in line and not line.startswith((" ", "#")) for line in text.splitlines())
    return f"tenants/{folder.name}/{name}: {packages} package{'' if packages == 1 else 's'}"


def _has_test_group(folder: Path) -> bool:
    try:
        return "test" in tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get(
            "dependency-groups", {}
        )
    except ValueError as problem:
        raise UserError(
            f"tenants/{folder.name}/pyproject.toml: not TOML: {problem}", "mend the file"
        ) from None
