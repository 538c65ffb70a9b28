"""Alerts of failed runs: one JSON document each, to the platform's central channel and the tenant's own.

Runs in the DAG processor. A failed run may be told twice (a worker that dies, a restart of the processor):
both documents carry the same `id`. What is no run's is told by the process that sees it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aerodrome.policy.limits import FILE_NAME, Channel, Limits, from_json

WEBHOOK_TIMEOUT = 10
_TIMED_OUT = "timed_out"
CENTRAL = "central_alert_channel"

log = logging.getLogger(__name__)


class FailureAlert:
    """An `on_failure_callback` that tells *channels*; what they are stands in the tenant's policy.json."""

    def __init__(self, *channels: str) -> None:
        self.channels = channels

    def __call__(self, context: Mapping[str, Any]) -> None:
        """Send the alert to each channel; one that fails is logged and harms nothing else."""
        try:
            limits = limits_beside(context["dag"].fileloc)
            document = alert(context, limits)
        except Exception:
            log.exception("No alert could be made")
            return
        for channel in limits.channels:
            if channel.name in self.channels:
                deliver(channel, document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FailureAlert) and other.channels == self.channels

    def __hash__(self) -> int:
        return hash(self.channels)

    def __repr__(self) -> str:
        return f"FailureAlert({', '.join(map(repr, self.channels))})"


def alert(context: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Return the document: names and times, never a value of the run or the text of an exception."""
    dag_id, run_id = str(context["dag"].dag_id), str(context["run_id"])
    reason = str(context.get("reason") or "")
    kind = "timeout" if reason == _TIMED_OUT else "failure"
    task = context.get("ti")
    return {
        "id": alert_id(dag_id, run_id, kind),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": limits.environment,
        "tenant": limits.tenant,
        "owner": limits.owner,
        "kind": kind,
        "dag_id": dag_id,
        "run_id": run_id,
        "task_id": None if task is None else str(task.task_id),
        "reason": reason,
    }


def tell_platform(kind: str, reason: str, **more: str) -> bool:
    """Tell the central channel of something that is no run's, and return whether it was reached."""
    from airflow.sdk import conf

    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    document = {
        "id": alert_id(kind, reason, moment),
        "time": moment,
        "environment": conf.get("aerodrome", "environment", fallback=""),
        "kind": kind,
        "reason": reason,
        **more,
    }
    told = conf.get("aerodrome", CENTRAL, fallback="")
    if not told:
        log.error("Alert %s has no channel to go to: %s", document["id"], document["kind"])
        return False
    return deliver(Channel(**json.loads(told)), document)


def alert_id(dag_id: str, run_id: str, kind: str) -> str:
    """Return the same id each time that the same thing goes wrong in the same run."""
    return hashlib.sha256("\0".join((dag_id, run_id, kind)).encode(errors="surrogatepass")).hexdigest()[:16]


def limits_beside(file: str) -> Limits:
    """Return the limits of the tenant whose DAG *file* is; OSError or ValueError where there are none."""
    return from_json((Path(file).parent / FILE_NAME).read_text(encoding="utf-8"))


def deliver(channel: Channel, document: Mapping[str, Any]) -> bool:
    """Send *document* to *channel* and return whether it was reached; what was not is logged."""
    try:
        _SENDERS[channel.type](channel.target, document)
    except Exception as problem:
        # The problem's text may hold the address with what stands in it.
        log.error(
            "Alert %s did not reach channel %s: %s", document["id"], channel.name, type(problem).__name__
        )
        return False
    return True


def _append_line(target: str, document: Mapping[str, Any]) -> None:
    from airflow.sdk import conf

    root = Path(conf.get("aerodrome", "alert_folder")).resolve()
    path = (root / target).resolve()
    if not path.is_relative_to(root):
        raise ValueError("the channel's target is outside the folder of alerts")
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write to a file opened for appending: lines of several processes do not mix.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, json.dumps(document).encode() + b"\n")
    finally:
        os.close(descriptor)


def _post(target: str, document: Mapping[str, Any]) -> None:
    import httpx

    httpx.post(target, json=document, timeout=WEBHOOK_TIMEOUT).raise_for_status()


_SENDERS: Mapping[str, Callable[[str, Mapping[str, Any]], None]] = {"file": _append_line, "webhook": _post}
