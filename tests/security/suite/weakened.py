"""Places in which one defence is switched off: there the attack on it has to succeed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import psycopg
import pytest
import redis
from aerodrome.local.machine.deadline import wait_until
from suite.place import ATTACKER, MARK, VICTIM, Api, Place

START_SECONDS = 60


@contextlib.contextmanager
def plain_airflow(place: Place, user: str = "shared") -> Iterator[Place]:
    """Airflow as it ships: FAB's auth manager, and a *user* whose role holds rights to all DAGs and objects."""
    yield replace(place, open_api=Api(place.served.undefended, user))


@contextlib.contextmanager
def no_guard(place: Place) -> Iterator[Place]:
    """The execution API without the guard before it; people's rights are plain FAB's too."""
    yield replace(place, open_api=Api(place.served.undefended))


@contextlib.contextmanager
def knowing_the_key(place: Place) -> Iterator[Place]:
    """The attacker has found the key that tokens are signed with, and made one of the victim's task."""
    mine = place.served.things[ATTACKER]["token"]
    claims = jwt.decode(mine, options={"verify_signature": False})
    claims |= {"sub": place.task(VICTIM)}
    made = jwt.encode(claims, place.served.secret, algorithm=jwt.get_unverified_header(mine)["alg"])
    yield replace(place, notes={"token": made})


@contextlib.contextmanager
def code_as(
    place: Place, user: str, launcher: Mapping[str, Any] | None = None, **changes: Any
) -> Iterator[Place]:
    """The attacker's code runs as the operating system user *user*, as it would without users of their own.

    *changes* replace further settings of the tenant in the configuration of the launcher, *launcher* its own.
    """
    platform = place.live.platform
    config = json.loads(
        (platform.layout.process_config(f"launcher-{place.code.zone}") / "launcher.json").read_text()
    )
    with _folder() as folder:
        tenant = config["tenants"][place.code.tenant] | {"user": user, **_home(folder, user), **changes}
        config |= {
            "socket": str(folder / "socket"),
            "tenants": {place.code.tenant: tenant},
            **(launcher or {}),
        }
        file = folder / "launcher.json"
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        with _launcher(platform.layout.python, file, Path(config["socket"])):
            yield replace(place, open_code=replace(place.code, socket=Path(config["socket"])))


@contextlib.contextmanager
def code_as_the_victim(place: Place) -> Iterator[Place]:
    """All tenants' code runs as one operating system user."""
    user = place.live.platform.os_user(VICTIM)
    assert user is not None
    with code_as(place, user) as weakened:
        yield weakened


@contextlib.contextmanager
def code_as_the_worker(place: Place) -> Iterator[Place]:
    """Tenants' code runs as the user of the worker, as Airflow's own operators do."""
    user = place.live.platform.accounts.worker(place.code.zone)
    assert user is not None
    with code_as(place, user) as weakened:
        yield weakened


@contextlib.contextmanager
def without_launcher(place: Place) -> Iterator[Place]:
    """The attacker's code is started as its own user by the worker itself, with all that the worker has."""
    yield replace(place, open_code=replace(place.code, direct=True))


@contextlib.contextmanager
def opened(place: Place, path: Path) -> Iterator[Place]:
    """*path* and the folders above it within the state are open to everybody."""
    state = place.live.platform.layout.state
    found = [path, *(folder for folder in path.parents if folder.is_relative_to(state))]
    modes = {each: each.stat().st_mode for each in found}
    try:
        for each in found:
            each.chmod(0o777)
        yield place
    finally:
        for each, mode in modes.items():
            each.chmod(mode)


@contextlib.contextmanager
def everything_readable(place: Place) -> Iterator[Place]:
    """The attacker may read all files of the machine, as code that runs as root may."""
    layout = place.live.platform.layout
    with contextlib.ExitStack() as stack:
        for name in ("secrets", "data/openbao", "data/redis", "data/postgres"):
            folder = layout.state / name
            for path in [folder, *[each for each in folder.rglob("*") if not each.is_symlink()][:50]]:
                stack.enter_context(opened(place, path))
        yield place


@contextlib.contextmanager
def without_limits(place: Place) -> Iterator[Place]:
    """The attacker's code runs as its own user, and nothing limits what it takes."""
    user = place.live.platform.os_user(place.code.tenant)
    assert user is not None
    with code_as(place, user, limits={}) as weakened:
        yield weakened


@contextlib.contextmanager
def without_an_end_of_output(place: Place) -> Iterator[Place]:
    """The attacker's code runs as its own user, and may print as much as it likes."""
    user = place.live.platform.os_user(place.code.tenant)
    assert user is not None
    with code_as(place, user, {"output_bytes": 1 << 40, "output_lines": 1 << 40}) as weakened:
        yield weakened


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-weakened-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _home(folder: Path, user: str) -> dict[str, str]:
    made = {}
    for name in ("home", "data"):
        (folder / name).mkdir(mode=0o700)
        shutil.chown(folder / name, user)
        made[name] = str(folder / name)
    return made


@contextlib.contextmanager
def _launcher(python: Path, config: Path, socket: Path) -> Iterator[None]:
    command = [python, "-I", "-m", "aerodrome_airflow.launcher.server", "--config", config]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        there = wait_until(lambda: socket.exists() or process.poll() is not None, START_SECONDS, pause=0.05)
        assert there and process.poll() is None, "the launcher does not start"
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


@contextlib.contextmanager
def trusting_postgres(place: Place) -> Iterator[Place]:
    """PostgreSQL lets everybody in who reaches it, as it does where the driver of a toy set it up."""
    platform = place.live.platform
    rules = platform.layout.process_config("postgres") / "pg_hba.conf"
    kept = rules.read_text()
    try:
        rules.write_text("host all all 127.0.0.1/32 trust\n")
        _reload_postgres(place)
        yield place
    finally:
        rules.write_text(kept)
        _reload_postgres(place)


def _reload_postgres(place: Place) -> None:
    from aerodrome.local.machine import credentials
    from aerodrome.local.stores import postgres

    platform = place.live.platform
    password = platform.credentials.get(credentials.POSTGRES_ADMIN)
    server = postgres.server(platform)
    address = f"host=127.0.0.1 port={platform.ports.postgres} dbname=postgres user={server.user}"

    def asked(what: str) -> Any:
        with psycopg.connect(f"{address} password={password}", autocommit=True) as connection:
            return connection.execute(f"SELECT {what}".encode()).fetchone()

    # The postmaster reads its files a moment later, and lets nobody in meanwhile.
    before = asked("pg_conf_load_time()")
    asked("pg_reload_conf()")
    assert wait_until(lambda: asked("pg_conf_load_time()") != before, START_SECONDS), (
        "PostgreSQL does not read"
    )


@contextlib.contextmanager
def open_broker(place: Place, *rights: str) -> Iterator[Place]:
    """Redis lets everybody in without a password, with *rights* or with all there are."""
    from aerodrome.local.stores import broker

    user = broker.admin_user(place.live.platform)
    address = {"port": place.live.platform.ports.redis, "username": user.name, "password": user.password}
    with redis.Redis(**address) as administrator:
        try:
            wanted = rights or ("~*", "&*", "+@all")
            administrator.execute_command("ACL", "SETUSER", "default", "on", "nopass", *wanted)
            yield place
        finally:
            administrator.execute_command("ACL", "LOAD")


@contextlib.contextmanager
def finding_the_root_token(place: Place) -> Iterator[Place]:
    """Somebody has left the store's root token where the attacker finds it."""
    from aerodrome.local.machine import credentials

    found = place.live.platform.credentials.get(credentials.OPENBAO_ROOT)
    yield replace(place, notes={"root token": found})


@contextlib.contextmanager
def finding_the_signing_key(place: Place) -> Iterator[Place]:
    """Somebody has left the key there that tasks' tokens are signed with, and the attacker has made one."""
    now = int(time.time())
    claims = {
        "sub": place.live.task_of(f"{VICTIM}.keeps"),
        "iss": "aerodrome",
        "aud": "urn:airflow.apache.org:task",
        "scope": "execution",
        "jti": "made-by-the-attacker",
        **{"iat": now, "nbf": now, "exp": now + 600},
    }
    key = place.live.platform.credentials.jwt_secret()
    yield replace(place, notes={"task token": jwt.encode(claims, key, algorithm="HS512")})


@contextlib.contextmanager
def finding_the_administrator(place: Place) -> Iterator[Place]:
    """Somebody has left the administrator's password where the attacker finds it."""
    yield replace(place, notes={"password": place.live.airflow.password})


@contextlib.contextmanager
def a_secret_on_a_command_line(place: Place) -> Iterator[Place]:
    """A process of the victim was given its secret as an argument."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)", MARK])
    try:
        yield place
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """*owner* has *value* as its *name* within this context."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, value)
        yield


def is_root() -> bool:
    """Return whether these tests can make operating system users."""
    return os.geteuid() == 0
