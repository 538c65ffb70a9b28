"""Redis: its configuration and one user for the scheduler, one for each zone, one for the deploy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aerodrome import names
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform

ADMIN = "aerodrome-admin"
SCHEDULER = "aerodrome-scheduler"
# A thousand tasks on four queues took 30 connections: a worker has four and one for each slot.
CLIENTS = 1000
CLIENTS_OF_A_SLOT = 4
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
# Priorities of one queue are lists of their own: kombu adds this separator and the priority.
_PRIORITY = "\x06\x16"
_PRIORITIES = ("3", "6", "9")
_CONNECTION = (
    "+ping +hello +auth +select +client|setname +client|setinfo +client|id"
    " +multi +exec +discard +watch +unwatch"
)
# Only what Celery's result backend and kombu send; no KEYS, SCAN, MONITOR, SUBSCRIBE, FLUSHDB, CONFIG. And no
# scripts: one that never ends holds up everybody (`aerodrome_airflow.broker` does without).
_WORKER = (
    "+brpop +lpush +rpush +llen +sadd +smembers +hset +hget +hdel +zadd +zrem +zrange +zrevrangebyscore"
    " +set +setex +get +mget +del +expire +publish"
)
_SCHEDULER = _WORKER + " +subscribe +unsubscribe +psubscribe +punsubscribe"


@dataclass(frozen=True)
class BrokerUser:
    """A user of the broker and its password."""

    name: str
    password: str


def scheduler_user(platform: Platform) -> BrokerUser:
    """Return the user that sends to every queue and reads every result."""
    return BrokerUser(SCHEDULER, platform.credentials.get(secret.REDIS_SCHEDULER))


def zone_user(platform: Platform, zone: str) -> BrokerUser:
    """Return the user of the workers of *zone*."""
    return BrokerUser(names.worker_user(zone), platform.credentials.get(secret.redis_zone(zone)))


def admin_user(platform: Platform) -> BrokerUser:
    """Return the user that the deploy and its health checks use."""
    return BrokerUser(ADMIN, platform.credentials.get(secret.REDIS_ADMIN))


def broker_url(platform: Platform, user: BrokerUser) -> str:
    """Return the address of the broker for *user*; passwords are URL-safe."""
    return f"redis://{user.name}:{user.password}@127.0.0.1:{platform.ports.redis}/0"


def configuration(platform: Platform) -> str:
    """Return redis.conf."""
    layout = platform.layout
    own = [
        f"port {platform.ports.redis}",
        f"dir {_quoted(layout.data / 'redis')}",
        f"maxclients {clients(platform)}",
        f"aclfile {_quoted(layout.process_config('redis') / 'users.acl')}",
        # Read again it would lock the deploy out of a server that knows only the old password: restart it then.
        f"# {admin_user(platform).name} {_hash(admin_user(platform))[1:9]}",
    ]
    return "\n".join((*own, *_SETTINGS, *_LIMITS, ""))


def clients(platform: Platform) -> int:
    """Return how many connections Redis takes."""
    slots = sum(queue.slots for queue in platform.environment.queues.values())
    return max(CLIENTS, CLIENTS_OF_A_SLOT * slots)


def access_list(platform: Platform) -> str:
    """Return the ACL file: passwords as SHA-256, each zone limited to its own queues' keys."""
    lines = [
        "user default off nopass -@all",
        f"user {ADMIN} on {_hash(admin_user(platform))} ~* &* +@all",
        f"user {SCHEDULER} on {_hash(scheduler_user(platform))} ~* &* -@all {_CONNECTION} {_SCHEDULER}",
    ]
    for zone in platform.zones:
        user = zone_user(platform, zone)
        keys = " ".join(f"~{key}" for queue in platform.queues_of(zone) for key in _keys(queue))
        lines.append(
            f"user {user.name} on {_hash(user)} {keys} ~celery-task-meta-*"
            f" resetchannels &celery-task-meta-* &/0.celeryev/* -@all {_CONNECTION} {_WORKER}"
        )
    return "\n".join(lines) + "\n"


def _keys(queue: str) -> tuple[str, ...]:
    steps = tuple(f"{queue}{_PRIORITY}{priority}" for priority in _PRIORITIES)
    own = ("unacked.", "unacked_index.", "_kombu.binding.", "_kombu.binding_permanent.")
    return (queue, *steps, *(prefix + queue for prefix in own))


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hash(user: BrokerUser) -> str:
    return "#" + hashlib.sha256(user.password.encode()).hexdigest()
