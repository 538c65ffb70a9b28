"""What a worker does where a connection breaks between two of its steps."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis_server
from billiard.connection import Connection  # type: ignore[import-untyped]
from celery import Celery  # type: ignore[import-untyped]

TASK = "0cf9bb63-97bd-4910-b496-b1c9521ed86f"


@contextmanager
def breaking(port: int, times: int) -> Iterator[tuple[int, list[bytes]]]:
    """Give the port of a way to *port* that breaks so often, each time when a result is asked for."""
    broken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, port, times, broken), daemon=True).start()
        yield listening.getsockname()[1], broken


def _serve(listening: socket.socket, port: int, times: int, broken: list[bytes]) -> None:
    while True:
        try:
            here, _ = listening.accept()
        except OSError:
            return
        there = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_hand_on, args=(there, here, 0, []), daemon=True).start()
        threading.Thread(target=_hand_on, args=(here, there, times, broken), daemon=True).start()


def _hand_on(source: socket.socket, target: socket.socket, times: int, broken: list[bytes]) -> None:
    with closing(source), closing(target):
        while said := _received(source):
            if b"GET" in said and len(broken) < times:
                broken.append(said)
                return
            target.sendall(said)


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


def celery(port: int) -> Any:
    """Return Celery as workers have it, with its results at *port*."""
    from aerodrome_airflow.celery_config import CELERY_CONFIG

    app = Celery("worker")
    url = f"redis://127.0.0.1:{port}/0"
    app.conf.update({**CELERY_CONFIG, "broker_url": url, "result_backend": url})
    return app


@pytest.mark.parametrize("state", ["STARTED", "SUCCESS"])
def test_a_connection_that_breaks_while_a_state_is_stored_fails_no_task(tmp_path: Path, state: str) -> None:
    """Neither one that is about to begin, which would not be run at all, nor one that has ended well."""
    with redis_server.running(folder=tmp_path) as port, breaking(port, 2) as (way, broken):
        backend = celery(way).backend
        backend.store_result(TASK, None, state)
        assert len(broken) == 2
        assert backend.get_task_meta(TASK)["status"] == state


def test_what_a_task_tells_its_worker_arrives_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its length and the rest: a worker that ends between the two would wait for the rest for good."""
    from aerodrome_airflow import whole_messages

    monkeypatch.setattr(Connection, "_send_bytes", Connection._send_bytes)
    whole_messages.install()
    said = os.urandom(20_000)
    # Each write arrives by itself there.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(theirs), Connection(ours.detach()) as sending:
        sending.send_bytes(said)
        assert theirs.recv(65536) == struct.pack("!i", len(said)) + said


def test_messages_of_any_size_are_read_as_they_were_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what reads them, which is not changed."""
    from aerodrome_airflow import whole_messages

    monkeypatch.setattr(Connection, "_send_bytes", Connection._send_bytes)
    whole_messages.install()
    ours, theirs = socket.socketpair()
    messages = [os.urandom(size) for size in (0, 1, 16_384, 16_385, 300_000)]
    with Connection(ours.detach()) as sending, Connection(theirs.detach()) as reading:
        thread = threading.Thread(target=lambda: [sending.send_bytes(one) for one in messages])
        thread.start()
        assert [reading.recv_bytes() for _ in messages] == messages
        thread.join()
