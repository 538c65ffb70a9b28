"""No request is longer than any that a person, a program or a task has reason to send: an ASGI middleware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 16 * 1024 * 1024
"""Bytes. Airflow holds the whole of a request in memory, of who has not logged in too."""
_TOO_LONG = 413
_TOLD = f"a request may have {LARGEST:,} bytes"


class ShortBodies:
    """Answers 413 to a request that is longer, before all of it has come."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, as far as it goes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _announced(scope) > LARGEST:
            await JSONResponse({"detail": _TOLD}, _TOO_LONG)(scope, receive, send)
        else:
            counted = _Counted(receive, send)
            await self.app(scope, counted.receive, counted.send)


def _announced(scope: Scope) -> int:
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isdecimal() else 0


@dataclass
class _Counted:
    """One request whose length need not have been announced."""

    source: Receive
    sink: Send
    size: int = 0

    async def receive(self) -> Message:
        message = await self.source()
        self.size += len(message.get("body", b""))
        if self.size > LARGEST:
            raise HTTPException(_TOO_LONG, _TOLD)
        return message

    async def send(self, message: Message) -> None:
        # Whoever reads the body may have made another error of it.
        if self.size > LARGEST and message["type"] == "http.response.start":
            message = {**message, "status": _TOO_LONG}
        await self.sink(message)
