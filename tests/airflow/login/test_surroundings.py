"""What every request of the API server passes: its address is noted, its cookies are marked."""

from __future__ import annotations

import httpx
import pytest
from aerodrome_airflow.login import asking
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def _page(request: Request) -> PlainTextResponse:
    answer = PlainTextResponse(f"{asking.address()} {asking.from_this_machine()}")
    answer.set_cookie("plain", "1", httponly=True)
    answer.set_cookie("marked", "1", secure=True)
    return answer


async def _asked(client: str, base_url: str, monkeypatch: pytest.MonkeyPatch) -> httpx.Response:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    app = asking.LoginSurroundings(Starlette(routes=[Route("/", _page)]))
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as asking_client:
        return await asking_client.get("/")


@pytest.mark.parametrize(
    ("client", "here"), [("127.0.0.1", True), ("::1", True), ("10.1.2.3", False), ("testclient", False)]
)
def test_the_address_of_a_request_is_known_to_its_page(
    client: str, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the thread that answers; what is no address is not this machine."""
    import asyncio

    answer = asyncio.run(_asked(client, "http://airflow.example", monkeypatch))
    assert answer.text == f"{client} {here}"
    assert asking.address() == "" and not asking.from_this_machine()


def test_cookies_travel_encrypted_where_people_come_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also behind a proxy that ends TLS; each is marked once."""
    import asyncio

    encrypted = asyncio.run(_asked("10.1.2.3", "https://airflow.example", monkeypatch))
    assert [text.count("ecure") for text in encrypted.headers.get_list("set-cookie")] == [1, 1]
    plain = asyncio.run(_asked("10.1.2.3", "http://airflow.example", monkeypatch))
    assert [text.count("ecure") for text in plain.headers.get_list("set-cookie")] == [0, 1]
