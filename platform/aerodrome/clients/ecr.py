"""AWS's registry of images: its login, and repositories that must exist before a push (boto3)."""

from __future__ import annotations

import base64
import re
from typing import Any

from aerodrome.clients.aws import client, told
from aerodrome.clients.registry import Login

_HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")


def is_ecr(host: str) -> bool:
    """Return whether the registry *host* is one of AWS."""
    return _HOST.fullmatch(host) is not None


def login(host: str) -> Login:
    """Return a login, good for twelve hours, of whoever runs this in AWS."""
    found = _parts(host)
    with told():
        answer = _client(found["region"]).get_authorization_token(registryIds=[found["account"]])
    text = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
    user, _, password = text.partition(":")
    return Login(user, password)


def ensure_repository(host: str, name: str) -> bool:
    """Return whether the repository *name* was missing and is made now: tags in it never move, images are scanned."""
    found = _parts(host)
    with told("RepositoryAlreadyExistsException"):
        _client(found["region"]).create_repository(
            registryId=found["account"],
            repositoryName=name,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )
        return True
    return False


def _parts(host: str) -> dict[str, str]:
    found = _HOST.fullmatch(host)
    assert found is not None
    return found.groupdict()


def _client(region: str) -> Any:
    return client("ecr", region, None)
