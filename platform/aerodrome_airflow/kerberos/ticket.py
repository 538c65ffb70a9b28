"""Get a tenant a new ticket: its keytab from the secrets store, by the agent's login, and a ticket from the realm.

python -m aerodrome_airflow.kerberos.ticket --config /etc/aerodrome/kerberos.json --tenant routes
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aerodrome_airflow.json_settings import SettingsError
from aerodrome_airflow.kerberos.places import Places
from aerodrome_airflow.kerberos.reasons import explain, storing
from aerodrome_airflow.kerberos.settings import Principal, Settings, load
from aerodrome_airflow.secrets.client import RESTART_SECONDS, AgentClient
from aerodrome_airflow.secrets.protocol import VARIABLE, Answer, Lookup

KINIT_SECONDS = 60.0
_LARGEST = 64 * 1024

log = logging.getLogger("ticket")


class NoTicketError(Exception):
    """There is no new ticket; the text says why, and what to do."""


def renew(settings: Settings, principal: Principal, patience: float = RESTART_SECONDS) -> None:
    """Give the tenant of *principal* a new ticket; NoTicketError says why it has none.

    The last keytab is used again while the store is away; one that is no longer stored is thrown away. An agent that
    is being restarted is waited for *patience* seconds.
    """
    places = Places(settings.folder, principal.tenant, principal.owner)
    places.make()
    try:
        _refresh_keytab(settings, principal, places, patience)
        _get(principal, places)
    except NoTicketError as problem:
        places.tell(str(problem))
        raise
    places.all_is_well()


def _refresh_keytab(settings: Settings, principal: Principal, places: Places, patience: float) -> None:
    answer = _ask(settings.agent, Lookup(principal.tenant, VARIABLE, principal.variable), patience)
    command = storing(principal.tenant, principal.variable)
    if answer.outcome == "value":
        places.keep_keytab(_decoded(str((answer.value or {}).get("value", "")), command))
    elif answer.outcome == "unavailable":
        if not places.keytab.exists():
            raise NoTicketError(f"{principal.name}: the keytab cannot be read now: {answer.reason}")
        log.warning("%s: the keytab of last time is used: %s", principal.name, answer.reason)
    else:
        places.keytab.unlink(missing_ok=True)
        raise NoTicketError(
            f"{principal.name}: there is no keytab: {answer.reason}: store what `base64 -w0 <keytab>` prints: {command}"
        )


def _ask(agent: Path, lookup: Lookup, patience: float) -> Answer:
    try:
        with _as_owner_of(agent):
            return AgentClient(agent, patience).ask(lookup)
    except OSError as problem:
        return Answer("unavailable", reason=f"the secrets agent is not there: {problem.strerror}")


@contextmanager
def _as_owner_of(path: Path) -> Iterator[None]:
    """Act as the user that *path* belongs to: the agent answers its own zone's workers, not root."""
    if os.geteuid() != 0:
        yield
        return
    status = path.stat()
    os.setegid(status.st_gid)
    os.seteuid(status.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def _decoded(text: str, command: str) -> bytes:
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    # How every keytab begins: a 5, and the version of its format.
    if content[:2] not in (b"\x05\x02", b"\x05\x01") or len(content) > _LARGEST:
        raise NoTicketError(
            f"what is stored is no keytab as base64: store what `base64 -w0 <keytab>` prints: {command}"
        )
    return content


def _get(principal: Principal, places: Places) -> None:
    with places.new_ticket() as draft:
        code, told = _run(["kinit", "-k", "-t", str(places.keytab), "-c", f"FILE:{draft}", principal.name])
        if code or not draft.exists():
            command = storing(principal.tenant, principal.variable)
            raise NoTicketError(explain(told, principal.name, command))


def _run(command: list[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=KINIT_SECONDS,
            stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **_configured()},
        )
    except FileNotFoundError:
        raise NoTicketError("there is no kinit on this host: run `make workers` for it again") from None
    except subprocess.TimeoutExpired:
        return 1, "Cannot contact any KDC within a minute"
    return done.returncode, done.stderr or done.stdout


def _configured() -> dict[str, str]:
    return {name: os.environ[name] for name in ("KRB5_CONFIG",) if name in os.environ}


def main(arguments: list[str] | None = None) -> int:
    """Return the exit code of the program."""
    parser = argparse.ArgumentParser(prog="ticket", description="Gets a tenant a new Kerberos ticket.")
    parser.add_argument("--config", type=Path, required=True, help="kerberos.json")
    parser.add_argument("--tenant", required=True, help="whose ticket")
    options = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    try:
        settings = load(options.config)
        principal = settings.principal(options.tenant)
        renew(settings, principal)
    except (SettingsError, NoTicketError) as problem:
        log.error("%s", problem)
        return 1
    except (OSError, KeyError) as problem:
        log.error("%s: %s", options.tenant, problem)
        return 1
    log.info("%s has a new ticket", principal.name)
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
