"""AWS's registry of images (moto, in this process)."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from aerodrome.clients import ecr
from aerodrome.clients.registry import Login
from aerodrome.errors import AerodromeError
from moto import mock_aws

REGION, ACCOUNT = "eu-central-1", "123456789012"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS without repositories."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    with mock_aws():
        yield


@pytest.fixture
def aws_left(aws: None) -> None:
    """An AWS that was asked before, by somebody who was logged in."""
    ecr.login(HOST)
    boto3.client("ecr", region_name=REGION).get_authorization_token()


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        (HOST, True),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", True),
        (f"{HOST}.example.org", False),
        (f"x{HOST}", False),
        ("registry.example.org", False),
    ],
)
def test_a_registry_of_aws_is_known_by_its_name(host: str, is_one: bool) -> None:
    """All of it: a login of AWS goes nowhere else."""
    assert ecr.is_ecr(host) is is_one


def test_the_login_is_that_of_aws(aws: None) -> None:
    """Of the account and the region that the name says."""
    assert ecr.login(HOST) == Login("AWS", f"{ACCOUNT}-auth-token")


def test_a_repository_is_made_once(aws: None) -> None:
    """Its tags never move, and its images are scanned."""
    assert ecr.ensure_repository(HOST, "airflow/platform") is True
    assert ecr.ensure_repository(HOST, "airflow/platform") is False
    (found,) = boto3.client("ecr", region_name=REGION).describe_repositories()["repositories"]
    assert found["repositoryName"] == "airflow/platform" and found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}


def test_without_a_login_to_aws_the_way_to_one_is_told(
    aws_left: None, monkeypatch: pytest.MonkeyPatch, nobodys_home: object
) -> None:
    """No traceback of its library, and nobody's login of before."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AerodromeError) as told:
        ecr.login(HOST)
    assert str(told.value) == (
        "nobody is logged in to AWS on this machine\n"
        "    log in: `aws sso login`, or set AWS_PROFILE; `aws sts get-caller-identity` says who you are"
    )
