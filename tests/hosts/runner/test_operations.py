"""Drain and remove on a real host, with SSH, sudo and systemd."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.clients import ansible_modules
from aerodrome.targets.host_operations import drain, remove
from aerodrome.targets.hosts import HostsTarget
from fleet.host import Host
from runner_hosts import ROOT, settings, start_worker, wanted

UNIT = "aerodrome-worker@onprem.service"


@pytest.fixture(scope="module")
def host(start_host: Callable[..., Host]) -> Host:
    """A host with a worker on it that these tests share."""
    return start_host("hadoop1")


def active(host: Host, unit: str = UNIT) -> str:
    """Return what systemd says of *unit*, the worker."""
    return host.run("systemctl", "is-active", unit, check=False).stdout.strip()


def free(host: Host) -> None:
    """Take the host back, and whatever ran there away."""
    host.run("rm", "-rf", "/etc/aerodrome/drained", "/run/ended")
    host.run("systemctl", "kill", "--signal=SIGKILL", UNIT, check=False)
    host.run("systemctl", "reset-failed", UNIT, check=False)


def test_a_drain_waits_and_names_what_it_waits_for(host: Host) -> None:
    """The task ends by itself; the host then stays drained, also over a reboot."""
    start_worker(host, 25)
    said: list[str] = []
    outcome = drain([wanted(host)], settings(), said.append)
    assert not outcome.failures and active(host) == "inactive"
    assert host.run("ls", "/run/ended").stdout.strip() == "0", "the task ended well"
    assert any(
        re.fullmatch(r"hadoop1: 1 task still runs: routes\.daily\.load \(\d+s\)", line) for line in said
    )
    host.reboot()
    host.run("systemctl", "start", UNIT)
    assert active(host) == "inactive", "its unit has the mark as a condition"
    while host.ssh("true").returncode:
        # The machine still knows its former Ethernet address.
        time.sleep(0.5)
    free(host)


def test_a_limit_ends_the_waiting_and_not_the_task(host: Host) -> None:
    """Which task outlived it is said."""
    start_worker(host, 300)
    outcome = drain([wanted(host)], settings(limit=5), lambda _: None)
    assert "1 task still runs: routes.daily.load" in outcome.failures["hadoop1"].message
    assert active(host) == "deactivating" and "goes on" in outcome.failures["hadoop1"].remedy
    free(host)


DRAINING = """
import sys; sys.path[:0] = sys.argv[1:3]
from fleet.host import Host
from fleet.keys import Keys
from fleet.network import ROLES
from pathlib import Path
from runner_hosts import settings, wanted
from aerodrome.targets.host_operations import drain
host = Host("", "hadoop1", sys.argv[3], ROLES, Keys(Path(sys.argv[4]), "10.203.78.*"))
drain([wanted(host)], settings(), lambda line: print(line, flush=True))
"""


def test_ctrl_c_leaves_it_draining(host: Host) -> None:
    """The worker takes nothing more, and its task is not interrupted."""
    start_worker(host, 300)
    paths = [str(ROOT / "tests/hosts"), str(ROOT / "tests/shared")]
    command = [sys.executable, "-c", DRAINING, *paths, host.address, str(host.keys.folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    while "still runs" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0 and active(host) == "deactivating"
    target = HostsTarget([wanted(host)], settings(), lambda *_: {}, lambda _: {})
    assert target.changes() == () and target.found["hadoop1"].drained
    free(host)


def test_remove_leaves_what_is_mounted_in_its_folders(host: Host) -> None:
    """It would be emptied: it is named, and what to do; the worker is ended all the same."""
    start_worker(host, 300)
    folder = "/var/lib/aerodrome/homes/routes/data"
    host.write("/srv/elsewhere/precious", "x")
    host.run("mkdir", "-p", f"{folder}/of elsewhere/deep")
    host.run("mount", "--bind", "/srv/elsewhere", f"{folder}/of elsewhere")
    (failure,) = remove([wanted(host)], settings(), lambda _: None).failures.values()
    assert f"nothing was deleted: {folder}/of elsewhere (" in failure.message
    assert f"umount '{folder}/of elsewhere' on the host" in failure.remedy
    assert host.read("/srv/elsewhere/precious") == "x" and active(host) not in ("active", "deactivating")
    host.run("umount", f"{folder}/of elsewhere")


def test_remove_kills_and_deletes_everything(host: Host) -> None:
    """Units, users, folders; a second time there is nothing to do."""
    start_worker(host, 300)
    host.run("useradd", "--system", "_routes")
    host.run("useradd", "--system", "bystander")
    stamp = '{"environment": "lab", "managed": {"users": {"_routes": {}, "bystander": {}}}}'
    host.write("/etc/aerodrome/state.json", stamp, "0600")
    for folder in ("/opt/aerodrome/versions", "/var/lib/aerodrome/homes", "/var/log/aerodrome/tasks"):
        host.run("mkdir", "-p", folder)
    assert not remove([wanted(host)], settings(), lambda _: None).failures
    places = "ls -d /etc/aerodrome /opt/aerodrome /var/*/aerodrome /etc/systemd/system/aerodrome-*"
    assert host.run("sh", "-c", places, check=False).stdout == ""
    assert "airflow worker" not in host.run("ps", "-ef").stdout
    users = host.read("/etc/passwd")
    assert "_routes" not in users and "bystander" in users
    assert remove([wanted(host)], settings(), lambda _: None).changed == {}


LEFT = """
useradd --system _gone; useradd --system aerodrome-onprem; mkdir -p /var/lib/aerodrome/homes/gone/data
mkdir -p /etc/nftables.d /etc/systemd/system/exporter.service.d; touch /etc/nftables.d/aerodrome.nft
touch /etc/sysctl.d/60-aerodrome.conf /etc/sysctl.d/60-others.conf /etc/systemd/system/exporter.service.d/aerodrome.conf
cat > /etc/systemd/system/exporter.service << EOF
[Service]
ExecStart=sleep infinity
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload; systemctl enable --now exporter
"""


def test_remove_finds_what_no_stamp_names(host: Host) -> None:
    """After a first setup that failed, or of a tenant that left: users, files, and a unit that had settings of ours."""
    host.run("sh", "-c", LEFT)
    assert not remove([wanted(host)], settings(), lambda _: None).failures
    users, files = host.read("/etc/passwd"), host.run("ls", "/etc/nftables.d", "/etc/sysctl.d").stdout
    assert "_gone" not in users and "aerodrome-" not in users
    assert "aerodrome" not in files and "60-others.conf" in files
    states = host.run("systemctl", "is-enabled", "exporter", check=False).stdout
    assert (states, active(host, "exporter")) == ("disabled\n", "inactive")
    assert remove([wanted(host)], settings(), lambda _: None).changed == {}


def test_a_look_leaves_nothing_behind(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on the host nor here, but for packed modules; other runs may have folders of their own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", memory)
        target = HostsTarget([wanted(host)], settings(), lambda *_: {}, lambda _: {})
        target.changes()
        kept = {path.name.startswith(ansible_modules.PREFIX) for path in Path(memory).iterdir()}
        assert not target.failures and kept <= {True}
    assert host.run("sh", "-c", "ls -A /home/ops/.ansible/tmp", check=False).stdout == ""
