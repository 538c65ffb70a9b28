"""Plans and deploys of a platform with 20 tenants, 400 DAGs and 10 hosts, to the cluster of KUBECONFIG."""

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
    from kubernetes import client
    from sandbox import Sandbox

for _folder in ("hosts", "shared", "cluster"):
    sys.path.insert(0, str(ROOT / "tests" / _folder))
PLANS, QUICK_PLANS = 100, 3
FRESH_SECONDS, PLAN_SECONDS, AGAIN_SECONDS, BACK_SECONDS = 360.0, 10.0, 15.0, 60.0
HOSTS, QUICK_HOSTS = 10, 2
_AS_MANY = "sandbox of {dags} DAGs and {tenants} tenants: "
_WITH_HOSTS = "sandbox of {dags} DAGs, {tenants} tenants and {hosts} hosts: "
# In the place of the roles, which have tests of their own: here what is of interest is that hosts are looked at.
_STAMP = """\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - name: Make a folder for logins
      ansible.builtin.file: {path: /etc/aerodrome/secrets, state: directory, mode: "0700"}

    - name: Have a login
      ansible.builtin.copy: {content: "of nobody", dest: /etc/aerodrome/secrets/secret_id, mode: "0600"}

    - name: Stamp the host
      aerodrome_state:
        action: write
        environment: "{{ aerodrome_environment }}"
        host: "{{ aerodrome_host }}"
        zone: "{{ aerodrome_zone }}"
        digest: "{{ aerodrome_state_digest }}"
        parts: "{{ aerodrome_parts }}"
        managed: [{files: [/etc/passwd, /etc/hostname], folders: [/etc/systemd, /usr/lib/systemd]}]
        path: "{{ aerodrome_state_path }}"
"""


def deploys(shop: Workshop) -> Iterator[Figure]:
    """Yield what `make deploy`, `make plan` and `make rollback` take, and what plans say."""
    many = {"dags": len(shop.flows), "tenants": len({flow.tenant for flow in shop.flows})}
    number, size = QUICK_HOSTS if shop.quick else HOSTS, _AS_MANY.format(**many)
    with _deployed(shop) as (place, api, fresh):
        yield Figure("deploy_fresh", f"{size}first deploy, images there", "s", (fresh,), FRESH_SECONDS)
        # Before there are hosts: a canary would wait for these, on which no worker is.
        yield from _again_and_back(shop, place, size)
        shop.say(f"{number} hosts")
        with _hosts(shop, place, api, number):
            size = _WITH_HOSTS.format(**many, hosts=number)
            yield from _planned(shop, place, size)
            yield from _changed(shop, place, size)


@contextmanager
def _deployed(shop: Workshop) -> Iterator[tuple[Sandbox, client.ApiClient, float]]:
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
        yield place, api, _taken(place, "deploy", "--yes")
    finally:
        remove(api)


@contextmanager
def _hosts(shop: Workshop, place: Sandbox, api: client.ApiClient, number: int) -> Iterator[None]:
    """Have so many machines as hosts of the deployed sandbox: let in, stamped as they should be, reached by SSH."""
    from outside import INSIDE, INVENTORY, asked, inventory, machines
    from secrets_store import ask, reviewer, running

    folder = shop.folder / "deploys-hosts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = [f"host{each}" for each in range(number)]
    with reviewer(api), running(folder / "store") as store, machines(place, names) as found:
        store.knows(api)
        os.environ["VAULT_TOKEN"] = store.deploying("sandbox")
        ask(place, store)
        with asked(place, store, api, folder):
            (place.root / "ansible/playbooks/workers.yml").write_text(_STAMP)
            _require(place, "deploy", "--yes", "--confirm", INSIDE)
            place.edit(INVENTORY, lambda _: inventory(found))
            _require(place, "workers")
            yield


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
