"""Plans and deploys of a platform with 20 tenants and 400 DAGs, to the cluster of KUBECONFIG."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from figures import Figure
from workshop import ROOT, Workshop

if TYPE_CHECKING:
    from sandbox import Sandbox

for _folder in ("hosts", "shared", "cluster"):
    sys.path.insert(0, str(ROOT / "tests" / _folder))
PLANS, QUICK_PLANS = 100, 3
FRESH_SECONDS, PLAN_SECONDS, AGAIN_SECONDS, BACK_SECONDS = 360.0, 10.0, 15.0, 60.0
_AS_MANY = "sandbox of {dags} DAGs and {tenants} tenants: "


def deploys(shop: Workshop) -> Iterator[Figure]:
    """Yield what `make deploy`, `make plan` and `make rollback` take, and what plans say."""
    size = _AS_MANY.format(dags=len(shop.flows), tenants=len({flow.tenant for flow in shop.flows}))
    with _deployed(shop) as (place, fresh):
        yield Figure("deploy_fresh", f"{size}first deploy, images there", "s", (fresh,), FRESH_SECONDS)
        yield from _planned(shop, place, size)
        yield from _changed(shop, place, size)
        yield from _again_and_back(shop, place, size)


@contextmanager
def _deployed(shop: Workshop) -> Iterator[tuple[Sandbox, float]]:
    from kubernetes import config
    from sandbox import remove, sandbox

    folder = shop.folder / "deploys"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    place = sandbox(folder)
    shutil.rmtree(place.root / "tenants")
    shutil.copytree(shop.repository / "tenants", place.root / "tenants")
    place.commit()
    api = config.new_client_from_config(os.environ.get("KUBECONFIG"))
    shop.say("images")
    _require(place, "images")
    try:
        shop.say("first deploy")
        yield place, _taken(place, "deploy", "--yes")
    finally:
        remove(api)


def _planned(shop: Workshop, place: Sandbox, size: str) -> Iterator[Figure]:
    number = QUICK_PLANS if shop.quick else PLANS
    taken, digests = [], set()
    for turn in range(number):
        shop.say(f"plan {turn + 1} of {number}")
        begun = time.monotonic()
        document = json.loads(_require(place, "plan", "--json"))
        taken.append(time.monotonic() - begun)
        digests.add(document["digest"])
        if document["changes"]:
            raise RuntimeError(f"something is left to change: {document['changes']}")
    yield Figure("plan_unchanged", f"{size}`make plan`, nothing to change", "s", tuple(taken), PLAN_SECONDS)
    yield Figure("plan_hashes", f"different hashes among {number} plans", "hashes", (len(digests),), 1)


def _changed(shop: Workshop, place: Sandbox, size: str) -> Iterator[Figure]:
    flow = shop.flows[0]
    place.edit(
        f"tenants/{flow.tenant}/dags/{flow.name}.yaml",
        lambda text: text.replace(f"description: {flow.description}", "description: Changed."),
    )
    begun = time.monotonic()
    named = {what for _, _, what in place.planned()}
    taken = time.monotonic() - begun
    own = f"DAG {flow.tenant}.{flow.name}"
    if own not in named:
        raise RuntimeError(f"the plan does not name {own}")
    yield Figure("plan_changed", f"{size}`make plan` after one manifest changed", "s", (taken,), PLAN_SECONDS)
    yield Figure(
        "plan_named", "what that plan names beside the manifest's DAG", "objects", (len(named) - 1,), 0
    )


def _again_and_back(shop: Workshop, place: Sandbox, size: str) -> Iterator[Figure]:
    again, back = [], []
    for turn in range(shop.runs):
        shop.say(f"deploy and rollback {turn + 1} of {shop.runs}")
        place.change_release()
        _require(place, "deploy", "--yes")
        again.append(_taken(place, "deploy", "--yes"))
        back.append(_taken(place, "rollback"))
    yield Figure("deploy_again", f"{size}`make deploy`, nothing to change", "s", tuple(again), AGAIN_SECONDS)
    yield Figure("rollback", f"{size}`make rollback` to a green smoke test", "s", tuple(back), BACK_SECONDS)


def _taken(place: Sandbox, command: str, *more: str) -> float:
    begun = time.monotonic()
    _require(place, command, *more)
    return time.monotonic() - begun


def _require(place: Sandbox, command: str, *more: str) -> str:
    done = place.run(command, *more)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout
