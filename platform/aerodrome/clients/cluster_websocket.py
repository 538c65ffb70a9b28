"""What an API server says to a websocket that it does not open (kubernetes)."""

from __future__ import annotations

from kubernetes.client.exceptions import ApiException
from websocket import WebSocketBadStatusException

from aerodrome.clients.cluster_failures import refused

OF_LIBRARY = (ApiException, AttributeError)
"""The library makes an ApiException of whatever ends its call, and stumbles over that as it has no body."""


def why(problem: BaseException, server: str, place: str) -> BaseException:
    """Return what the library made *problem* of: what *server* refuses *place* with, no answer, a signal."""
    while isinstance(problem, OF_LIBRARY) and problem.__context__ is not None:
        problem = problem.__context__
    if not isinstance(problem, WebSocketBadStatusException):
        return problem
    body = bytes(problem.resp_body or b"")
    return refused(problem.status_code, str(problem.status_message), body, server, place)
