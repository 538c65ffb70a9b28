"""Airflow has no web socket; one that a plugin brings is a route that nobody has decided about."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome_airflow.auth.gate import TenantGate
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect


async def _secret(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("of all tenants")


def _client(app: Any) -> TestClient:
    return TestClient(app)


@pytest.mark.parametrize("path", ["/plugin/live", "/plugin/live?token=x", "/nothing"])
def test_a_websocket_is_closed_by_the_gate(path: str) -> None:
    """Before any route sees it, whatever its path and whoever asks."""
    app = TenantGate(Starlette(routes=[WebSocketRoute("/plugin/live", _secret)]))
    headers = {"Authorization": "Bearer x", "Cookie": "_token=x"}
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        _client(app).websocket_connect(path, headers=headers) as socket,
    ):
        socket.receive_text()
    assert closed.value.code == 1008


def test_without_the_gate_the_route_answers() -> None:
    """What the gate is for."""
    app = Starlette(routes=[WebSocketRoute("/plugin/live", _secret)])
    with _client(app).websocket_connect("/plugin/live") as socket:
        assert socket.receive_text() == "of all tenants"
