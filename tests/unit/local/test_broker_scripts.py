"""Nobody but the deploy runs scripts on the broker, and Celery does its work without any."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import redis
from aerodrome.clients.redis import Broker
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes import folders, topology
from aerodrome.local.stores import broker
from aerodrome.local.stores.broker import BrokerUser
from aerodrome_airflow.broker import QoS
from aerodrome_airflow.celery_config import CELERY_CONFIG
from celery import Celery
from free_ports import free_port
from kombu import Connection, Exchange, Queue

ENDLESS = "while true do end"
TRANSPORT = CELERY_CONFIG["broker_transport"]
OPTIONS = {"unacked_key": "unacked.pii", "unacked_index_key": "unacked_index.pii"}


@pytest.fixture
def platform(platform: Platform) -> Iterator[Platform]:
    """A platform of which the broker runs."""
    ports = platform.ports.model_copy(update={"redis": free_port()})
    local = platform.local.model_copy(update={"ports": ports})
    made = replace(platform, environment=platform.environment.model_copy(update={"local": local}))
    process = next(found for found in topology.desired(made) if found.name == "redis")
    folders.of_processes(made, (process,))
    folders.write_configuration(made, (process,))
    admin = broker.admin_user(made)
    with subprocess.Popen(process.command, cwd=process.folder, stdout=subprocess.DEVNULL) as running:
        try:
            assert wait_until(Broker(ports.redis, admin.name, admin.password).answers, 10)
            yield made
        finally:
            running.kill()


def users(platform: Platform) -> tuple[BrokerUser, BrokerUser]:
    """Return the scheduler's user and that of a zone."""
    return broker.scheduler_user(platform), broker.zone_user(platform, "pii")


@pytest.mark.parametrize("command", ["EVAL", "EVALSHA", "SCRIPT LOAD", "SCRIPT KILL", "SCRIPT FLUSH"])
def test_neither_scheduler_nor_zone_runs_a_script(platform: Platform, command: str) -> None:
    """One that never ends would hold up every zone: Redis does one thing at a time."""
    for user in users(platform):
        with redis.Redis.from_url(broker.broker_url(platform, user)) as client:
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command.split(), ENDLESS, 0)
            assert client.ping()


@dataclass
class Worker:
    """A worker that takes messages and says nothing of them."""

    connection: Connection
    taken: list[Any] = field(default_factory=list)
    last: Any = None

    def __post_init__(self) -> None:
        queue = Queue("pii", Exchange("pii"), routing_key="pii")
        self.connection.Consumer(queue, callbacks=[lambda _, message: self.taken.append(message)]).consume()

    def take(self) -> list[Any]:
        """Return the numbers in the messages that come within half a second."""
        self.taken.clear()
        with suppress(TimeoutError):
            while True:
                self.connection.drain_events(timeout=0.5)
        self.last = self.taken[-1] if self.taken else self.last
        return [message.payload["number"] for message in self.taken]


def look(address: str) -> None:
    """Put back what was taken too long ago, as any worker of the queue does now and then."""
    options = {"transport": TRANSPORT, "transport_options": {**OPTIONS, "visibility_timeout": 0.01}}
    with Connection(address, **options) as connection:
        connection.default_channel.qos.restore_visible(num=None)


def test_a_message_that_was_never_finished_goes_back_without_a_script(platform: Platform) -> None:
    """As it would with kombu's own bookkeeping; and once, whoever looks at the same time."""
    scheduler, zone = (broker.broker_url(platform, user) for user in users(platform))
    with Connection(zone, transport=TRANSPORT, transport_options=OPTIONS) as connection:
        worker = Worker(connection)
        with Connection(scheduler, transport=TRANSPORT) as sending:
            sending.Producer().publish({"number": 1}, exchange="pii", routing_key="pii")
        assert worker.take() == [1] and worker.take() == []
        with ThreadPoolExecutor() as pool:
            list(pool.map(look, [zone] * 4))
        assert worker.take() == [1] and worker.take() == []
        worker.last.ack()
        look(zone)
        assert worker.take() == []


def test_celery_uses_that_bookkeeping(platform: Platform) -> None:
    """Scheduler and workers are configured alike."""
    app = Celery("tests", config_source=dict(CELERY_CONFIG))
    with app.connection_for_read(broker.broker_url(platform, users(platform)[1])) as connection:
        assert type(connection.default_channel.qos) is QoS
