"""A cluster of AWS is found by its name, with the account that the environment is in (moto's server)."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from aerodrome.clients import aws_session, eks
from aerodrome.clients.aws import BoundRoles, ParameterStore
from aerodrome.clients.aws_session import require_account, session, session_name
from aerodrome.clients.cluster_access import Access
from aerodrome.cluster_settings import ClusterSettings
from aerodrome.environment import Environment
from aerodrome.errors import AerodromeError, UserError
from aerodrome.kubernetes import reach
from aerodrome.secrets.access import parameters
from eks_place import KEY, NAME, OTHER_ACCOUNT, OTHER_ROLE, REGION, SECRET, cluster
from moto.core import DEFAULT_ACCOUNT_ID
from moto.eks.models import eks_backends

LOG_IN = "log in: `aws sso login`, or set AWS_PROFILE; `aws sts get-caller-identity` says who you are"
WRONG = (
    f"wrong account for the environment: ENV=prod is in the AWS account {OTHER_ACCOUNT}, and you are logged in to "
    f"{DEFAULT_ACCOUNT_ID}\n    set AWS_PROFILE to a login to {OTHER_ACCOUNT}, or ENV to an environment of "
    f"{DEFAULT_ACCOUNT_ID}; nothing was changed"
)


def environment(settings: ClusterSettings, **more: Any) -> Environment:
    """Return an environment with the cluster of *settings*."""
    return Environment.model_validate(
        {
            "name": "prod",
            "kind": "kubernetes",
            "zones": {"default": {}},
            "queues": {"default": {"zone": "default"}},
            "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
            "cluster": settings,
            **more,
        }
    )


def test_a_cluster_is_reached_without_a_kubeconfig(aws: str) -> None:
    """With the address and the authority that AWS tells."""
    told = boto3.client("eks", REGION).describe_cluster(name=NAME)["cluster"]
    found = reach.access(environment(cluster()))
    assert (found.server, found.context) == (told["endpoint"], told["arn"])
    assert found.cluster["certificate-authority-data"] == told["certificateAuthority"]["data"]
    assert found.place == f"EKS cluster {NAME} in {REGION}"


def test_a_cluster_of_a_role_is_that_of_its_account(aws: str) -> None:
    """Two accounts have one of the same name."""
    assert f":{OTHER_ACCOUNT}:" in reach.access(environment(cluster(OTHER_ACCOUNT, OTHER_ROLE))).context


def test_a_context_is_one_of_a_kubeconfig(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS is not asked."""
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    with pytest.raises(UserError, match=r"^/nowhere: no such file, so no cluster is known"):
        reach.access(environment(ClusterSettings(context="sandbox")))


def test_the_wrong_account_is_told_with_both(aws: str) -> None:
    """With the environment, and what to do."""
    with pytest.raises(UserError) as told:
        reach.access(environment(cluster(OTHER_ACCOUNT)))
    assert str(told.value) == WRONG


def test_no_secret_goes_to_the_wrong_account(aws: str) -> None:
    """With the login to one account, that of the other environment's would be written over."""
    agent = f"arn:aws:iam::{OTHER_ACCOUNT}:role/airflow-{{zone}}"
    ssm = {"store": "ssm", "ssm": {"region": REGION, "agent_role": agent}}
    with pytest.raises(UserError, match=r"^wrong account for the environment: ENV=prod is in"):
        parameters(environment(cluster(OTHER_ACCOUNT), secrets=ssm))
    store = parameters(environment(cluster(OTHER_ACCOUNT, OTHER_ROLE), secrets=ssm))
    assert isinstance(store, ParameterStore)
    store.write("prod/tenants/t/variables/v", {"value": "x"})
    assert ParameterStore(REGION, "/aerodrome").names("prod/tenants/t/variables") == ()


def test_the_right_account_is_no_mistake(aws: str) -> None:
    """Of who deploys, or of the role that they assume."""
    for settings in (cluster(), cluster(OTHER_ACCOUNT, OTHER_ROLE)):
        require_account(settings.eks, "prod")  # type: ignore[arg-type]


def test_a_cluster_that_there_is_not_is_told_with_its_account(aws: str) -> None:
    """And where its name stands."""
    with pytest.raises(UserError) as told:
        eks.access(cluster(eks={"name": "airflow-pord"}))
    place = f"EKS cluster airflow-pord in {REGION} of the AWS account {DEFAULT_ACCOUNT_ID}"
    assert str(told.value) == f"there is no {place}\n    cluster.eks of environment.yaml names it"


def test_a_cluster_that_is_being_made_is_told(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no address yet."""
    live = eks_backends[DEFAULT_ACCOUNT_ID][REGION].clusters[NAME]
    monkeypatch.setattr(live, "status", "CREATING")
    monkeypatch.setattr(live, "endpoint", None)
    with pytest.raises(UserError) as told:
        eks.access(cluster())
    said = f"EKS cluster {NAME} in {REGION} is CREATING: it has no address\n    try again when it is ACTIVE"
    assert str(told.value) == said


def test_another_issuer_than_the_clusters_is_refused(aws: str) -> None:
    """Roles would trust the pods of another cluster."""
    wrong = "https://oidc.eks.eu-central-1.amazonaws.com/id/WRONG"
    live = boto3.client("eks", REGION).describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"]
    with pytest.raises(UserError) as told:
        eks.access(cluster(oidc_issuer=wrong))
    assert str(told.value) == (
        f"the OIDC issuer of EKS cluster {NAME} in {REGION} is {live}, and environment.yaml says {wrong}\n"
        "    write that into cluster.oidc_issuer: roles in AWS would trust the pods of another cluster"
    )
    assert eks.access(cluster(oidc_issuer=live)).context


def test_without_a_login_the_way_to_one_is_told(nobody: None) -> None:
    """Before anything is asked."""
    with pytest.raises(UserError) as told:
        reach.access(environment(cluster()))
    assert str(told.value) == f"nobody is logged in to AWS on this machine\n    {LOG_IN}"


@pytest.mark.parametrize("settings", [cluster(), cluster(OTHER_ACCOUNT, OTHER_ROLE)])
def test_a_profile_that_there_is_not_is_told(
    nobody: None, monkeypatch: pytest.MonkeyPatch, settings: ClusterSettings
) -> None:
    """As a login that serves no more."""
    monkeypatch.setenv("AWS_PROFILE", "porduction")
    with pytest.raises(UserError) as told:
        reach.access(environment(settings))
    said = f"the login to AWS of this machine serves no more: ProfileNotFound\n    {LOG_IN}"
    assert str(told.value) == said


@pytest.fixture
def refusing(logged_in: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An AWS that refuses everything with the error code in the list."""
    codes: list[str] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Refuse."""
            self.rfile.read(int(self.headers["Content-Length"]))
            said = f"<Code>{codes[-1]}</Code><Message>{KEY} {SECRET}</Message>"
            answer = f"<ErrorResponse><Error>{said}</Error></ErrorResponse>".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield codes
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"])
def test_a_login_that_is_over_is_told(refusing: list[str], code: str) -> None:
    """With how to get another, and without what AWS says of keys."""
    refusing.append(code)
    with pytest.raises(UserError) as told:
        reach.access(environment(cluster()))
    assert str(told.value) == f"AWS does not know you, or no more: {code}\n    {LOG_IN}"


def test_a_role_that_does_not_trust_is_told_by_its_name(refusing: list[str]) -> None:
    """And what it takes to be it."""
    refusing.append("AccessDenied")
    with pytest.raises(UserError) as told:
        reach.access(environment(cluster(OTHER_ACCOUNT, OTHER_ROLE)))
    assert str(told.value) == (
        f"AWS does not let you assume {OTHER_ROLE}\n    its trust policy must name you, and yours must allow "
        "sts:AssumeRole of it; `aws sts get-caller-identity` says who you are"
    )


def test_other_refusals_are_told_with_what_was_asked(refusing: list[str]) -> None:
    """By the name of the action."""
    refusing.append("AccessDenied")
    with pytest.raises(AerodromeError, match=r"^AWS refuses GetCallerIdentity: AccessDenied\n"):
        reach.access(environment(cluster()))


def all_of(error: BaseException) -> str:
    """Return everything that a person or a log could be shown of *error*."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("ExpiredToken", cluster()),
        ("AccessDenied", cluster()),
        ("AccessDenied", cluster(OTHER_ACCOUNT, OTHER_ROLE)),
        ("ExpiredToken", cluster(OTHER_ACCOUNT, OTHER_ROLE)),
    ],
)
def test_no_key_is_in_what_is_told_of_a_failure(
    refusing: list[str], code: str, settings: ClusterSettings
) -> None:
    """Nor what AWS answered, which may repeat one."""
    refusing.append(code)
    for ask in (reach.access, lambda place: eks.access(place.cluster)):
        with pytest.raises(AerodromeError) as told:
            ask(environment(settings))
        assert KEY not in all_of(told.value) and SECRET not in all_of(told.value)


def test_no_object_shows_a_token_or_a_key(aws: str) -> None:
    """As text or as its parts; what a debugger prints goes into logs too."""
    who = cluster(OTHER_ACCOUNT, OTHER_ROLE)
    access, made = eks.access(who), session(who.eks)
    lent = made.get_credentials().get_frozen_credentials()
    stores = (BoundRoles("/a/", "b", REGION, session=made), ParameterStore(REGION, "/a", session=made))
    hidden = (access.user["token"], lent.secret_key, lent.token, SECRET)
    for one in (access, access.renewed(), access.fresh, made, made.get_credentials(), *stores):
        shown = f"{one!r} {one}"
        assert not [text for text in hidden if text in shown], type(one)


def test_no_token_is_written_to_a_log(aws: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is logged, and by whom."""
    caplog.set_level("INFO")
    access: Access = eks.access(cluster(OTHER_ACCOUNT, OTHER_ROLE)).renewed()
    assert access.user["token"] not in caplog.text and SECRET not in caplog.text


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("ada.l+x@example.org", "aerodrome-ada.l+x@example.org"),
        ("CORP\\äda b", "aerodrome-CORP--da-b"),
        ("x" * 99, f"aerodrome-{'x' * 54}"),
    ],
)
def test_a_session_tells_who_is_behind_a_role(monkeypatch: pytest.MonkeyPatch, user: str, name: str) -> None:
    """In what AWS takes for a name."""
    monkeypatch.setenv("LOGNAME", user)
    assert session_name() == name


def test_nobody_becomes_a_role_that_is_not_asked_for() -> None:
    """Neither without a cluster of AWS nor without a role."""
    assert aws_session.session(None) is None and aws_session.session(cluster().eks) is None
