"""What lets an agent lend the roles by which large results are reached; nothing where they go to a folder."""

from __future__ import annotations

from typing import Any

from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import aws_login


def in_bucket(platform: Platform) -> bool:
    """Return whether large results go to S3."""
    return platform.environment.results.kind == "s3"


def store(platform: Platform, zone: str) -> dict[str, Any]:
    """Return what the agent of *zone* is told about results."""
    s3 = platform.environment.results.s3
    return {} if s3 is None else {"results": aws_login.told(s3, zone)}


def files(platform: Platform) -> dict[str, str]:
    """Return the login, which reads no result: it lets the agent act as one tenant at a time."""
    return aws_login.files(platform, "results: {kind: s3}") if in_bucket(platform) else {}
