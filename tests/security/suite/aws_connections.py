"""Connections of AWS that name a role, as a task of the attacker is given them (moto, in this process)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aerodrome import names
from aerodrome_airflow.secrets.client import AgentClient
from aerodrome_airflow.secrets.protocol import CONNECTION, Answer, Lookup
from results_in_aws import ACCOUNT, AGENT_ROLE, DEPLOYER, PLACE, REGION, ZONE, ResultsInAws, client
from running_agent import running_agent
from suite.place import ATTACKER, VICTIM, Place

ROLES = {whose: f"arn:aws:iam::{ACCOUNT}:role/team/landing-of-{whose}" for whose in (ATTACKER, VICTIM)}
_LISTED = {whose: [role] for whose, role in ROLES.items()}
_NOTE = "connection roles"


@contextmanager
def any_role_for_all(place: Place) -> Iterator[Place]:
    """The zone's agent becomes whatever role a connection names, as a worker with a role of its own does."""
    yield replace(place, notes={_NOTE: {ATTACKER: [*ROLES.values()]}})


def known_as(place: Place, whose: str) -> str:
    """Return as whom AWS knows a task of the attacker whose connection names the role of *whose*."""
    double: ResultsInAws = place.find("results_in_aws_place")
    value = {"conn_type": "aws", "extra": {"region_name": REGION, "role_arn": ROLES[whose]}}
    name = f"/aerodrome/{names.connection_path(PLACE, ATTACKER, 'landing')}"
    text = json.dumps(value)
    double.as_deployer("ssm").put_parameter(Name=name, Value=text, Type="SecureString", Overwrite=True)
    answer = _asked(double.endpoint, place.notes.get(_NOTE, _LISTED))
    if answer.value is None:
        assert answer.outcome == "refused", answer.reason
        return ""
    keys = answer.value["login"], answer.value["password"], answer.value["extra"]["aws_session_token"]
    return str(client("sts", double.endpoint, *keys).get_caller_identity()["Arn"])


def _asked(endpoint: str, listed: Mapping[str, Any]) -> Answer:
    store = {
        "kind": "ssm",
        "region": REGION,
        "number": ACCOUNT,
        "endpoint": endpoint,
        "agent_role": AGENT_ROLE.format(zone=ZONE),
        "login_file": "login.json",
        "connection_roles": listed,
    }
    with tempfile.TemporaryDirectory(prefix="aws-") as made:
        folder = Path(made)
        said = {"socket": str(folder / "s"), "environment": PLACE, "zone": ZONE, "store": store}
        for name, document in {"agent.json": said, "login.json": DEPLOYER}.items():
            (folder / name).write_text(json.dumps(document))
            (folder / name).chmod(0o600)
        with running_agent(folder / "agent.json", hurried=False) as (socket, _):
            return AgentClient(socket, 2).ask(Lookup(ATTACKER, CONNECTION, "landing"))
