"""Twenty tenants on a real secrets store, each of which tries to read every other's secret."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aerodrome import names
from aerodrome.clients.vault import Vault
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.secrets import usable
from aerodrome.secrets.values import VaultValues
from aerodrome.targets.secrets import VaultTarget
from figures import Figure
from workshop import Workshop

# The server and the tenants are those of the tests.
for _folder in ("secrets", "secrets_control"):
    sys.path.insert(0, str(Path(__file__).parents[2] / "airflow" / _folder))
PLACE, TENANTS, CONNECTION = "policies", 20, "db"
REFUSED = "permission denied"
GOAL = 60


@dataclass(frozen=True)
class Tried:
    """What all reads of one run came to: how many of one's own and of others' secrets were answered."""

    own: int
    others: int
    seconds: float


def policies(shop: Workshop) -> Iterator[Figure]:
    """Yield how many of all reads were answered, own and others', and what trying them took."""
    from example import environment, many
    from secrets_place import Bao

    folder, tenants = Path(tempfile.mkdtemp(prefix="policies-")), many(TENANTS)
    bao = Bao(folder)
    try:
        bao.start()
        place = Place(environment(name=PLACE), tenants, bao.vault)
        place.deploy()
        found = [_tried(shop, place, turn) for turn in range(shop.runs)]
    finally:
        bao.kill()
        shutil.rmtree(folder, ignore_errors=True)
    reads = TENANTS**2
    own, others = tuple(one.own for one in found), tuple(one.others for one in found)
    what = f"{TENANTS} tenants try to read each other's secrets, {reads} reads: own ones answered"
    yield Figure("policies_own", what, "reads", own, TENANTS, "higher")
    yield Figure("policies_others", "of these reads, others' answered", "reads", others, 0)
    yield Figure(
        "policies_time", f"all {reads} reads, one after the other", "s", tuple(r.seconds for r in found), GOAL
    )


@dataclass(frozen=True)
class Place:
    """An environment whose policies a deploy has put into the store behind *vault*, which has every right."""

    environment: Environment
    tenants: Mapping[str, TenantManifest]
    vault: Vault

    def deploy(self) -> None:
        """Bring policies, roles and logins there, and store a secret of each tenant."""
        target = VaultTarget(self.environment, self.tenants, self.vault, self._logins())
        target.apply(target.changes(), lambda _: None)
        for tenant in self.tenants:
            path = names.connection_path(PLACE, tenant, CONNECTION)
            VaultValues(self.vault).write(path, {"conn_type": "generic", "host": tenant})

    def access_of(self, tenant: str) -> Vault:
        """Return the access that the workers of the tenant's zone give to one of its tasks."""
        zone = usable.zones_of(self.environment, self.tenants[tenant])[0]
        role = names.zone_role(PLACE, zone)
        login = replace(self.vault, token=self.vault.login(role, self._logins()[role]))
        return replace(login, token=login.mint(names.tenant_policy(PLACE, zone, tenant), names.TOKEN_TTL))

    def _logins(self) -> dict[str, str]:
        return {names.zone_role(PLACE, zone): f"secret-of-{zone}" for zone in self.environment.zones}


def _tried(shop: Workshop, place: Place, turn: int) -> Tried:
    shop.say(f"reads of {TENANTS} tenants, {turn + 1} of {shop.runs}")
    start = time.perf_counter()
    answered = {
        (who, whose)
        for who in place.tenants
        for access in (place.access_of(who),)
        for whose in place.tenants
        if _reads(access, whose)
    }
    own = sum(who == whose for who, whose in answered)
    return Tried(own, len(answered) - own, time.perf_counter() - start)


def _reads(access: Vault, whose: str) -> bool:
    try:
        found = access.read(names.SECRETS_MOUNT, names.connection_path(PLACE, whose, CONNECTION))
    except AerodromeError as problem:
        if REFUSED not in str(problem):
            raise
        return False
    if not found or found.get("host") != whose:
        raise RuntimeError(f"the secret of {whose} is not there: {found}")
    return True
