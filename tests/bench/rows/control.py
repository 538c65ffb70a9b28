"""Load, policy and render of the whole corpus: cold, and after one manifest changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import manifests
from figures import Figure
from processes import Run, clean_environment, run
from workshop import PYTHON, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "build.py"


def cold(shop: Workshop) -> Iterator[Figure]:
    """Yield time and memory of a process that has seen nothing before."""
    taken = []
    for turn in range(shop.runs):
        shop.say(f"cold run {turn + 1} of {shop.runs}")
        taken.append(_build(shop, shop.repository, None))
    cpu = {"cpu_seconds": [run.cpu_seconds for run in taken], "corpus": manifests.shape(shop.flows)}
    count = len(shop.flows)
    yield Figure(
        "load",
        f"load + policy + render of {count}, cold process",
        "s",
        tuple(r.seconds for r in taken),
        5,
        details=cpu,
    )
    yield Figure("load_memory", "the same, memory", "MB", tuple(r.megabytes for r in taken), 300)


def changed(shop: Workshop) -> Iterator[Figure]:
    """Yield the time of a process that finds one manifest changed since the last one."""
    cache = shop.folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    repository = shop.folder / "changing"
    shutil.rmtree(repository, ignore_errors=True)
    shutil.copytree(shop.repository, repository)
    _build(shop, repository, cache)
    taken = []
    for turn in range(shop.runs):
        shop.say(f"changed manifest {turn + 1} of {shop.runs}")
        _change(shop, repository, turn)
        taken.append(_build(shop, repository, cache))
    cpu = {"cpu_seconds": [run.cpu_seconds for run in taken]}
    yield Figure(
        "load_changed",
        "the same after one manifest changed",
        "s",
        tuple(r.seconds for r in taken),
        0.5,
        details=cpu,
    )


def _build(shop: Workshop, repository: Path, cache: Path | None) -> Run:
    runtimes = json.dumps(manifests.runtimes(shop.flows))
    done = run([PYTHON, PROGRAM, repository, runtimes, cache or ""], clean_environment())
    found = json.loads(done.output.splitlines()[-1])
    if found != {"dags": len(shop.flows), "problems": []}:
        raise RuntimeError(f"not all of the corpus was rendered: {found}")
    return done


def _change(shop: Workshop, repository: Path, turn: int) -> None:
    flow = shop.flows[turn]
    path = repository / "tenants" / flow.tenant / "dags" / f"{flow.name}.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(f"description: {flow.description}", f"description: Change {turn}."), encoding="utf-8"
    )
