"""AWS's double (moto, in this process), as processes with little patience may ask it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@contextmanager
def running_double() -> Iterator[str]:
    """Run the double and yield its address; it has answered once for each service that agents ask."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
        _answer_once(endpoint)
        yield endpoint
    finally:
        server.stop()


def _answer_once(endpoint: str) -> None:
    # The double loads a service with its first request, on a busy machine longer than an agent waits.
    def client(service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=endpoint,
            region_name="eu-central-1",
            aws_access_key_id="first",
            aws_secret_access_key="first",
        )

    client("sts").get_caller_identity()
    client("ssm").describe_parameters()
