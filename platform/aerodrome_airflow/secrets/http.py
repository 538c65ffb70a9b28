"""Calls to Vault or OpenBao, each one connection that ends with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from aerodrome_airflow.secrets.protocol import LONGEST_ANSWER
from aerodrome_airflow.secrets.store import MissingError, RefusedError, UnavailableError, UnusableError

_REFUSED = 403
_MISSING = 404
_BAD = 400


class BadRequestError(UnavailableError):
    """The server cannot do anything with what was asked: ids of no login, a role that is not there."""


class Http:
    """The API below `/v1/` of one server."""

    def __init__(self, url: str, ca_file: str | None = None) -> None:
        self._url = url.rstrip("/")
        # A kept connection may have been closed by a restart of the store, which would look like its absence. And
        # the store is in the platform's own network: a proxy of the environment has no part in it.
        self._client = httpx.AsyncClient(
            verify=_trusted(ca_file), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def get(self, path: str, token: str) -> dict[str, Any]:
        """Return what is at *path*."""
        return await self._call("GET", path, token)

    async def post(self, path: str, token: str | None, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to *document*."""
        return await self._call("POST", path, token, document)

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def _call(
        self, method: str, path: str, token: str | None, document: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {} if token is None else {"X-Vault-Token": token}
        try:
            async with self._client.stream(
                method, f"{self._url}/v1/{path}", headers=headers, json=document
            ) as response:
                content = await self._content(response)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
            # The library's own text may quote the request; the kind of the problem is enough to act on.
            raise UnavailableError(
                f"the secrets store at {self._url} does not answer ({type(problem).__name__})"
            ) from None
        return self._read(response.status_code, content)

    async def _content(self, response: httpx.Response) -> bytes:
        content = b""
        async for piece in response.aiter_bytes():
            content += piece
            if len(content) > LONGEST_ANSWER:
                raise UnusableError(f"it has more than {LONGEST_ANSWER:,} bytes")
        return content

    def _read(self, status: int, content: bytes) -> dict[str, Any]:
        if status == _REFUSED:
            raise RefusedError
        if status == _MISSING:
            raise MissingError
        if status == _BAD:
            raise BadRequestError(f"the secrets store at {self._url} refuses the request as it is")
        if status == httpx.codes.NO_CONTENT:
            return {}
        if status != httpx.codes.OK:
            throttled = status == httpx.codes.TOO_MANY_REQUESTS
            raise UnavailableError(
                f"the secrets store at {self._url} answers with status {status}", throttled=throttled
            )
        try:
            return dict(json.loads(content))
        except (ValueError, TypeError, RecursionError):
            raise UnavailableError(f"what answers at {self._url} is no secrets store") from None


def _trusted(ca_file: str | None) -> Any:
    if ca_file is None:
        return True
    import ssl

    return ssl.create_default_context(cafile=ca_file)
