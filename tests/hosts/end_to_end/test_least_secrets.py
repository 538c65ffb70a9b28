"""What a host holds: nothing by which it could sign, read the database, or act for another host or zone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from aerodrome.local.machine import credentials
from aerodrome.local.machine.credentials import bundle_host, redis_host
from control.workers import ONPREM, PERSONAL, Workers
from fleet.host import Host

HOSTS = (*ONPREM, PERSONAL)
PLATFORM = (
    credentials.POSTGRES_ADMIN,
    credentials.POSTGRES_AIRFLOW,
    credentials.REDIS_ADMIN,
    credentials.REDIS_SCHEDULER,
    credentials.OPENBAO_ROOT,
    credentials.AIRFLOW_SESSION,
)
# The programs themselves are the same everywhere, and many.
FILES = (
    "grep -rlFsf /dev/stdin --exclude-dir=proc --exclude-dir=sys --exclude-dir=versions --exclude-dir=dpkg "
    "/etc /home /opt /root /run /srv /tmp /usr/local /var || true"
)
PROCESSES = (
    "cat > /run/looked-for; { cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; systemctl show '*'; } 2>/dev/null"
    " | grep -acFf /run/looked-for; rm /run/looked-for"
)


def _forbidden(workers: Workers, name: str) -> list[str]:
    known = workers.control.platform.credentials
    others = [made(other) for other in HOSTS if other != name for made in (redis_host, bundle_host)]
    found = [known.find(secret) for secret in (*PLATFORM, *others)]
    return [known.jwt_secret(), known.fernet_key(), *filter(None, found)]


def _files(host: Host, texts: Sequence[str]) -> list[str]:
    return host.run("sh", "-c", FILES, text="\n".join(texts)).stdout.split()


@pytest.mark.parametrize("name", HOSTS)
def test_no_file_of_a_host_holds_a_secret_of_others(workers: Workers, name: str) -> None:
    """Neither database nor signing key, Fernet key, session key, nor another user's of the broker or the bundle."""
    host, forbidden = workers.hosts[name], _forbidden(workers, name)
    assert len(forbidden) >= len(PLATFORM) + 4 and all(len(text) > 16 for text in forbidden)
    assert _files(host, forbidden) == []
    own = workers.control.platform.credentials.get(redis_host(name))
    assert _files(host, [own]) == ["/etc/aerodrome/secrets/broker-url"], "what it does hold is found"


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


@pytest.mark.parametrize("setting", ["sql_alchemy_conn", "jwt_secret", "fernet_key = .", "secret_key"])
def test_no_configuration_of_airflow_names_one(workers: Workers, setting: str) -> None:
    """Whatever its value."""
    for host in workers.hosts.values():
        found = host.run("grep", "-rlE", f"^{setting}", "/etc/aerodrome", check=False)
        assert found.stdout == ""
