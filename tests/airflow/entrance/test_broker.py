"""The broker as a host's workers reach it."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import ExitStack
from typing import Any

import psutil
import pytest
import redis
from aerodrome import names
from aerodrome.local.stores import broker
from aerodrome.render import airflow_worker
from aerodrome_airflow.celery_config import CELERY_CONFIG
from celery import Celery
from celery.contrib.testing.worker import start_worker
from entrance_place import ADDRESS, Entrance

QUIET = redis.retry.Retry(redis.backoff.NoBackoff(), 0)


def celery(url: str, host: str | None = None) -> Celery:
    """Return Celery as the platform configures it, for the scheduler or a worker of `onprem` on *host*."""
    told = airflow_worker.worker("onprem", 1, "", host)["celery_broker_transport_options"]
    app = Celery("tests", broker=url, backend=url, config_source=None)
    kept = ("broker_transport", "worker_enable_remote_control", "worker_send_task_events", "result_expires")
    app.conf.update(
        {key: CELERY_CONFIG[key] for key in kept}, task_default_queue="onprem", task_acks_late=True
    )
    app.conf.broker_transport_options = dict(told) if host else {}
    app.conf.task_default_exchange = app.conf.task_default_routing_key = "onprem"
    app.task(name="double")(double)
    return app


def double(number: int) -> int:
    """Return twice the *number*."""
    return 2 * number


def test_a_worker_on_a_host_runs_a_task(entrance: Entrance) -> None:
    """From the scheduler, over TLS on loopback, through the entrance and back."""
    scheduler = broker.broker_url(entrance.platform, broker.scheduler_user(entrance.platform))
    own = entrance.let_in("h1").broker_url
    assert scheduler.startswith("rediss://") and f"@{ADDRESS}:{entrance.entrance.broker}/" in own
    with start_worker(celery(own, "h1"), pool="solo", perform_ping_check=False, shutdown_timeout=20):
        assert celery(scheduler).send_task("double", [21], queue="onprem").get(timeout=20) == 42
    client = entrance.broker(own)
    assert client.hget(names.unacked_keys("onprem", "h1")[0], "tag") is None


FORBIDDEN = (
    ("HGET", "unacked.onprem.h2", "tag"),
    ("ZRANGE", "unacked_index.onprem.h2", "0", "-1"),
    ("HDEL", "unacked.onprem.h2", "tag"),
    ("HGET", "unacked.onprem", "tag"),
    ("BRPOP", "pii", "1"),
    ("BRPOP", "default", "1"),
    ("LPUSH", "default", "message"),
    ("HGET", "unacked.pii.p1", "tag"),
    ("LRANGE", "onprem", "0", "-1"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("MONITOR",),
    ("SUBSCRIBE", "celery-task-meta-1"),
    ("CONFIG", "GET", "*"),
    ("ACL", "LIST"),
    ("CLIENT", "LIST"),
    ("EVAL", "return 1", "0"),
)


def test_a_host_reads_nothing_of_another_one(entrance: Entrance) -> None:
    """Neither what the other host of its queue runs, nor other queues, nor who is there."""
    client = entrance.broker(entrance.let_in("h1").broker_url)
    for command in FORBIDDEN:
        with pytest.raises(redis.exceptions.ResponseError, match=r"permission|can't run this command"):
            client.execute_command(*command)


def test_a_host_with_personal_data_takes_tasks_of_its_own_queue_alone(entrance: Entrance) -> None:
    """Whoever has taken it over cannot have the tasks of others come to it, nor send its own to them."""
    client = entrance.broker(entrance.let_in("p1").broker_url)
    assert client.rpush("pii", "message") == 1 and client.brpop("pii", 1) == ("pii", "message")
    for queue in ("default", "onprem", "heavy"):
        for command in (("BRPOP", queue, "1"), ("LPUSH", queue, "message")):
            with pytest.raises(redis.exceptions.ResponseError, match=r"permission"):
                client.execute_command(*command)


def test_two_hosts_of_a_queue_share_it_and_nothing_else(entrance: Entrance) -> None:
    """Each takes messages of it, and each has bookkeeping of its own."""
    for host in ("h1", "h2"):
        client = entrance.broker(entrance.let_in(host).broker_url)
        assert client.rpush("onprem", host) == 1 and client.brpop("onprem", 1) == ("onprem", host)
        unacked, index = names.unacked_keys("onprem", host)
        assert client.hset(unacked, "tag", "message") == 1 and client.zadd(index, {"tag": 1}) == 1
        assert client.hdel(unacked, "tag") == 1 and client.zrem(index, "tag") == 1


def test_without_tls_nothing_is_heard(entrance: Entrance) -> None:
    """Neither at the entrance nor on loopback, with the right password."""
    user = broker.scheduler_user(entrance.platform)
    for host, port in ((ADDRESS, entrance.entrance.broker), ("127.0.0.1", entrance.platform.ports.redis)):
        client = redis.Redis(
            host, port, username=user.name, password=user.password, retry=QUIET, socket_timeout=5
        )
        with pytest.raises((redis.ConnectionError, redis.exceptions.InvalidResponse)):
            client.ping()


def test_an_authority_of_somebody_else_is_not_trusted(entrance: Entrance) -> None:
    """Clients ask for a certificate of the platform's own."""
    url = entrance.let_in("h1").broker_url.partition("&ssl_ca_certs=")[0]
    with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
        redis.Redis.from_url(url, retry=QUIET).ping()


def test_nobody_listens_on_another_address(entrance: Entrance) -> None:
    """What is behind the entrance does so on loopback, the entrance at its own address alone."""
    wanted = {"redis": "127.0.0.1", "openbao": "127.0.0.1", "entrance": ADDRESS, "entrance-broker": ADDRESS}
    for name, pid in entrance.pids.items():
        found = {c.laddr.ip for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN}
        assert found == {wanted[name]}, name


def test_one_address_does_not_take_all_connections(entrance: Entrance) -> None:
    """It has so many at once; others come in all the same."""
    place = (ADDRESS, entrance.entrance.broker)
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(place, 5)) for _ in range(501)]
        assert _is_closed(held[-1]) and not _is_closed(held[0])
        other = socket.create_connection(place, 5, source_address=("127.0.0.3", 0))
        with stack.enter_context(entrance.tls().wrap_socket(other, server_hostname=ADDRESS)) as tls:
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.5)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_removed_host_is_cut_off_in_the_middle_of_a_wait(entrance: Entrance) -> None:
    """Its user is gone, its connection ends at once, and the other host's goes on."""
    first, second = (entrance.broker(entrance.let_in(host).broker_url) for host in ("h1", "h2"))
    ended: list[Any] = []
    waiting = threading.Thread(target=lambda: ended.append(_waited(first)), daemon=True)
    waiting.start()
    second.ping()
    assert any("broker" in sentence for sentence in entrance.access.revoke("h1"))
    waiting.join(5)
    assert isinstance(ended[0], redis.RedisError)
    with pytest.raises(redis.exceptions.RedisError):
        first.ping()
    assert second.ping() and entrance.access.revoke("h1") == ()


def _waited(client: redis.Redis) -> Any:
    try:
        return client.brpop("onprem", 4)
    except redis.RedisError as problem:
        return problem


def test_what_a_removed_host_had_taken_goes_back_to_its_queue(entrance: Entrance) -> None:
    """The next host of the queue finds it."""
    first, second = (entrance.broker(entrance.let_in(host).broker_url) for host in ("h1", "h2"))
    unacked, index = names.unacked_keys("onprem", "h1")
    first.hset(
        unacked,
        "tag",
        '[{"body": "x", "headers": {}, "properties": {"delivery_info": {}}}, "onprem", "onprem"]',
    )
    first.zadd(index, {"tag": 1})
    assert any(sentence.startswith("1 message ") for sentence in entrance.access.revoke("h1"))
    _, text = second.brpop("onprem", 2)
    assert '"redelivered": true' in text and second.llen("onprem") == 0


def test_tls_of_another_name_is_refused(entrance: Entrance) -> None:
    """The certificate is for the entrance's address and loopback, and nobody else."""
    with (
        socket.create_connection((ADDRESS, entrance.entrance.api), 5) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"),
    ):
        entrance.tls().wrap_socket(plain, server_hostname="10.0.0.1")
