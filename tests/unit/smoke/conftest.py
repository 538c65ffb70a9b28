"""The API server that a canary is asked of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from canary_server import Server, serving


@pytest.fixture
def canary_server() -> Callable[..., AbstractContextManager[Server]]:
    """Yields a server that is away every other time, or always."""
    return serving
