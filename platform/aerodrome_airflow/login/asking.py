"""Where a request comes from, and cookies that only travel encrypted: an ASGI middleware of the API server."""

from __future__ import annotations

import ipaddress
from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow.configuration import conf

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COOKIE, _SECURE = b"set-cookie", b"secure"
_ADDRESS: ContextVar[str] = ContextVar("aerodrome_address", default="")


def address() -> str:
    """Return the address that asks now, or an empty text where it is not known."""
    return _ADDRESS.get()


def from_this_machine() -> bool:
    """Return whether a program on this machine asks now; where that is not known, none does."""
    try:
        return ipaddress.ip_address(address()).is_loopback
    except ValueError:
        return False


class LoginSurroundings:
    """Notes the address of each request, and marks every cookie `Secure` where people come by https."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.encrypted = urlsplit(conf.get("api", "base_url", fallback="")).scheme == "https"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        noted = _ADDRESS.set(scope["client"][0] if scope.get("client") else "")

        async def answer(message: Message) -> None:
            if self.encrypted and message["type"] == "http.response.start":
                message["headers"] = [_marked(*header) for header in message.get("headers", ())]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            _ADDRESS.reset(noted)


def _marked(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return the header; behind a proxy that ends TLS, Airflow takes requests for plain ones and marks no cookie."""
    parts = {part.strip().lower() for part in value.split(b";")[1:]}
    return (name, value + b"; Secure") if name.lower() == _COOKIE and _SECURE not in parts else (name, value)
