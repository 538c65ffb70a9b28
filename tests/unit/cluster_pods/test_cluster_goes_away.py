"""A program in a pod whose cluster goes away, refuses or ends it: told in words, and never taken for done."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import select
from aerodrome.clients.cluster_exec import Container, Ended, ended
from aerodrome.clients.cluster_failures import UnreachableError
from aerodrome.errors import AerodromeError, UserError
from api_server_stand_in import kubeconfig
from websockets.sync.server import ServerConnection, serve

Ends = Callable[[ServerConnection], None]
ApiServer = Callable[..., AbstractContextManager[Cluster]]
PLACE = "python -m roles in airflow-api-server-1"
OUT, ERRORS, STATUS = b"\x01", b"\x02", b"\x03"
EXIT_3 = {"reason": "NonZeroExitCode", "details": {"causes": [{"reason": "ExitCode", "message": "3"}]}}
GONE = {"message": "container not found", "reason": "InternalError", "details": {}}
FORBIDDEN = {
    "message": 'User "ada" cannot create resource "pods/exec" in API group "" in the namespace "airflow"'
}


def cluster_at(port: int) -> Cluster:
    """Return the access to a cluster on *port* of this machine."""
    config = json.loads(kubeconfig(dev=f"http://127.0.0.1:{port}"))
    return Cluster(select(config, "dev", "this test"))


@pytest.fixture
def api_server(monkeypatch: pytest.MonkeyPatch) -> ApiServer:
    """Runs an API server in which a program *ends* in a way of its own once it has read its input."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return _serving


@contextmanager
def _serving(ends: Ends, **more: Any) -> Iterator[Cluster]:
    def program(connection: ServerConnection) -> None:
        assert connection.recv() in ("\x00input", b"\x00input")
        connection.send(OUT + b"so far")
        ends(connection)

    options = {"subprotocols": ["v5.channel.k8s.io"], "close_timeout": 0.1, **more}
    with serve(program, "127.0.0.1", 0, **options) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield cluster_at(server.socket.getsockname()[1])


def run(cluster: Cluster) -> Ended:
    """Return how a program ends there."""
    where = Container("airflow", "airflow-api-server-1", "api-server")
    return ended(cluster, where, ("python", "-m", "roles"), "input", 30)


def cut(connection: ServerConnection) -> None:
    """End the connection as a machine does that is switched off."""
    connection.socket.shutdown(socket.SHUT_RDWR)


def close(connection: ServerConnection) -> None:
    """End it in order, as an API server does that ends itself."""
    connection.close()


def told(**status: Any) -> Ends:
    """Return an end of which the API server tells *status*."""

    def end(connection: ServerConnection) -> None:
        connection.send(ERRORS + b"a word")
        connection.send(STATUS + json.dumps(status).encode())
        connection.close()

    return end


@pytest.mark.parametrize("ends", [cut, close])
def test_a_cluster_that_goes_away_meanwhile_is_unreachable(api_server: ApiServer, ends: Ends) -> None:
    """With what was run and where, and what to do: whether the program did its work is not known."""
    with api_server(ends) as cluster, pytest.raises(UnreachableError) as raised:
        run(cluster)
    assert str(raised.value.args[0]).startswith(f"{PLACE}: {cluster.server} does not answer: ")
    assert "look whether the cluster runs" in raised.value.remedy


def test_a_cluster_that_is_away_already_is_unreachable(api_server: ApiServer) -> None:
    """It has refused nobody."""
    with pytest.raises(UnreachableError) as raised:
        run(cluster_at(1))
    assert raised.value.args[0] == f"{PLACE}: http://127.0.0.1:1 does not answer: Connection refused"


def test_who_may_not_run_a_program_is_told_which_right_is_missing(api_server: ApiServer) -> None:
    """The cluster answers."""
    refuse = {"process_request": lambda connection, _: connection.respond(403, json.dumps(FORBIDDEN))}
    with api_server(close, **refuse) as cluster, pytest.raises(UserError) as raised:
        run(cluster)
    assert raised.value.args[0] == "ada may not create pods/exec in namespace airflow"
    assert not isinstance(raised.value, UnreachableError)


def test_a_signal_ends_the_command_and_is_no_refusal(api_server: ApiServer) -> None:
    """The library makes an error of its own of it."""

    def interrupt(*_: object) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        time.sleep(0.5)

    before = signal.signal(signal.SIGUSR1, lambda *_: sys.exit(143))
    with api_server(close, process_request=interrupt) as cluster, pytest.raises(SystemExit) as raised:
        run(cluster)
    signal.signal(signal.SIGUSR1, before)
    assert raised.value.code == 143


@pytest.mark.parametrize(
    ("status", "code"), [({"status": "Success"}, 0), ({"status": "Failure"} | EXIT_3, 3)]
)
def test_a_program_that_ends_is_told_with_its_code(
    api_server: ApiServer, status: dict[str, Any], code: int
) -> None:
    """And with all that it printed."""
    with api_server(told(**status)) as cluster:
        assert run(cluster) == Ended(code, "so far", "a word")


def test_a_program_that_the_cluster_cannot_run_is_told_with_its_reason(api_server: ApiServer) -> None:
    """There is no exit code then, and the cluster is not away."""
    said = f"{PLACE}: the cluster cannot run it: container not found"
    with api_server(told(status="Failure", **GONE)) as cluster, pytest.raises(AerodromeError) as raised:
        run(cluster)
    assert raised.value.args[0] == said and not isinstance(raised.value, UnreachableError)
