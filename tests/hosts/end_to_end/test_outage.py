"""While one host has no network and another one no broker: what people are told, and what goes on."""

from __future__ import annotations

from control.outage import Outage
from control.plane import wait
from control.prometheus import Prometheus
from control.workers import UNIT, Workers, results
from fleet.host import Host

AGE = "aerodrome_worker_heartbeat_age_seconds"
SETTING = ("    kind: s3\n", "    kind: s3\n    unsent_days: 13\n")


def test_a_look_at_the_hosts_names_the_one_that_is_away(workers: Workers, away: Outage) -> None:
    """And what the others run."""
    said = workers.control.command("check-hosts", code=1)
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.strip()}
    assert rows[away.cut.name][:2] == ["away", "0"], said
    assert rows[away.mute.name][0] == "works" and "mill.grind.work" in rows[away.mute.name], said


def test_the_other_hosts_are_done_while_one_is_away(workers: Workers, away: Outage) -> None:
    """A change that each of them needs, and that stops no worker; exit code and table say where it was not made."""
    file = workers.control.root / "environments/lab/environment.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(SETTING[0]) == 1
    file.write_text(text.replace(*SETTING), encoding="utf-8")
    before = [_worker(host) for host in (away.mute, away.healthy)]
    said = workers.control.command("workers", code=1)
    assert [_worker(host) for host in (away.mute, away.healthy)] == before
    found = {name: result for name, (result, _) in results(said).items()}
    assert found == {away.cut.name: "failed", away.mute.name: "done", away.healthy.name: "done"}, said
    assert f"{away.cut.name}: it does not answer" in said or f"{away.cut.name}: no network" in said, said


def test_prometheus_tells_that_the_host_is_away(away: Outage, watching: Prometheus) -> None:
    """Of that host alone."""
    wait(lambda: watching.fired("AerodromeHostAway"))
    assert watching.fired("AerodromeHostAway") == {away.cut.address}


def test_prometheus_sees_who_reaches_no_broker(away: Outage, watching: Prometheus) -> None:
    """By the heartbeats, which grow old there, and not on the host whose worker reaches it."""
    wait(lambda: away.mute.address in watching.hosts(f"max_over_time({AGE}[1h]) > 60"))
    wait(lambda: away.healthy.address in watching.hosts(f"{AGE} < 60"))


def _worker(host: Host) -> str:
    """Return the process of its worker."""
    return host.run("systemctl", "show", "--value", "--property=MainPID", UNIT).stdout.strip()
