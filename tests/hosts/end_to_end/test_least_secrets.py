"""What a host holds: nothing by which it could sign, read the database, or act for another host or zone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence

import pytest
from aerodrome.local.machine import credentials
from aerodrome.local.machine.credentials import bundle_host, host_grant, host_removal, redis_host, redis_zone
from control.workers import ONPREM, PERSONAL, Workers
from fleet.host import Host
from fleet.lab import KEYS

HOSTS = (*ONPREM, PERSONAL)
# Each must be among what is looked for, whatever else a deployment keeps.
PLATFORM = {
    credentials.POSTGRES_ADMIN,
    credentials.POSTGRES_AIRFLOW,
    credentials.REDIS_ADMIN,
    credentials.REDIS_SCHEDULER,
    credentials.OPENBAO_ROOT,
    credentials.OPENBAO_SEAL,
    credentials.AIRFLOW_FERNET,
    credentials.AIRFLOW_JWT,
    credentials.AIRFLOW_SESSION,
    credentials.ENTRANCE_AUTHORITY,
    credentials.ENTRANCE_TLS,
    credentials.HOST_MARKS,
    redis_zone("default"),
}
NO_SECRETS = (host_grant(""), host_removal(""))
# Everything but what the kernel shows, and what links lead to.
FILES = """
set --
for place in /*; do
    case $place in /proc | /sys) ;; *) [ -L "$place" ] || set -- "$@" "$place" ;; esac
done
grep -rlsF -D skip -f /dev/stdin "$@" || true
"""
PROCESSES = (
    "cat > /run/looked-for; { cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; systemctl show '*'; } 2>/dev/null"
    " | grep -acFf /run/looked-for; rm /run/looked-for"
)
SETTINGS = ("sql_alchemy_conn", "jwt_secret", "fernet_key = .", "secret_key")
# One that stands in the configuration of every worker.
TOLD = "execution_api_server_url"


def _forbidden(workers: Workers, name: str) -> list[str]:
    """Return what the platform keeps secret, but for what is meant for the host *name*."""
    kept = {path.name: path.read_text() for path in workers.control.platform.credentials.folder.iterdir()}
    own = {redis_host(name), bundle_host(name)}
    others = {made(other) for other in HOSTS for made in (redis_host, bundle_host)}
    assert PLATFORM | others <= set(kept)
    texts = (text for key, text in kept.items() if key not in own and not key.startswith(NO_SECRETS))
    found = [*itertools.chain.from_iterable(map(_secrets, texts)), *_log_logins(name)]
    assert min(map(len, found)) > 16
    return found


def _secrets(text: str) -> Iterator[str]:
    """Yield *text*, or what is secret of several things in it: of a key its first line, of certificates nothing."""
    if not text.startswith("{"):
        yield text.strip()
        return
    values: dict[str, str] = json.loads(text)
    for value in values.values():
        if "PRIVATE KEY" in value:
            yield value.splitlines()[1]
        elif "CERTIFICATE" not in value:
            yield value


def _log_logins(name: str) -> Iterator[str]:
    """Yield the secrets by which the other zone's hosts send logs, and by which logs are read."""
    own = "logs-pii.json" if name == PERSONAL else "logs-onprem.json"
    kept = {path.name: json.loads(path.read_text()) for path in KEYS.folder.glob("logs-*.json")}
    assert {"logs-pii.json", "logs-onprem.json", "logs-reader.json"} <= set(kept)
    yield from (login["secret_key"] for file, login in kept.items() if file != own)


def _files(host: Host, texts: Sequence[str]) -> list[str]:
    return host.run("sh", "-c", FILES, text="\n".join(texts)).stdout.splitlines()


@pytest.mark.parametrize("name", HOSTS)
def test_no_file_of_a_host_holds_a_secret_of_others(workers: Workers, name: str) -> None:
    """Neither database nor signing key, Fernet key, session key, nor another user's of the broker or the bundle."""
    host, forbidden = workers.hosts[name], _forbidden(workers, name)
    own = workers.control.platform.credentials.get(redis_host(name))
    found = _files(host, [*forbidden, own])
    assert found == ["/etc/aerodrome/secrets/broker-url"], "what it does hold is found, and nothing else"
    assert not [text for text in forbidden if text in host.read(found[0])]


@pytest.mark.parametrize("name", HOSTS)
def test_no_process_and_no_unit_of_a_host_holds_one(workers: Workers, name: str) -> None:
    """Not in a command line, an environment, or what systemd shows of a unit."""
    host, known = workers.hosts[name], workers.control.platform.credentials
    texts = [*_forbidden(workers, name), known.get(redis_host(name)), known.get(bundle_host(name))]
    searched = {
        text: int(host.run("sh", "-c", PROCESSES, text=text, check=False).stdout)
        for text in ("\n".join(texts), "AIRFLOW_CONFIG=/etc/aerodrome/worker")
    }
    nothing, something = searched.values()
    assert nothing == 0 and something > 0


def test_no_configuration_of_airflow_names_one(workers: Workers) -> None:
    """Whatever its value; what it does name is found."""
    for host in workers.hosts.values():
        named = f"^({'|'.join((*SETTINGS, TOLD))})"
        found = host.run("grep", "-rohE", named, "/etc/aerodrome", check=False)
        assert set(found.stdout.splitlines()) == {TOLD}
