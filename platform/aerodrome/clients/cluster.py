"""An API server of Kubernetes: requests with a limit, and its refusals told (kubernetes)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from kubernetes.config.kube_config import KubeConfigLoader

from aerodrome.clients.cluster_access import Access, Held, without_data
from aerodrome.clients.cluster_failures import NotFoundError, UnreachableError, refused
from aerodrome.errors import AerodromeError, UserError

CONNECT_SECONDS, ANSWER_SECONDS = 5, 30
AT_ONCE = 16
"""Requests that run beside one another."""
_WITH_TOKEN = ["BearerToken"]
_JSON = {"Accept": "application/json"}
APPLY_PATCH = {"Content-Type": "application/apply-patch+yaml"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}
NAMES_ONLY = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
"""For lists of large objects."""
_REMEDY = "look whether the cluster runs, and whether this machine reaches it"

Object = dict[str, Any]
Query = Iterable[tuple[str, str]]


class Cluster:
    """One user's access to one API server. Safe to use from several threads."""

    def __init__(self, access: Access) -> None:
        """Prepare requests by *access*; nothing is asked yet."""
        self.access = access
        settings, self._held = _settings(access)
        self._settings = settings
        self._api = client.ApiClient(settings)
        self._ahead = timedelta()

    @property
    def server(self) -> str:
        """Return the address of the API server."""
        return str(self._settings.host)

    def now(self) -> datetime:
        """Return the time by the API server's clock, as its last answer told it."""
        return datetime.now(UTC) + self._ahead

    def core(self) -> client.CoreV1Api:
        """Return a client of its own for what is no request: the library changes one while it speaks by websocket."""
        return client.CoreV1Api(client.ApiClient(self._settings))

    def get(self, path: str, query: Query = ()) -> Object:
        """Return the object or list at *path*."""
        return self.request("GET", path, query=query)

    def find(self, path: str, query: Query = ()) -> Object | None:
        """Return the object at *path*; None where there is none."""
        try:
            return self.request("GET", path, query=query)
        except NotFoundError:
            return None

    def text(self, path: str, query: Query = ()) -> str:
        """Return what is written at *path*, such as a log."""
        return self._answer("GET", path, query, None, {"Accept": "*/*"}).decode(errors="replace")

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = _JSON,
    ) -> Object:
        """Return the answer to one request; AerodromeError says who may not, what is wrong, or what is away."""
        return dict(json.loads(self._answer(method, path, query, body, {**_JSON, **headers})))

    def _answer(
        self, method: str, path: str, query: Query, body: Mapping[str, Any] | None, headers: dict[str, str]
    ) -> bytes:
        try:
            self._api.update_params_for_auth(headers, [], _WITH_TOKEN)
            done = self._api.rest_client.request(
                method,
                self.server + path,
                query_params=list(query),
                headers=headers,
                body=body,
                _request_timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            )
        except ApiException as problem:
            raise self._told(problem, f"{method} {path}") from None
        except (urllib3.exceptions.HTTPError, OSError, ConfigException) as problem:
            raise UnreachableError(f"{self.server} does not answer: {_reason(problem)}", _REMEDY) from None
        self._set_clock(done.getheaders().get("Date"))
        return bytes(done.data)

    def _told(self, problem: ApiException, asked: str) -> AerodromeError:
        if not problem.status:
            remedy = f"the certificate authority of its cluster stands in {self.access.place}"
            return UnreachableError(f"{self.server} is not who it should be: {_tls(problem.reason)}", remedy)
        return refused(
            int(problem.status), str(problem.reason), bytes(problem.body or b""), self.server, asked
        )

    def _set_clock(self, date: str | None) -> None:
        if date:
            ahead = parsedate_to_datetime(date) - datetime.now(UTC)
            # The header counts whole seconds: less is no difference.
            self._ahead = ahead if abs(ahead) > timedelta(seconds=2) else timedelta()


def _settings(access: Access) -> tuple[client.Configuration, list[Held]]:
    cluster, of_cluster = without_data(access.cluster, access.place)
    user, of_user = without_data(access.user, access.place)
    config = {
        **access.config,
        "clusters": [{**access.config["clusters"][0], "cluster": cluster}],
        "users": [{**entry, "user": user} for entry in access.config["users"]],
    }
    settings = client.Configuration()
    try:
        KubeConfigLoader(config_dict=config).load_and_set(settings)
    except (ConfigException, OSError, ValueError) as problem:
        raise UserError(f"{access.place}: {problem}", "log in to the cluster again") from None
    _keep_fresh(settings, access)
    settings.retries = False
    settings.connection_pool_maxsize = AT_ONCE
    return settings, [*of_cluster, *of_user]


def _keep_fresh(settings: client.Configuration, access: Access) -> None:
    if (fresh := access.fresh) is None:
        return

    def renew(told: client.Configuration) -> None:
        told.api_key.update(dict.fromkeys(_WITH_TOKEN, f"Bearer {fresh()}"))

    # The library calls it before each request.
    settings.refresh_api_key_hook = renew


def _reason(problem: Exception) -> str:
    text = str(problem.args[-1] if problem.args else problem)
    # "<HTTPSConnection(…) at 0x…>: Failed to establish a new connection: [Errno 111] Connection refused"
    return text.rpartition(">: ")[2].rpartition("] ")[2] or type(problem).__name__


def _tls(reason: object) -> str:
    return str(reason).partition("\n")[2].strip(" ()") or str(reason)
