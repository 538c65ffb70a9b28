"""AWS: Systems Manager Parameter Store, and the IAM roles that may read it (boto3)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aerodrome.errors import AerodromeError

# AWS's own limits for a parameter: those of the standard tier are 4 KiB.
LARGEST = 8192
ATTEMPTS = 8
TIMEOUT = 10


# Whoever asks on the machine is given these, and given new ones in time.
_OF_MACHINE = frozenset({"iam-role", "container-role"})


def own_credentials() -> dict[str, str] | None:
    """Return the credentials of who runs this program; empty where they are the machine's role, None where none are."""
    import boto3

    with told():
        found = boto3.session.Session().get_credentials()
        if found is None or found.method in _OF_MACHINE:
            return None if found is None else {}
        frozen = found.get_frozen_credentials()
    parts = {"access_key": frozen.access_key, "secret_key": frozen.secret_key, "token": frozen.token}
    return {name: str(value) for name, value in parts.items() if value}


@dataclass(frozen=True)
class ParameterStore:
    """Connections and variables as parameters that only KMS can read; each is one JSON document."""

    region: str
    prefix: str
    kms_key: str | None = None
    endpoint: str | None = None

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the newest value at *path*."""
        with told("ParameterNotFound"):
            found = self._ssm.get_parameter(Name=self._name(path), WithDecryption=True)
            return _document(path, found["Parameter"]["Value"])
        return None

    def write(self, path: str, value: Mapping[str, Any]) -> None:
        """Put a new version of *path*: all of it or nothing."""
        text = json.dumps(value, ensure_ascii=False)
        if len(text.encode()) > LARGEST:
            raise AerodromeError(f"{path} has more than {LARGEST} bytes", "AWS keeps no larger parameter")
        key = {"KeyId": self.kms_key} if self.kms_key else {}
        with told():
            self._ssm.put_parameter(
                Name=self._name(path),
                Value=text,
                Type="SecureString",
                Tier="Intelligent-Tiering",
                Overwrite=True,
                **key,
            )

    def delete(self, path: str) -> None:
        """Remove *path* with all its versions."""
        with told("ParameterNotFound"):
            self._ssm.delete_parameter(Name=self._name(path))

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names directly in *folder*, sorted; no value is decrypted for it."""
        place = self._name(folder)
        pages = self._ssm.get_paginator("get_parameters_by_path")
        with told():
            found = [
                p["Name"]
                for page in pages.paginate(Path=place, WithDecryption=False)
                for p in page["Parameters"]
            ]
        return tuple(sorted(name.removeprefix(f"{place}/") for name in found))

    def _name(self, path: str) -> str:
        return f"{self.prefix}/{path}"

    @cached_property
    def _ssm(self) -> Any:
        return client("ssm", self.region, self.endpoint)


@dataclass(frozen=True)
class Role:
    """An IAM role: who may assume it, and what it may do."""

    trust: Mapping[str, Any]
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Roles:
    """The IAM roles at one path, each with one inline policy called *policy_name*. All others are never seen."""

    path: str
    policy_name: str
    region: str
    endpoint: str | None = None

    def read(self) -> dict[str, Role]:
        """Return name → role of all of them; what somebody else hung on one is told by :meth:`extras`."""
        pages = self._iam.get_paginator("list_roles")
        with told():
            found = [role for page in pages.paginate(PathPrefix=self.path) for role in page["Roles"]]
        return {
            role["RoleName"]: Role(_policy(role["AssumeRolePolicyDocument"]), self._policy(role["RoleName"]))
            for role in found
        }

    def extras(self, name: str) -> tuple[str, ...]:
        """Return the other policies of a role, which give it rights that no deploy gave it."""
        with told():
            inline = self._all("list_role_policies", "PolicyNames", name)
            attached = self._all("list_attached_role_policies", "AttachedPolicies", name)
        return (*(n for n in inline if n != self.policy_name), *(policy["PolicyArn"] for policy in attached))

    def put(self, name: str, role: Role) -> None:
        """Create a role, or change trust and policy of the one that is there, and take away what else it has."""
        trust = json.dumps(role.trust)
        with told("EntityAlreadyExists"):
            self._iam.create_role(RoleName=name, Path=self.path, AssumeRolePolicyDocument=trust)
        with told():
            self._iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
            policy = json.dumps(role.policy, separators=(",", ":"))
            self._iam.put_role_policy(RoleName=name, PolicyName=self.policy_name, PolicyDocument=policy)
        self._strip(name, self.extras(name))

    def delete(self, name: str) -> None:
        """Remove a role with its policies."""
        self._strip(name, (*self.extras(name), self.policy_name))
        with told("NoSuchEntity"):
            self._iam.delete_role(RoleName=name)

    def _strip(self, name: str, policies: tuple[str, ...]) -> None:
        for policy in policies:
            with told("NoSuchEntity"):
                if policy.startswith("arn:"):
                    self._iam.detach_role_policy(RoleName=name, PolicyArn=policy)
                else:
                    self._iam.delete_role_policy(RoleName=name, PolicyName=policy)

    def _policy(self, name: str) -> Mapping[str, Any]:
        with told("NoSuchEntity"):
            return _policy(
                self._iam.get_role_policy(RoleName=name, PolicyName=self.policy_name)["PolicyDocument"]
            )
        return {}

    def _all(self, call: str, key: str, name: str) -> list[Any]:
        return [
            entry for page in self._iam.get_paginator(call).paginate(RoleName=name) for entry in page[key]
        ]

    @cached_property
    def _iam(self) -> Any:
        return client("iam", self.region, self.endpoint)


def client(service: str, region: str, endpoint: str | None) -> Any:
    """Return a client that waits and tries again where AWS asks it to, longer each time."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(retries=retries, connect_timeout=TIMEOUT, read_timeout=TIMEOUT)
    # A session of its own: the library's common one keeps acting as who it was first used by.
    session = boto3.session.Session()
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


@contextmanager
def told(expected: str = "") -> Iterator[None]:
    """Tell what AWS refuses without repeating what was sent; the error *expected* ends the block and nothing else."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as problem:
        error = problem.response.get("Error", {})
        if error.get("Code") != expected:
            said = f"AWS refuses {problem.operation_name}: {error.get('Code')}"
            raise AerodromeError(said, "see who you are: aws sts get-caller-identity") from None
    except BotoCoreError as problem:
        raise AerodromeError(
            f"AWS does not answer: {type(problem).__name__}", "check region and login"
        ) from None


def _document(path: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AerodromeError(f"{path} holds no JSON object", "write it again with `make secret`")
    return found


def _policy(document: Any) -> Mapping[str, Any]:
    # boto3 decodes what AWS sends URL-encoded; some servers leave that to their callers.
    found: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    return found
