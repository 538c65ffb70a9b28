"""AWS: Systems Manager Parameter Store, and the IAM roles that may read it (boto3)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from aerodrome.errors import AerodromeError, UserError

# AWS's own limits for a parameter: those of the standard tier are 4 KiB.
LARGEST = 8192
ATTEMPTS = 8
TIMEOUT = 10


_LOG_IN = "log in: `aws sso login`, or set AWS_PROFILE; `aws sts get-caller-identity` says who you are"
# A request that is signed by nobody whom AWS knows, or no more.
_REFUSED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)

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
    session: Any = field(default=None, repr=False, compare=False)

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

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return nothing: AWS lists parameters ten at a time, and no folders."""
        return ()

    def _name(self, path: str) -> str:
        return f"{self.prefix}/{path}"

    @cached_property
    def _ssm(self) -> Any:
        return client("ssm", self.region, self.endpoint, self.session)


@dataclass(frozen=True)
class Bucket:
    """A bucket of S3 or of what speaks its protocol."""

    name: str
    region: str
    endpoint: str | None = None
    session: Any = field(default=None, repr=False, compare=False)

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the folders directly below *prefix*, which ends with a slash, sorted; no object is read for it."""
        store = client("s3", self.region, self.endpoint, self.session)
        with told():
            pages = store.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
        return tuple(sorted(each.removeprefix(prefix).rstrip("/") for each in found))


@dataclass(frozen=True)
class Role:
    """An IAM role: who may assume it, and what it may do by its own policy and by managed ones, as ARNs.

    *boundary* is the ARN of the managed policy beyond which none of them goes.
    """

    trust: Mapping[str, Any]
    policy: Mapping[str, Any] = field(default_factory=dict)
    managed: frozenset[str] = frozenset()
    boundary: str = ""


@dataclass(frozen=True)
class Roles:
    """The IAM roles at one path, each with one inline policy called *policy_name*. All others are never seen."""

    path: str
    policy_name: str
    region: str
    endpoint: str | None = None
    session: Any = field(default=None, repr=False, compare=False)

    def read(self) -> dict[str, Role]:
        """Return name → role of all of them; what somebody else hung on one is told by :meth:`extras`."""
        pages = self._iam.get_paginator("list_roles")
        with told():
            found = [role for page in pages.paginate(PathPrefix=self.path) for role in page["Roles"]]
        return {role["RoleName"]: self._role(role) for role in found}

    def extras(self, name: str) -> tuple[str, ...]:
        """Return the other policies of a role, which give it rights that no deploy gave it."""
        return tuple(policy for policy in self._hung(name) if policy != self.policy_name)

    def put(self, name: str, role: Role) -> None:
        """Create a role, or change trust and policy of the one that is there, and take away what else it has."""
        trust = json.dumps(role.trust)
        # A role is made with its boundary: some may make no others.
        limit = {"PermissionsBoundary": role.boundary} if role.boundary else {}
        with told("EntityAlreadyExists"):
            self._iam.create_role(RoleName=name, Path=self.path, AssumeRolePolicyDocument=trust, **limit)
        self._require_ours(name)
        with told():
            self._iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        self._give(name, role)
        self._strip(name, self.extras(name))

    def delete(self, name: str) -> None:
        """Remove a role with its policies."""
        self._strip(name, self._hung(name))
        with told("NoSuchEntity"):
            self._iam.delete_role(RoleName=name)

    def _strip(self, name: str, policies: tuple[str, ...]) -> None:
        for policy in policies:
            with told("NoSuchEntity"):
                if policy.startswith("arn:"):
                    self._iam.detach_role_policy(RoleName=name, PolicyArn=policy)
                else:
                    self._iam.delete_role_policy(RoleName=name, PolicyName=policy)

    def _hung(self, name: str) -> tuple[str, ...]:
        """Return the names of a role's own policies, and the ARNs of those that others may have too."""
        with told("NoSuchEntity"):
            inline = self._all("list_role_policies", "PolicyNames", name)
            attached = self._all("list_attached_role_policies", "AttachedPolicies", name)
            return (*inline, *(policy["PolicyArn"] for policy in attached))
        return ()

    def _require_ours(self, name: str) -> None:
        # Names of roles are those of the account, whatever their path.
        with told():
            path = self._iam.get_role(RoleName=name)["Role"]["Path"]
        if path != self.path:
            remedy = f"it is at {path}, and a deploy touches {self.path} alone: rename or remove it"
            raise UserError(f"somebody else's IAM role is called {name}", remedy)

    def _role(self, found: Mapping[str, Any]) -> Role:
        return Role(_policy(found["AssumeRolePolicyDocument"]), self._policy(found["RoleName"]))

    def _give(self, name: str, role: Role) -> None:
        policy = json.dumps(role.policy, separators=(",", ":"))
        with told():
            self._iam.put_role_policy(RoleName=name, PolicyName=self.policy_name, PolicyDocument=policy)

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
        return client("iam", self.region, self.endpoint, self.session)


@dataclass(frozen=True)
class BoundRoles(Roles):
    """The IAM roles at one path, each with managed policies and a boundary, and with no policy of its own."""

    def extras(self, name: str) -> tuple[str, ...]:
        """Return the role's own policies, which no deploy gave it."""
        return tuple(policy for policy in super().extras(name) if not policy.startswith("arn:"))

    def _role(self, found: Mapping[str, Any]) -> Role:
        name = found["RoleName"]
        managed = frozenset(policy for policy in self._hung(name) if policy.startswith("arn:"))
        with told():
            # A list of roles does not tell their boundaries.
            limit = self._iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary", {})
        boundary = str(limit.get("PermissionsBoundaryArn", ""))
        return replace(super()._role(found), managed=managed, boundary=boundary)

    def put(self, name: str, role: Role) -> None:
        """Create or change a role; UserError for a policy that there is not, and the role stays as it was."""
        for policy in (*sorted(role.managed), *filter(None, (role.boundary,))):
            self._require_policy(policy)
        super().put(name, role)

    def _require_policy(self, arn: str) -> None:
        with told("NoSuchEntity"):
            self._iam.get_policy(PolicyArn=arn)
            return
        raise UserError(
            f"there is no managed policy {arn}", "aws: of environment.yaml names it: make it, or correct it"
        )

    def _give(self, name: str, role: Role) -> None:
        live = {policy for policy in self._hung(name) if policy.startswith("arn:")}
        self._strip(name, (self.policy_name, *sorted(live - role.managed)))
        self._limit(name, role.boundary)
        with told():
            for policy in sorted(role.managed - live):
                self._iam.attach_role_policy(RoleName=name, PolicyArn=policy)

    def _limit(self, name: str, boundary: str) -> None:
        with told("NoSuchEntity"):
            if boundary:
                self._iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
            else:
                self._iam.delete_role_permissions_boundary(RoleName=name)


def client(service: str, region: str, endpoint: str | None, session: Any = None) -> Any:
    """Return a client that waits and tries again where AWS asks it to, longer each time.

    It acts as who runs this program, or as whoever *session* is, one of boto3.
    """
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(retries=retries, connect_timeout=TIMEOUT, read_timeout=TIMEOUT)
    with told():
        # A session of its own: the library's common one keeps acting as who it was first used by.
        asker = session or boto3.session.Session()
        return asker.client(service, region_name=region, endpoint_url=endpoint, config=config)


@contextmanager
def told(expected: str = "") -> Iterator[None]:
    """Tell what AWS refuses without repeating what was sent; the error *expected* ends the block and nothing else."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as problem:
        code = str(problem.response.get("Error", {}).get("Code"))
        if code != expected:
            raise _refused(problem.operation_name, code) from None
    except BotoCoreError as problem:
        raise _failed(problem) from None


def _refused(operation: str, code: str) -> AerodromeError:
    if code in _REFUSED:
        return UserError(f"AWS does not know you, or no more: {code}", _LOG_IN)
    return AerodromeError(f"AWS refuses {operation}: {code}", "see who you are: aws sts get-caller-identity")


def _failed(problem: Exception) -> AerodromeError:
    from botocore import exceptions

    name = type(problem).__name__
    if isinstance(problem, exceptions.NoCredentialsError):
        return UserError("nobody is logged in to AWS on this machine", _LOG_IN)
    nobody = (
        exceptions.CredentialRetrievalError,
        exceptions.PartialCredentialsError,
        exceptions.ProfileNotFound,
        exceptions.SSOError,
        exceptions.TokenRetrievalError,
    )
    if isinstance(problem, nobody):
        return UserError(f"the login to AWS of this machine serves no more: {name}", _LOG_IN)
    return AerodromeError(f"AWS does not answer: {name}", "check region and login")


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
