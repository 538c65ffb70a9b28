"""Tenants' virtual environments on a host of their own workers: JSON on standard input, JSON as the answer.

python -m aerodrome.runtime.on_host look    which environments are missing
python -m aerodrome.runtime.on_host build   build them from `incoming`, clear away what nobody needs
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aerodrome.errors import AerodromeError
from aerodrome.runtime.build import build_all, is_whole
from aerodrome.runtime.packing import PROBLEM, WHEELS
from aerodrome.runtime.prune import prune_all
from aerodrome.runtime.sealing import Owner
from aerodrome.runtime.source import RuntimeSource, read_source
from aerodrome.runtime.uv import Tools
from aerodrome.runtime.workshop import Workshop


@dataclass(frozen=True)
class Wanted:
    """A tenant, its user, and the digest of its environment; an empty text where it has no code."""

    name: str
    user: str
    digest: str


@dataclass(frozen=True)
class Order:
    """Environments belong below *into*; what they are made of lies in *incoming*/<tenant>."""

    into: Path
    incoming: Path
    tools: Tools
    fetcher: str
    index_url: str
    tenants: tuple[Wanted, ...]


def read_order(text: str) -> Order:
    """Return the order that *text*, JSON, says."""
    raw = json.loads(text)
    tenants = tuple(Wanted(each["name"], each["user"], each["digest"]) for each in raw["tenants"])
    tools = Tools(Path(raw["python"]), Path(raw["uv"]))
    into, incoming = Path(raw["into"]), Path(raw["incoming"])
    return Order(into, incoming, tools, raw["fetcher"], raw["index_url"], tenants)


def look(order: Order) -> dict[str, Any]:
    """Return `missing`: the tenants whose environment is not whole."""
    missing = [each.name for each in order.tenants if each.digest and not is_whole(_place(order, each))]
    return {"missing": missing}


def build(order: Order) -> dict[str, Any]:
    """Return `built` and `removed`, and `failed`: tenant → what is wrong and how to mend it, on one line.

    A tenant that fails harms itself alone, and keeps the environments that it has.
    """
    wanted = {each.name: each for each in order.tenants if each.name in look(order)["missing"]}
    sources, failed = _sources(order, wanted)
    os.environ.update(_index(order))
    runtimes, errors = build_all(sources, _workshop(order))
    shutil.rmtree(order.incoming, ignore_errors=True)
    failed |= {name: _one_line(error) for name, error in errors.items()}
    removed = prune_all(order.into, _needed(order), [each.name for each in order.tenants])
    return {
        "built": {name: made.digest for name, made in sorted(runtimes.items())},
        "failed": dict(sorted(failed.items())),
        "removed": {name: list(found) for name, found in removed.items() if found},
    }


def _sources(order: Order, wanted: Mapping[str, Wanted]) -> tuple[list[RuntimeSource], dict[str, str]]:
    found = {name: read_source(order.incoming / name) for name in wanted}
    good = [source for name, source in found.items() if source and source.digest == wanted[name].digest]
    odd = found.keys() - {source.tenant for source in good}
    return good, {name: _why_nothing_came(order.incoming / name) for name in odd}


def _why_nothing_came(folder: Path) -> str:
    problem = folder / PROBLEM
    if problem.is_file():
        return _joined(problem.read_text(encoding="utf-8"))
    return f"tenants/{folder.name}: what came is not what was sent, or Python is another one here: run this again"


def _index(order: Order) -> dict[str, str]:
    # An index within a company has a certificate that the host knows, and uv by itself does not.
    own = {"UV_SYSTEM_CERTS": "1"}
    return {**own, "UV_DEFAULT_INDEX": order.index_url} if order.index_url else own


def _workshop(order: Order) -> Workshop:
    owners = {each.name: _owner(each.user) for each in order.tenants}
    wheels = order.incoming / WHEELS
    shop = Workshop(order.into, order.tools, owners, fetcher=_owner(order.fetcher))
    return replace(shop, wheels=wheels) if wheels.is_dir() else shop


def _owner(user: str) -> Owner:
    entry = pwd.getpwnam(user)
    return Owner(entry.pw_uid, entry.pw_gid)


def _needed(order: Order) -> frozenset[str]:
    """Return the digests of what the host should have, and of what a job runs in now."""
    return frozenset({*(each.digest for each in order.tenants if each.digest), *_in_use(order.into)})


def _in_use(into: Path) -> Iterator[str]:
    # A job has its environment's programs at the beginning of its PATH.
    program = re.compile(rb"%s/[a-z0-9]+/([0-9a-f]{16})/bin" % re.escape(os.fsencode(into)))
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                yield from (each.decode() for each in program.findall((process / name).read_bytes()))
            except OSError:
                # It ended meanwhile.
                continue


def _place(order: Order, wanted: Wanted) -> Path:
    return order.into / wanted.name / wanted.digest


def _one_line(error: AerodromeError) -> str:
    return _joined(str(error))


def _joined(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 where it could not be done at all; tenants that fail are in the answer."""
    work = {"look": look, "build": build}.get(arguments[0] if arguments else "")
    if work is None:
        sys.stderr.write("usage: python -m aerodrome.runtime.on_host look|build < order.json\n")
        return 2
    # Whatever runs while it builds says nothing in between.
    answer = work(read_order(sys.stdin.read()))
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
