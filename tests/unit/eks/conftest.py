"""AWS's double with one cluster in each of two accounts, and who deploys to them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

# Test folders are no packages: the modules here have names of their own.
sys.path.insert(0, str(Path(__file__).parent))

from eks_place import KEY, NAME, OTHER_ROLE, REGION, SECRET, as_role


@pytest.fixture(scope="session")
def double() -> Iterator[str]:
    """The address of the double."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def logged_in(monkeypatch: pytest.MonkeyPatch, nobody: None) -> None:
    """Who deploys, with a login to the first account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who deploys, without any login to AWS and without a kubeconfig."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # It keeps who was logged in when it was first used.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def aws(double: str, logged_in: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An AWS with the cluster in both accounts; the second one's role may be assumed."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", double)
    for client in (boto3.client("eks", REGION), as_role(OTHER_ROLE)):
        client.create_cluster(name=NAME, roleArn=OTHER_ROLE, resourcesVpcConfig={})
    yield double
    for client in (boto3.client("eks", REGION), as_role(OTHER_ROLE)):
        client.delete_cluster(name=NAME)
