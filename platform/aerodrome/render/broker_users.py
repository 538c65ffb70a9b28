"""What users of the broker may do, in the words of Redis' access lists. Pure.

The chart says the same for the users of zones; a test holds the two together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import quote

from aerodrome import names

# No name of a command that came after Redis 7.0: a server refuses to start with one that it does not know. Clients do
# without `client|setinfo`.
CONNECTION = "+ping +hello +auth +select +client|setname +client|id +multi +exec +discard +watch +unwatch"
# Only what Celery's result backend and kombu send; no KEYS, SCAN, MONITOR, SUBSCRIBE, FLUSHDB, CONFIG. And no
# scripts: one that never ends holds up everybody (`aerodrome_airflow.broker` does without).
WORKER = (
    "+brpop +lpush +rpush +llen +sadd +smembers +hset +hget +hdel +zadd +zrem +zrange +zrevrangebyscore"
    " +set +setex +get +mget +del +expire +publish"
)
SCHEDULER = WORKER + " +subscribe +unsubscribe +psubscribe +punsubscribe"
# Priorities of one queue are lists of their own: kombu adds this separator and the priority.
_PRIORITY = "\x06\x16"
_PRIORITIES = ("3", "6", "9")


def of_worker(password: str, queues: Iterable[str], host: str | None = None) -> str:
    """Return the rights of who works on *queues*, here or on *host*, and logs in with *password*."""
    keys = (f"~{key}" for queue in queues for key in _keys(queue, host))
    return (
        f"on {digest(password)} {' '.join(keys)} ~celery-task-meta-*"
        f" resetchannels &celery-task-meta-* &/0.celeryev/* -@all {CONNECTION} {WORKER}"
    )


def of_scheduler(password: str) -> str:
    """Return the rights of who sends to every queue and reads every result."""
    return f"on {digest(password)} ~* &* -@all {CONNECTION} {SCHEDULER}"


def url_over_tls(user: str, password: str, place: str, authority: str) -> str:
    """Return the broker's address at *place* (host:port) for *user*, whose *password* is URL-safe.

    *authority*: the file, where it is read, of who signed the certificate.
    """
    # Celery and kombu both read these, and redis-py does: nobody else has to be told of TLS.
    query = f"ssl_cert_reqs=required&ssl_ca_certs={quote(authority, safe='/')}"
    return f"rediss://{user}:{password}@{place}/0?{query}"


def digest(password: str) -> str:
    """Return what an access list holds of *password*."""
    return "#" + hashlib.sha256(password.encode()).hexdigest()


def _keys(queue: str, host: str | None) -> tuple[str, ...]:
    steps = tuple(f"{queue}{_PRIORITY}{priority}" for priority in _PRIORITIES)
    bindings = (f"_kombu.binding.{queue}", f"_kombu.binding_permanent.{queue}")
    return (queue, *steps, *names.unacked_keys(queue, host), *bindings)
