"""What HDFS's command line says of a failure, in a sentence for the author of the task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

NO_CLIENT = 64
"""Exit code of a job that finds no Hadoop client."""
_TICKET = r"GSS initiate failed|Failed to find any Kerberos t|Client cannot authenticate via:\[.*KERBEROS"
_WHY = "kerberos: "
_TOLD = r"^(?:put|get|getmerge|mkdir|test|mv|-\w+): (.+)"
_NO_TICKET = (
    "HDFS wants a Kerberos ticket, and none of this tenant is valid on this worker: {why}; with a new keytab in the "
    "secrets store, the next try gets one"
)
_NO_CLUSTER = r"Connection refused|UnknownHostException|NoRouteToHost|ConnectTimeoutException|is in safe mode"


def reason(code: int, lines: Iterable[str]) -> str:
    """Return why a job ended with exit code *code* after it wrote *lines*."""
    said = list(lines)
    if code == NO_CLIENT:
        return (
            "this worker has no Hadoop client: give the task a queue whose hosts have one (`hosts.hadoop` in "
            "environment.yaml)"
        )
    if any(re.search(_TICKET, line) for line in said):
        why = next((line.removeprefix(_WHY) for line in said if line.startswith(_WHY)), "it may have expired")
        return _NO_TICKET.format(why=why.strip().rstrip("."))
    told = list(_sentences(said))
    if not told:
        return f"HDFS's client ended with exit code {code}: its lines are in the log above"
    away = next((line for line in told if re.search(_NO_CLUSTER, line)), None)
    return f"HDFS cannot be used now: {away}" if away else f"HDFS refuses: {told[-1]}"


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if found := re.match(_TOLD, line):
            yield found[1].strip()
