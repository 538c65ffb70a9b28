"""A Prometheus that scrapes the lab's hosts and knows the alerts that the role worker_metrics brings."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control.plane import wait
from debian import ensure
from fleet.host import Host
from fleet.lab import REPOSITORY
from free_ports import free_port

RULES = REPOSITORY / "ansible/roles/worker_metrics/files/alerts.yml"
EXPORTER = 9100
# As often as nobody would: a test waits for what an alert's own `for` says, and for nothing else.
_EVERY = "2s"


@dataclass(frozen=True)
class Prometheus:
    """What answers at *url*."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that *expression* has now: its labels as `metric`, its value as `value`."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return list(json.load(answer)["data"]["result"])

    def fired(self, alert: str) -> set[str]:
        """Return the addresses of hosts for which *alert* was told in the last hour."""
        return self.hosts(f'count_over_time(ALERTS{{alertname="{alert}", alertstate="firing"}}[1h])')

    def fires(self, alert: str) -> set[str]:
        """Return the addresses of hosts for which *alert* is told now."""
        return self.hosts(f'ALERTS{{alertname="{alert}", alertstate="firing"}}')

    def hosts(self, expression: str) -> set[str]:
        """Return the addresses of hosts that *expression* has a series of now."""
        return {found["metric"]["instance"].partition(":")[0] for found in self.query(expression)}


@contextmanager
def prometheus(hosts: Iterable[Host], folder: Path) -> Iterator[Prometheus]:
    """Yield a Prometheus that has seen each of *hosts*; its data goes to *folder*."""
    ensure(("prometheus",))
    job = {
        "job_name": "aerodrome-hosts",
        "static_configs": [{"targets": [f"{host.address}:{EXPORTER}" for host in hosts]}],
    }
    every = {"scrape_interval": _EVERY, "scrape_timeout": _EVERY, "evaluation_interval": _EVERY}
    settings = {"global": every, "rule_files": [str(RULES)], "scrape_configs": [job]}
    # JSON is YAML.
    (folder / "prometheus.yml").write_text(json.dumps(settings))
    place = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={place}",
        "--log.level=warn",
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    found = Prometheus(f"http://{place}")
    try:
        number = len(job["static_configs"][0]["targets"])
        wait(lambda: len(_seen(found)) == number)
        yield found
    finally:
        process.terminate()
        process.wait()


def _seen(found: Prometheus) -> set[str]:
    try:
        return found.hosts('up{job="aerodrome-hosts"} == 1')
    except OSError:
        return set()
