"""`secrets:` of environment.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aerodrome.environment import load_environment
from aerodrome.errors import ProblemsFound

SSM = "{region: eu-central-1, agent_role: 'arn:aws:iam::123456789012:role/airflow-{zone}'}"
LOCAL = """\
kind: local
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: a.jsonl}}
"""
CLUSTER = LOCAL.replace("local", "kubernetes")


def load(root: Path, text: str, name: str = "prod") -> object:
    """Return `secrets` of an environment.yaml with *text*."""
    folder = root / "environments" / name
    folder.mkdir(parents=True)
    (folder / "environment.yaml").write_text(text)
    return load_environment(root, name).secrets


ISSUER = "cluster: {oidc_issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/ABC'}\n"
BUCKET = f"{{kind: s3, s3: {SSM.replace('{r', '{bucket: our-results, r')}}}"


@pytest.mark.parametrize(
    ("cluster", "told"),
    [
        ("{namespace: Air_Flow}", "cluster.namespace: is no name of a namespace"),
        ("{namespace: tenant-platform}", "cluster.namespace: must not begin with 'tenant-'"),
        ("{release: Air.Flow}", "cluster.release: is no name of a Helm release"),
        ("{release: " + "a" * 54 + "}", "cluster.release: is no name of a Helm release"),
        ("{oidc_issuer: 'http://x'}", "cluster.oidc_issuer: must be an https URL"),
        ("{oidc_issuer: 'https://x/*'}", "cluster.oidc_issuer: must be an https URL"),
        ("{oidc_issuer: 'https://x/id/'}", "cluster.oidc_issuer: must be an https URL"),
        ("{oidc_issuer: 'https://x:443/id'}", "cluster.oidc_issuer: must be an https URL"),
        ("{name_space: x}", "unknown key 'name_space'"),
    ],
)
def test_a_mistake_about_the_cluster_is_told(tmp_path: Path, cluster: str, told: str) -> None:
    """Each with what to write."""
    with pytest.raises(ProblemsFound, match=re.escape(told)):
        load(tmp_path, f"{CLUSTER}cluster: {cluster}\n")


def test_a_cluster_has_a_release_unless_it_says_otherwise(tmp_path: Path) -> None:
    """In the namespace and with the name that the documentation uses; ENV=local has none."""
    load(tmp_path, CLUSTER)
    found = load_environment(tmp_path, "prod").cluster
    assert (found.namespace, found.release, found.oidc_provider) == ("airflow", "airflow", None)
    with pytest.raises(ProblemsFound, match="cluster: has no effect with kind: local"):
        load(tmp_path, f"{LOCAL}cluster: {{namespace: flows}}\n", "here")


@pytest.mark.parametrize(
    ("key", "stores"),
    [("secrets.store", f"secrets: {{store: ssm, ssm: {SSM}}}\n"), ("results.kind", f"results: {BUCKET}\n")],
)
def test_pods_need_an_issuer_to_be_somebody_in_aws(tmp_path: Path, key: str, stores: str) -> None:
    """Where a zone's workers are in the cluster; on hosts they log in otherwise."""
    with pytest.raises(
        ProblemsFound, match=f"{key}: pods show AWS who they are by the cluster's OIDC issuer"
    ):
        load(tmp_path, CLUSTER + stores)
    load(tmp_path, CLUSTER + stores + ISSUER, "named")
    hosts = CLUSTER.replace("{default: {}}", "{default: {workers: hosts}}")
    load(tmp_path, hosts + stores, "hosts")


@pytest.mark.parametrize(
    ("base", "secrets", "told"),
    [
        (LOCAL, "{fresh_seconds: 1000}", r"stale_seconds: is less than"),
        (LOCAL, "{global_variables: [a, a]}", "'a' is named twice"),
        (LOCAL, "{store: ssm}", "ssm needs a region"),
        (LOCAL, f"{{ssm: {SSM}}}", "has no effect with store: vault"),
        (LOCAL, "{vault: {url: 'https://x'}}", "has no effect with kind: local"),
        (LOCAL, "{vault: {ca_file: ca.pem}}", "ca_file: has no effect with kind: local"),
        (
            CLUSTER,
            "{vault: {url: 'http://x', ca_file: ca.pem}}",
            "has no effect without an address that begins",
        ),
        (CLUSTER, "{vault: {url: 'https://me@x'}}", r"must be an http\(s\) URL without"),
        (
            LOCAL,
            f"{{store: ssm, vault: {{kubernetes_mount: k}}, ssm: {SSM}}}",
            "has no effect with store: ssm",
        ),
        (LOCAL, f"{{store: ssm, ssm: {SSM.replace('{zone}', 'x')}}}", "with {zone} in it once"),
        (LOCAL, f"{{store: ssm, ssm: {SSM.replace('eu-central-1', 'here')}}}", "is no AWS region"),
        (LOCAL, f"{{store: ssm, ssm: {SSM.replace('{r', '{prefix: /aws/x, r')}}}", "none of AWS's own"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, base: str, secrets: str, told: str) -> None:
    """Each with what to write."""
    with pytest.raises(ProblemsFound, match=told):
        load(tmp_path, f"{base}secrets: {secrets}\n")


def test_names_of_iam_roles_stay_short_enough(tmp_path: Path) -> None:
    """They begin with the environment's name."""
    with pytest.raises(ProblemsFound, match="22 characters at most"):
        load(tmp_path, f"{LOCAL}secrets: {{store: ssm, ssm: {SSM}}}\n", "a" * 23)


def test_parameter_store_is_found_by_region_and_role(tmp_path: Path) -> None:
    """The account is the role's."""
    settings = load(tmp_path, f"{LOCAL}secrets: {{store: ssm, ssm: {SSM}}}\n").ssm  # type: ignore[attr-defined]
    assert (settings.account, settings.partition) == ("123456789012", "aws")
    assert settings.agent("pii") == "arn:aws:iam::123456789012:role/airflow-pii"
