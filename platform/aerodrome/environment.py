"""One environment: environments/<name>/environment.yaml as a typed model."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from aerodrome.modelling import Many, Model, Name
from aerodrome.quantities import Duration, Memory


class Zone(Model):
    """A set of queues that share a broker user, a secrets credential and a network."""

    triggerer: bool = Field(False, description="The zone has a triggerer of its own: its sensors may defer.")


class Queue(Model):
    """A Celery queue and the workers that serve it."""

    zone: Name = Field(description="Trust zone of the queue's workers.")
    shared: bool = Field(True, description="Tasks of many tenants share the workers: bash.run is refused.")
    personal_data: bool = Field(False, description="Only these workers reach personal data.")
    tenants: bool = Field(True, description="False: reserved for the platform's own DAGs.")
    slots: int = Field(2, ge=1, le=512, description="Tasks that the workers here run at once.")


class AlertChannel(Model):
    """A place that alerts go to."""

    type: Literal["file", "webhook"] = Field(description="file: JSON lines; webhook: POST of one JSON document.")
    target: str = Field(description="file: a path below the log folder; webhook: an http(s) URL without credentials.")


class LimitCeiling(Model):
    """The most that any tenant's own limits may grant in this environment."""

    cpu: float = Field(4, gt=0)
    memory: Memory = 8 * 2**30
    active_runs: int = Field(16, ge=1)
    parallelism: int = Field(64, ge=1)
    retries: int = Field(10, ge=0)
    execution_timeout: Duration = timedelta(hours=24)


class OperatorPolicy(Model):
    """What the catalogue offers here."""

    forbidden: Many[str] = Field((), description="Catalogue names that no manifest may use here.")


class Ports(Model):
    """Loopback ports of ENV=local."""

    api_server: int = Field(8080, ge=1, le=65535)
    postgres: int = Field(5442, ge=1, le=65535)
    redis: int = Field(6390, ge=1, le=65535)
    openbao: int = Field(8210, ge=1, le=65535)
    openbao_cluster: int = Field(8211, ge=1, le=65535)


class ProvisionedConnection(Model):
    """A connection that ENV=local makes for every tenant that names it."""

    type: Literal["postgres", "http"]
    url: str = Field("", description="http: base URL. postgres: left out, a database per tenant is created.")


class Local(Model):
    """What only ENV=local has."""

    ports: Ports = Field(default_factory=Ports)
    connections: dict[Name, ProvisionedConnection] = Field(default_factory=dict)
    run_new_dags_once: bool = Field(True, description="deploy runs each DAG that never ran and waits for it.")


class Environment(Model):
    """What an environment offers to tenants; `name` is its folder."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    kind: Literal["local", "kubernetes"] = Field(description="What a deploy changes: processes here, or a cluster.")
    zones: dict[Name, Zone]
    queues: dict[Name, Queue]
    default_queue: Name = "default"
    limits: LimitCeiling = Field(default_factory=LimitCeiling)
    operators: OperatorPolicy = Field(default_factory=OperatorPolicy)
    alert_channels: dict[Name, AlertChannel] = Field(default_factory=dict)
    central_alert_channel: Name = "central"
    local: Local | None = None
