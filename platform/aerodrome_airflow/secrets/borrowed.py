"""A client of AWS whose credentials the zone's agent lends, again and again before they end.

This process holds no key of its own: one that stands in its environment is not looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import Lookup

RENEW_SECONDS = 240
"""So long before their end credentials are renewed, where that is possible; who gets none goes on with the old."""
END_SECONDS = 30
"""So long before their end they are not used any more."""
_ENDED = "what AWS lends has ended already: compare the clock of this machine with AWS's"
# Airflow's debug log would else hold the tokens that go with each request.
_TALKATIVE = ("boto3", "botocore")
Now = Callable[[], datetime]
Ask = Callable[[], Mapping[str, str]]


def now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class NotLentError(Exception):
    """Why the agent lends nothing that is of use."""


def lent(agent: AgentClient, lookup: Lookup, clock: Now = now, remedy: str = "") -> dict[str, str]:
    """Return what *agent* lends until later than *clock* says.

    NotLentError where that has ended already, or where it lends nothing: there *remedy* follows what the agent says.
    """
    answer = agent.ask(lookup)
    if answer.outcome != "value" or answer.value is None:
        raise NotLentError(f"{answer.reason}{remedy}")
    found = {name: str(text) for name, text in answer.value.items()}
    if datetime.fromisoformat(found["expiry_time"]) <= clock():
        raise NotLentError(_ENDED)
    return found


@dataclass(frozen=True)
class Waiting:
    """How long one attempt may take, in seconds, and how many there are."""

    connect: float
    read: float
    attempts: int


@dataclass(frozen=True)
class _Lender:
    """What a session of botocore asks for credentials, in the place of all its own ways to find some."""

    load_credentials: Callable[[], Any]


def client(ask: Ask, waiting: Waiting, clock: Now = now, **place: Any) -> Any:
    """Return a client of S3 at *place* (boto3's words) that signs with what *ask* is told by the agent."""
    import boto3
    import botocore.session
    from botocore.config import Config

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)
    asking = botocore.session.Session()
    asking.register_component("credential_provider", _Lender(lambda: _renewed(ask, clock)))
    retries = {"max_attempts": waiting.attempts, "mode": "standard"}
    config = Config(connect_timeout=waiting.connect, read_timeout=waiting.read, retries=retries)
    return boto3.session.Session(botocore_session=asking).client("s3", config=config, **place)


def _renewed(ask: Ask, clock: Now) -> Any:
    from botocore.credentials import RefreshableCredentials

    first = ask()
    keys = (first["access_key"], first["secret_key"], first["token"])
    ends = datetime.fromisoformat(first["expiry_time"])
    return RefreshableCredentials(*keys, ends, ask, "aerodrome", clock, RENEW_SECONDS, END_SECONDS)
