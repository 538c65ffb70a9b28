"""The same contract on AWS Parameter Store, and one IAM role for each tenant (moto's server)."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aerodrome import names
from aerodrome.clients.aws import ParameterStore, client
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import state
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import secrets_store
from aerodrome.secrets import access, iam
from aerodrome.secrets.values import stored
from aerodrome.store_settings import SsmSettings
from aerodrome.targets.iam import IamTarget, roles_of
from aerodrome.targets.part import Part
from example import PLACE, environment, many, tenant
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
AGENT = "arn:aws:iam::123456789012:role/airflow-{zone}"
DB = names.connection_path(PLACE, "t01", "db")


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """The address of an AWS that holds nothing."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        for name in ("HTTP_PROXY", "http_proxy", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("NO_PROXY", "127.0.0.1")
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def store(aws: str) -> ParameterStore:
    """The secrets of an environment."""
    return ParameterStore(REGION, "/aerodrome", None, aws)


@pytest.fixture
def target(aws: str) -> Iterator[IamTarget]:
    """The roles of four tenants, brought about."""
    settings = {"region": REGION, "agent_role": AGENT, "endpoint": aws}
    place = environment(store="ssm", ssm=settings, global_variables=["motd"])
    made = IamTarget(place, many(4), roles_of(place))
    made.apply(made.changes(), lambda _: None)
    assert made.changes() == ()
    yield made
    for name in made.roles.read():
        made.roles.delete(name)


def test_a_value_is_written_read_replaced_and_removed(store: ParameterStore, aws: str) -> None:
    """Encrypted, and all of it or nothing."""
    assert store.read(DB) is None
    for password in ("o'ld", "nëw"):
        store.write(DB, {"conn_type": "postgres", "password": password})
        assert store.read(DB) == {"conn_type": "postgres", "password": password}
    raw = client("ssm", REGION, aws).get_parameter(Name=f"/aerodrome/{DB}")["Parameter"]
    assert raw["Type"] == "SecureString" and raw["Value"].startswith("kms:")
    store.delete(DB)
    store.delete(DB)
    assert store.read(DB) is None


def test_more_names_than_a_page_are_found_by_path(store: ParameterStore) -> None:
    """Of one tenant, and not those of the one whose name begins the same."""
    wanted = [f"c{number:02}" for number in range(23)]
    for name in wanted:
        store.write(names.connection_path(PLACE, "paged", name), {"conn_type": "http"})
    store.write(names.connection_path(PLACE, "paged2", "other"), {"conn_type": "http"})
    assert stored(store, PLACE, "paged") == tuple(f"connections/{name}" for name in wanted)


def test_a_value_that_no_parameter_can_hold_is_refused_without_being_told(store: ParameterStore) -> None:
    """Before anything is sent."""
    path = names.connection_path(PLACE, "t01", "large")
    with pytest.raises(AerodromeError, match="8192") as refused:
        store.write(path, {"password": "geheim" * 2000})
    assert "geheim" not in str(refused.value) and store.read(path) is None


@pytest.fixture
def throttled(aws: str) -> Iterator[tuple[str, list[int]]]:
    """An AWS that refuses each first two of three calls, and what it answered."""
    answers: list[int] = []

    class Throttling(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Pass on every third request."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = 400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
            if len(answers) % 3 == 2:
                passed_on = urllib.request.Request(f"{aws}/", body, dict(self.headers))
                status, answer = 200, urllib.request.urlopen(passed_on).read()
            answers.append(status)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Throttling)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


def test_throttling_is_waited_out(throttled: tuple[str, list[int]]) -> None:
    """And is nothing that a person sees."""
    url, answers = throttled
    store = ParameterStore(REGION, "/aerodrome", None, url)
    store.write(names.variable_path(PLACE, "t01", "key"), {"value": "x"})
    assert store.read(names.variable_path(PLACE, "t01", "key")) == {"value": "x"}
    assert answers == [400, 400, 200, 400, 400, 200]


def test_an_aws_that_refuses_is_told_without_the_value(aws: str) -> None:
    """Nor with the request."""
    store = ParameterStore(REGION, "/aws/reserved", None, aws)
    with pytest.raises(AerodromeError, match="AWS refuses PutParameter") as refused:
        store.write(DB, {"password": "geheim"})
    assert "geheim" not in str(refused.value) and refused.value.__context__ is not refused.value.__cause__


def test_each_tenant_has_a_role_that_reads_its_own_parameters(target: IamTarget) -> None:
    """Assumed by the workers of its zone with their zone as the session's only tag."""
    role = target.roles.read()[names.iam_role(PLACE, "t01")]
    (read,) = role.policy["Statement"]
    place = f"arn:aws:ssm:{REGION}:123456789012:parameter/aerodrome/{PLACE}"
    assert read["Resource"] == [f"{place}/global/variables/motd", f"{place}/tenants/t01/connections/db"]
    assert read["Action"] == ["ssm:GetParameter", "ssm:GetParameters"]
    (trust,) = role.trust["Statement"]
    assert trust["Principal"] == {"AWS": AGENT.format(zone="default")}
    assert trust["Condition"]["StringEquals"] == {"aws:RequestTag/aerodrome-zone": "default"}


def test_a_connection_for_personal_data_needs_that_zones_tag(target: IamTarget) -> None:
    """One role, two zones: each reads what may be used there."""
    both = tenant(
        queues=["default", "pii"],
        connections={"open": {"type": "http"}, "people": {"type": "postgres", "queues": ["pii"]}},
    )
    (role,) = iam.desired(target.environment, {"mix": both}).values()
    found = {
        one["Condition"]["StringEquals"]["aws:PrincipalTag/aerodrome-zone"]: [
            arn.rsplit("/", 1)[1] for arn in one["Resource"] if "/tenants/" in arn
        ]
        for one in role.policy["Statement"]
    }
    assert found == {"default": ["open"], "pii": ["open", "people"]}
    assert [one["Principal"]["AWS"].rsplit("-", 1)[1] for one in role.trust["Statement"]] == [
        "default",
        "pii",
    ]


def test_drift_of_a_role_is_told_and_put_right(target: IamTarget, aws: str) -> None:
    """Somebody let themselves in, widened what is read and hung a policy on."""
    name, access_ = names.iam_role(PLACE, "t01"), client("iam", REGION, aws)
    other = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": other})
    access_.update_assume_role_policy(RoleName=name, PolicyDocument=document)
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}]}
    for policy in (iam.POLICY, "extra"):
        access_.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(wide))
    (change,) = target.changes()
    for said in ("999999999999:root, which it should not", "reaches *, which it should not", "policy extra"):
        assert said in change.why
    target.apply((change,), lambda _: None)
    assert target.changes() == ()


def test_a_role_that_a_connection_may_name_is_a_change_of_access(target: IamTarget) -> None:
    """Told when it comes and when it goes; roles of tenants without a connection of AWS stay as they are."""
    role = "arn:aws:iam::444455556666:role/read-landing"
    settings = target.environment.secrets.ssm
    assert settings is not None
    listed = {**settings.model_dump(), "connection_roles": {"t01": [role], "t02": [role]}}
    more = environment(store="ssm", ssm=listed, global_variables=["motd"])
    tenants = {**many(4), "t01": tenant(connections={"db": {"type": "aws"}})}
    wide = replace(target, environment=more, tenants=tenants)
    (change,) = wide.changes()
    assert (change.name, change.risk) == (names.iam_role(PLACE, "t01"), "access")
    assert change.why == f"lacks: reaches {role}; lacks: may do sts:AssumeRole"
    wide.apply((change,), lambda _: None)
    assert wide.changes() == ()
    (back,) = target.changes()
    assert back.why == f"reaches {role}, which it should not; may do sts:AssumeRole, which it should not"


def test_a_removed_tenant_loses_its_role_and_foreign_roles_stay(target: IamTarget, aws: str) -> None:
    """Those of another environment, and those of nobody here."""
    access_ = client("iam", REGION, aws)
    foreign = {"aerodrome-prod.t01": "/aerodrome/prod/", "team": "/"}
    for name, path in foreign.items():
        access_.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument="{}")
    fewer = IamTarget(target.environment, many(1), target.roles)
    assert {c.action for c in fewer.changes()} == {"delete"} and len(fewer.changes()) == 3
    fewer.apply((), lambda _: None)
    left = {role["RoleName"] for role in access_.list_roles()["Roles"]}
    assert left == {names.iam_role(PLACE, "t00"), *foreign}
    for name in foreign:
        access_.delete_role(RoleName=name)


def test_roles_of_before_a_deploy_can_be_brought_back(target: IamTarget) -> None:
    """Those that it removed, those that it made, and those that it changed."""
    before, restore = target.roles.read(), target.remember()
    other = replace(target, tenants={**many(6), "t01": many(40)["t39"]})
    gone = names.iam_role(PLACE, "t00")
    target.roles.delete(gone)
    other.apply((), lambda _: None)
    target.roles.delete(names.iam_role(PLACE, "t03"))
    assert target.roles.read() != before
    restore(lambda _: None)
    assert target.roles.read() == before


def test_roles_are_taken_away_in_a_turn_of_their_own(target: IamTarget) -> None:
    """After all that uses them."""
    fewer = replace(target, tenants=many(1))
    given, taken = (replace(fewer, part=part) for part in (Part.GRANTS, Part.REMOVALS))
    given.apply((), lambda _: None)
    assert given.changes() == () and len(taken.changes()) == 3
    taken.apply((), lambda _: None)
    assert fewer.changes() == ()


def test_an_environment_says_where_its_parameters_are(aws: str) -> None:
    """`make secret` finds the store by environment.yaml alone."""
    settings = SsmSettings(region=REGION, agent_role=AGENT, endpoint=aws, prefix="/else")
    place = environment(store="ssm", ssm=settings.model_dump())
    access.parameters(place).write(DB, {"conn_type": "http"})
    assert ParameterStore(REGION, "/else", None, aws).read(DB) == {"conn_type": "http"}


def test_env_local_can_keep_its_secrets_there(target: IamTarget, repository: Path, tmp_path: Path) -> None:
    """Its plan shows the roles, and what it makes for tenants goes to Parameter Store."""
    platform = Platform(state.locate(repository, tmp_path), target.environment, many(5))
    assert [(c.action, c.name) for c in secrets_store.rules(platform).changes()] == [
        ("create", names.iam_role(PLACE, "t04"))
    ]
    secrets_store.values(platform).write(names.variable_path(PLACE, "t04", "key"), {"value": "x"})
    assert secrets_store.stored(platform, "t04") == ("variables/key",)
