"""What lets the agents of this machine log in to AWS, and what they are told about the account."""

from __future__ import annotations

import json
from typing import Any

from aerodrome.aws_settings import AwsSettings
from aerodrome.clients import aws
from aerodrome.errors import UserError
from aerodrome.local.machine.platform import Platform

FILE = "aws-login.json"


def told(settings: AwsSettings, zone: str) -> dict[str, Any]:
    """Return what the agent of *zone* is told about the account of *settings*."""
    return {
        "region": settings.region,
        "number": settings.account,
        "partition": settings.partition,
        "endpoint": settings.endpoint,
        # All zones share this machine and its credentials: each agent goes on as the role of its zone.
        "agent_role": settings.agent(zone),
        "login_file": FILE,
    }


def files(platform: Platform, needed_for: str) -> dict[str, str]:
    """Return the file with the credentials of who deploys, as the last deploy found them where there are none now.

    UserError where a deploy finds none; *needed_for*: the setting that wants them.
    """
    kept, found = platform.credentials.find(FILE), aws.own_credentials()
    if found is None and kept is None and not platform.looked_at:
        remedy = (
            "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile, or give this machine a role"
        )
        raise UserError(f"{needed_for} needs AWS credentials, and there are none here", remedy)
    if found is None:
        return {FILE: kept or "{}"}
    text = json.dumps(found, sort_keys=True)
    if text != kept and not platform.looked_at:
        platform.credentials.replace(FILE, text)
    return {FILE: text}
