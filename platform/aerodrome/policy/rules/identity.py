"""Whose DAG it is: id, owner, tags, log field, alerts."""

from __future__ import annotations

from collections.abc import Iterable

from aerodrome import names
from aerodrome.policy.facts import PLATFORM_FOLDER, DagFacts, Violation
from aerodrome.policy.limits import Limits

TENANT_TAG = names.tag("")


def dag_id(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """The id is `<tenant>.<name>` of the folder that the file stands in."""
    if dag.folder != limits.tenant:
        yield Violation(
            "dag_id", ("dag_id",), f"the limits of '{limits.tenant}' do not hold in folder '{dag.folder}'"
        )
    if dag.folder == PLATFORM_FOLDER:
        yield Violation(
            "dag_id", ("dag_id",), f"the name '{PLATFORM_FOLDER}' is reserved", "rename the tenant's folder"
        )
    try:
        owner = names.tenant_of(dag.dag_id)
    except ValueError:
        owner = ""
    if owner != dag.folder:
        message = f"DAG id {dag.dag_id!r} is outside the tenant '{dag.folder}'"
        yield Violation("dag_id", ("dag_id",), message, f"the id starts with '{dag.folder}{names.SEPARATOR}'")


def owner(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Every task has the owner that stands first in tenant.yaml."""
    for task in dag.tasks:
        if task.owner != limits.owner:
            message = f"owner {task.owner!r} is not the tenant's"
            yield Violation("owner", ("tasks", task.id), message, f"the owner is {limits.owner!r}")


def tags(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """The DAG carries the tenant's tag and no other tenant's."""
    own = names.tag(limits.tenant)
    if own not in dag.tags:
        yield Violation("tags", ("tags",), f"the tag '{own}' is missing")
    for tag in dag.tags:
        if tag.startswith(TENANT_TAG) and tag != own:
            message = f"tags that start with '{TENANT_TAG}' name a tenant: {tag!r}"
            yield Violation(
                "tags", ("tags",), message, "choose another word; the tenant's own tag is added by itself"
            )


def logging_field(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """Every task logs under the tenant's name, so that log lines can be told apart by tenant."""
    for task in dag.tasks:
        if task.log_field != limits.tenant:
            yield Violation(
                "logging_field", ("tasks", task.id), f"log field {task.log_field!r} is not '{limits.tenant}'"
            )


def alerts(dag: DagFacts, limits: Limits) -> Iterable[Violation]:
    """A failed run tells the central channel and the tenant's channels."""
    wanted = tuple(channel.name for channel in limits.channels)
    if dag.alert_channels != wanted:
        message = f"a failed run would tell {list(dag.alert_channels)}"
        yield Violation("alerts", (), message, f"the channels are {list(wanted)}")
