"""A test host with something that behaves as Airflow's worker does: what the commands of operations see of one."""

from __future__ import annotations

from pathlib import Path

from aerodrome.targets.host_state import WantedHost
from aerodrome.targets.hosts import Settings
from fleet.host import USER, Host

ROOT = Path(__file__).resolve().parents[2]
# As Celery's worker: SIGTERM ends it when its running tasks have ended; a task has a title, its supervisor an open log.
WORKER = """\
import os, signal, subprocess, sys, time
log = "/var/log/aerodrome/tasks/queue=onprem/dag_id=routes.daily/run_id=r1/task_id=load/attempt=1.log"
os.makedirs(os.path.dirname(log), exist_ok=True)
stream = open(log, "a")
signal.signal(signal.SIGTERM, lambda *_: None)
task = subprocess.Popen(["airflow worker -- 0193-task", sys.argv[1]], executable="/bin/sleep")
task.wait()
os.makedirs("/run/ended", exist_ok=True)
open("/run/ended/%d" % task.returncode, "w").close()
"""
UNIT = """\
[Unit]
ConditionPathExists=!/etc/aerodrome/drained
[Service]
ExecStart=/usr/bin/python3 /opt/worker.py %s
KillMode=mixed
TimeoutStopSec=infinity
"""


def start_worker(host: Host, seconds: int) -> None:
    """Start a worker on *host* whose one task takes *seconds*."""
    host.write("/opt/worker.py", WORKER)
    host.write("/etc/systemd/system/aerodrome-worker@.service", UNIT % seconds)
    host.run("mkdir", "-p", "/etc/aerodrome")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "aerodrome-worker@onprem.service")


def wanted(host: Host, **connection: object) -> WantedHost:
    """Return *host* as the inventory would name it."""
    reach = {"ansible_host": host.address, "ansible_user": USER}
    known = {"ansible_ssh_common_args": f"-F {host.keys.settings}"}
    return WantedHost(
        host.name,
        "hosts.yml:3:5",
        "onprem",
        ("onprem",),
        {**reach, **known, **connection},
        {},
        (),
        {"node_base": "1"},
    )


def settings(limit: int | None = None) -> Settings:
    """Return how test hosts are worked on."""
    return Settings("lab", ROOT / "ansible", limit=limit)
