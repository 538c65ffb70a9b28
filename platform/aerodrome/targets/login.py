"""The login of a cluster as a target: Secrets with what the API server and the roles' process read of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aerodrome.clients.cluster import Cluster
from aerodrome.clients.cluster_secret import OwnSecret
from aerodrome.environment import FOLDER, Environment
from aerodrome.login import given
from aerodrome.plan import Change, digest_of
from aerodrome.progress import Progress
from aerodrome.render import login as rendered
from aerodrome.render.login import CLUSTER_FOLDER, SECRET_OF_API_SERVER, SECRET_OF_ROLES, SECRETS, WEBSERVER
from aerodrome.targets.part import Restore

TARGET = "login"
KIND = "Secret"
GIVEN = "aerodrome-login-given"
"""Keeps what somebody gave for the login, as `bind_password` and `client_secret`; no pod mounts it."""
_ALL = (GIVEN, SECRET_OF_API_SERVER, SECRET_OF_ROLES)
_LISTED = 12
_NOTHING = object()

Texts = Mapping[str, str]


@dataclass(frozen=True)
class LoginTarget:
    """Keeps the login's Secrets as environment.yaml, the tenants' groups and what was given for it ask for.

    What is mounted by a pod of now is not removed: the deploy after the one that ended the login does it.
    """

    environment: Environment
    login: rendered.Login
    cluster: Cluster
    name: str = TARGET

    def changes(self) -> tuple[Change, ...]:
        """Return one change for each Secret that differs.

        UserError where the login lacks a secret that somebody must give, or a Secret is not of a deploy's making.
        """
        live = self._live()
        wanted = self._wanted(live.get(GIVEN, {}))
        unwanted = live.keys() - wanted.keys()
        gone = unwanted - self._mounted() if unwanted else set()
        return (
            *(self._created(name, wanted[name]) for name in sorted(wanted.keys() - live.keys())),
            *(
                self._updated(name, live[name], texts)
                for name, texts in sorted(wanted.items())
                if live.get(name, texts) != texts
            ),
            *(self._deleted(name) for name in sorted(gone)),
        )

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring the Secrets to the desired state."""
        wanted = self._wanted(given_secret(self.cluster, self.environment).read() or {})
        for change in changes:
            progress(f"{change.action} {change.what}")
            secret = _secret(self.cluster, self.environment, change.name)
            if change.action == "delete":
                secret.remove()
            else:
                before = dict.fromkeys(secret.read() or {})
                secret.write({**before, **wanted[change.name]})

    def remember(self) -> Restore:
        """Return what brings the Secrets that are there now back to what they hold; one that comes later stays.

        A pod may mount that until the release has gone back.
        """
        return partial(self._restore, self._live())

    def _restore(self, before: Mapping[str, Texts], progress: Progress) -> None:
        live = self._live()
        for name, texts in before.items():
            if live.get(name) != texts:
                progress(f"{KIND} {name} as before")
                all_keys = {**dict.fromkeys(live.get(name, {})), **texts}
                _secret(self.cluster, self.environment, name).write(all_keys)

    def _live(self) -> dict[str, Texts]:
        found = {name: _secret(self.cluster, self.environment, name).read() for name in _ALL}
        return {name: texts for name, texts in found.items() if texts is not None}

    def _wanted(self, known: Texts) -> dict[str, Texts]:
        settings = self.login.settings
        if settings.kind == "database":
            return {}
        given.require(self.environment, known)
        keys = {wanted.key for wanted in rendered.wanted_secrets(settings)}
        own = {key: text for key, text in known.items() if key in keys}
        files = self.login.files(CLUSTER_FOLDER)
        of_server = {**files, WEBSERVER: rendered.WEBSERVER_CONFIG, SECRETS: rendered.secrets_file(own)}
        of_roles = {**files, SECRETS: rendered.secrets_file_of_roles(own)}
        return {
            **({GIVEN: own} if own else {}),
            SECRET_OF_API_SERVER: of_server,
            **({SECRET_OF_ROLES: of_roles} if settings.has_directory else {}),
        }

    def _mounted(self) -> set[str]:
        """Return the Secrets that Deployments of the namespace mount."""
        found = self.cluster.get(f"/apis/apps/v1/namespaces/{self.environment.cluster.namespace}/deployments")
        pods = (one["spec"]["template"]["spec"] for one in found["items"])
        volumes = (volume for pod in pods for volume in pod.get("volumes") or ())
        return {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}

    def _created(self, name: str, texts: Texts) -> Change:
        return self._change("create", name, "not there yet", after=_digest(name, texts))

    def _updated(self, name: str, live: Texts, texts: Texts) -> Change:
        found = list(differences(live, texts))
        more = [f"and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
        why = "; ".join([*found[:_LISTED], *more])
        return self._change("update", name, why, _digest(name, live), _digest(name, texts))

    def _deleted(self, name: str) -> Change:
        return self._change("delete", name, "nothing asks for it any more")

    def _change(self, action: Any, name: str, why: str, before: str = "", after: str = "") -> Change:
        return Change(
            TARGET,
            action,
            f"{KIND} {name}",
            why,
            "access",
            # What somebody gave is not in any commit.
            reversible=name != GIVEN,
            kind=KIND,
            name=name,
            source=f"{FOLDER}/{self.environment.name}/environment.yaml",
            before=before,
            after=after,
        )


def given_secret(cluster: Cluster, environment: Environment) -> OwnSecret:
    """Return the Secret that keeps what somebody gave for the login of *environment*."""
    return _secret(cluster, environment, GIVEN)


def _secret(cluster: Cluster, environment: Environment, name: str) -> OwnSecret:
    what = "what somebody gave for the login" if name == GIVEN else "the login"
    return OwnSecret(cluster, environment.cluster.namespace, name, what)


def differences(live: Texts, wanted: Texts) -> Iterator[str]:
    """Yield what differs, file by file and key by key: `+` new, `-` gone. No value is among it."""
    for file in sorted(live.keys() | wanted.keys()):
        if file not in live or file not in wanted:
            yield f"{'+' if file in wanted else '-'}{file}"
            continue
        before, after = _flat(live[file]), _flat(wanted[file])
        if before is None or after is None:
            yield from [file] if live[file] != wanted[file] else []
            continue
        for key in sorted(before.keys() | after.keys()):
            if before.get(key, _NOTHING) != after.get(key, _NOTHING):
                yield f"{file}: {key}"


def _flat(text: str) -> dict[str, Any] | None:
    """Return keys → values of a JSON object, keys below keys with points; None for another text."""
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return dict(_leaves("", document)) if isinstance(document, dict) else None


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield key, value
        return
    for name, below in value.items():
        yield from _leaves(f"{key}.{name}" if key else str(name), below)


def _digest(name: str, texts: Texts) -> str:
    """Return the digest of what is no secret: one that can be guessed is known by its digest."""
    return digest_of({key: "" if name == GIVEN or key == SECRETS else text for key, text in texts.items()})
