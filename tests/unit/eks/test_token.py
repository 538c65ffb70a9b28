"""The login to a cluster of AWS (moto's server): whose it is, for which cluster, and for how long."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aerodrome.clients import eks
from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_access import Access
from aerodrome.clients.helm import Helm
from eks_place import NAME, OTHER_ACCOUNT, OTHER_ROLE, REGION, cluster, url_of, whose
from moto.core import DEFAULT_ACCOUNT_ID


def test_a_token_is_a_signed_question_for_one_cluster(aws: str) -> None:
    """GetCallerIdentity, with the cluster's name under the signature, so that no other cluster takes it."""
    token = eks.access(cluster()).user["token"]
    asked = {key: value for key, (value,) in parse_qs(urlsplit(url_of(token)).query).items()}
    assert token.startswith("k8s-aws-v1.") and "=" not in token
    assert asked["Action"] == "GetCallerIdentity" and asked["X-Amz-Expires"] == "60"
    assert asked["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    assert f"/{REGION}/sts/aws4_request" in asked["X-Amz-Credential"]


def test_a_token_is_signed_for_the_sts_of_the_region(logged_in: None) -> None:
    """Nothing is sent: it is a text until the cluster asks."""
    place = urlsplit(url_of(eks.Token(cluster().eks)()))  # type: ignore[arg-type]
    assert (place.scheme, place.netloc, place.path) == ("https", f"sts.{REGION}.amazonaws.com", "/")


def test_the_tokens_of_two_accounts_differ(aws: str) -> None:
    """And AWS tells the cluster which account each is of."""
    own, other = (eks.access(one).user["token"] for one in (cluster(), cluster(OTHER_ACCOUNT, OTHER_ROLE)))
    assert own != other
    assert f"<Account>{DEFAULT_ACCOUNT_ID}</Account>" in whose(own)
    assert f"<Account>{OTHER_ACCOUNT}</Account>" in whose(other)
    assert "assumed-role/deployer/aerodrome-" in whose(other)


def test_a_token_is_made_again_long_before_it_ends(aws: str) -> None:
    """Not for each request: the cluster would ask AWS each time."""
    now = [1000.0]
    token = eks.Token(cluster().eks, lambda: now[0])  # type: ignore[arg-type]
    first = token()
    # What is signed in another second is another text.
    time.sleep(1.1)
    now[0] += 239
    assert token() == first
    now[0] += 1
    assert token() != first and whose(token())


class _ApiServer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with what AWS says of the token."""
        token = self.headers["Authorization"].removeprefix("Bearer ")
        answer = json.dumps({"token": token, "caller": whose(token)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api_server() -> Iterator[str]:
    """An API server that lets in whom AWS knows."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _ApiServer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def at(server: str, access: Access) -> Access:
    """Return *access* with the cluster's address replaced."""
    clusters = [{**access.config["clusters"][0], "cluster": {"server": server}}]
    return replace(access, config={**access.config, "clusters": clusters})


def test_the_api_server_knows_who_deploys(aws: str, api_server: str) -> None:
    """By the token of the role that was assumed."""
    found = Cluster(at(api_server, eks.access(cluster(OTHER_ACCOUNT, OTHER_ROLE)))).get("/version")
    assert f"<Account>{OTHER_ACCOUNT}</Account>" in found["caller"]


def test_each_request_carries_a_token_that_is_good_now(aws: str, api_server: str) -> None:
    """However long ago the access was made."""
    own, other = (eks.access(one) for one in (cluster(), cluster(OTHER_ACCOUNT, OTHER_ROLE)))
    good = [own.user["token"]]
    reached = Cluster(replace(at(api_server, own), fresh=lambda: good[-1]))
    assert reached.get("/a")["token"] == own.user["token"]
    good.append(other.user["token"])
    assert reached.get("/b")["token"] == other.user["token"]


def test_helm_gets_a_token_that_is_good_now(aws: str, tmp_path: Path) -> None:
    """In a file of its own, and not in its arguments."""
    program, seen = tmp_path / "helm", tmp_path / "seen"
    script = f'#!/bin/sh\nfor word; do case $word in /proc/*) cat "$word" >{seen};; esac; done\n'
    program.write_text(f'{script}echo "$@" >>{seen}.args\necho "Error: release: not found" >&2\nexit 1\n')
    program.chmod(0o700)
    access = replace(eks.access(cluster()), fresh=lambda: "made-just-now")
    assert Helm(program, access, "airflow", "airflow").history() == ()
    assert "made-just-now" in seen.read_text() and "k8s-aws-v1" not in seen.read_text()
    assert "made-just-now" not in Path(f"{seen}.args").read_text()


def test_an_access_without_a_token_that_ends_is_what_it_is() -> None:
    """That of a kubeconfig: its own library renews what needs it."""
    access = Access({"users": [{"name": "a", "user": {"token": "t"}}]}, "kubeconfig")
    assert access.renewed() is access


def test_a_renewed_access_differs_in_the_token_alone(aws: str) -> None:
    """Cluster and context stay, and the one that it was made from."""
    made = replace(eks.access(cluster()), fresh=lambda: "new")
    renewed = made.renewed()
    assert renewed.user == {"token": "new"} and made.user != renewed.user
    assert (renewed.cluster, renewed.context, renewed.place) == (made.cluster, made.context, made.place)
    assert NAME in made.context
