"""tenants/<tenant>/tenant.yaml: what a tenant is and what it may use."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from aerodrome.manifest.differences import described_by
from aerodrome.modelling import Email, Many, Model, Name
from aerodrome.quantities import Duration, Memory

ConnectionType = Literal[
    "postgres", "http", "smtp", "spark", "aws", "generic", "hdfs", "hive", "mysql", "ssh"
]
Scalar = str | int | float | bool
Slots = Annotated[int, Field(ge=1)]


class Owner(Model):
    """A team or a person to turn to."""

    name: str = Field(
        min_length=1, max_length=100, pattern=r"^[^,\x00-\x1f\x7f]+$", description="Airflow's owner."
    )
    email: Email = Field(description="The owner's mailbox; also in CODEOWNERS for the tenant's folder.")


class Groups(Model):
    """Directory groups whose members get a role on the tenant's DAGs."""

    viewer: Many[str] = Field((), description="Groups that see DAGs, runs and logs.")
    editor: Many[str] = Field((), description="Groups that may also start, clear and stop runs.")
    admin: Many[str] = Field((), description="Groups that may also delete runs.")


class Connection(Model):
    """A connection that the tenant's tasks may name; its secret lives in the secrets store."""

    type: ConnectionType = Field(description="What kind of service it leads to.")
    queues: Many[Name] | None = Field(
        None, description="Queues whose tasks may use it. Left out: all of the tenant's queues."
    )


class Limits(Model):
    """The most that the tenant's tasks and DAGs take; the environment's ceiling stands above them."""

    cpu: float = Field(1, gt=0, description="Cores of one task.")
    memory: Memory = Field(512 * 2**20, description="Memory of one task.")
    active_runs: int = Field(
        1, ge=1, description="Runs of one DAG at the same time; also the default of max_active_runs."
    )
    parallelism: int = Field(
        4, ge=1, description="Tasks of the tenant at the same time: slots of its pools together."
    )
    retries: int = Field(3, ge=0, description="Retries of one task.")
    execution_timeout: Duration = Field(
        timedelta(hours=1), description="Run time of one task; also its default."
    )


class LimitDifferences(Model):
    """Limits that are different in one environment."""

    model_config = ConfigDict(json_schema_extra=described_by(lambda: Limits))

    cpu: float | None = Field(None, gt=0)
    memory: Memory | None = None
    active_runs: int | None = Field(None, ge=1)
    parallelism: int | None = Field(None, ge=1)
    retries: int | None = Field(None, ge=0)
    execution_timeout: Duration | None = None


class ConnectionDifferences(Model):
    """What is different about a connection in one environment; one that is only there needs its type."""

    model_config = ConfigDict(json_schema_extra=described_by(lambda: Connection))

    type: ConnectionType | None = None
    queues: Many[Name] | None = None


class TenantDifferences(Model):
    """What is different in one environment. Mappings are merged key by key, lists are replaced."""

    model_config = ConfigDict(json_schema_extra=described_by(lambda: TenantManifest))

    queues: Many[Name] | None = None
    connections: dict[Name, ConnectionDifferences] | None = None
    limits: LimitDifferences | None = None
    pools: dict[Name, Slots] | None = None
    values: dict[Name, Scalar] | None = None
    alert_channels: Many[Name] | None = None


class TenantManifest(Model):
    """A tenant. The folder name is its identity and stands in no key here."""

    description: str = Field("", max_length=500, description="What the tenant is for, in a sentence.")
    owners: Many[Owner] = Field(min_length=1, description="Who to turn to; the first is Airflow's owner.")
    groups: Groups = Field(default_factory=Groups, description="Who may do what with the tenant's DAGs.")
    queues: Many[Name] = Field(
        ("default",),
        min_length=1,
        description="Queues of the environment that tasks may name; the first is the default.",
    )
    connections: dict[Name, Connection] = Field(
        default_factory=dict, description="Connections of the secrets store that tasks may name."
    )
    variables: Many[Name] = Field((), description="Variables of the secrets store that tasks may name.")
    limits: Limits = Field(default_factory=Limits, description="The most that tasks and runs may take.")
    pools: dict[Name, Slots] = Field(
        default_factory=dict, description="Named pools and their slots, taken out of `limits.parallelism`."
    )
    values: dict[Name, Scalar] = Field(
        default_factory=dict, description="Values that templates read as `{{ tenant.<name> }}`."
    )
    alert_channels: Many[Name] = Field(
        (), description="Channels of the environment that hear of this tenant's failures."
    )
    dependencies: str | None = Field(
        None, description="Hashed lock file of the tenant's Python package, such as requirements.lock."
    )
    environments: dict[str, TenantDifferences] = Field(
        default_factory=dict, description="What is different, by environment."
    )
    python_dags: bool = Field(False, description="Hand-written DAG files. Refused for now.")
