"""What a deploy prints at its end: in a pipe, and on a terminal of 100 columns."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from aerodrome.cli import documents, show
from aerodrome.cli.platform import require_well
from aerodrome.errors import AerodromeError
from aerodrome.local.release.first_runs import FirstRuns
from aerodrome.plan import Plan, Planned

PROGRAM = Path(__file__).parent / "made_up_deploy.py"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
DEPLOYED = """\

local: 1 change made
tenant   DAG                               last run                                  state    took
flights  delays                            manual__2026-11-21T13:25:14.105331+00:00  success  8 s
flights  report                            never ran
routes   network                           manual__2026-11-21T13:25:14.105331+00:00  running
routes   weekly_summary_of_all_the_routes  odd [red]run[/red] :bug:                  failed   61 s

Airflow    http://127.0.0.1:8080
log in as  admin; the password is in /state/secrets/admin
note: Without root every process and every tenant's code runs as the same user: there is no isolation between tenants.
note: tenants/gone is gone, kept of it: files in /s/gone; `make remove-tenant TENANT=gone ENV=local` deletes it
note: the first run of routes.weekly failed
note: the first run of routes.network, flights.report should have ended and has not
"""


def as_lines(output: str) -> list[str]:
    """Return what is seen: without colours and without blanks at the end."""
    return [line.rstrip() for line in COLOUR.sub("", output).splitlines()]


def on_a_terminal(columns: int) -> str:
    """Return what the program writes to a terminal of *columns*."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, columns, 0, 0))
    environment = {
        key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    command = [sys.executable, str(PROGRAM)]
    subprocess.run(command, stdout=theirs, check=True, env={**environment, "TERM": "xterm"})
    os.close(theirs)
    output = os.read(ours, 2**16).decode()
    os.close(ours)
    return output


def test_the_end_of_a_deploy_in_a_pipe() -> None:
    """Plain text, no line cut, names printed as they are."""
    done = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, check=True)
    assert as_lines(done.stdout) == DEPLOYED.splitlines() and "\x1b" not in done.stdout


def test_the_end_of_a_deploy_on_a_terminal() -> None:
    """At 100 columns the table is whole, and long sentences are left to the terminal to break."""
    output = on_a_terminal(100)
    assert as_lines(output) == DEPLOYED.splitlines()
    assert "\x1b[1m" in output


def test_a_narrow_terminal_loses_no_word() -> None:
    """What does not fit in its column goes on below."""
    words = " ".join(as_lines(on_a_terminal(60)))
    assert not [word for word in ("flights", "success", "61 s", "/state/secrets/admin") if word not in words]


def test_a_deploy_whose_runs_are_not_well_fails() -> None:
    """Exit code 1 for a run that failed or should have ended; one that waits for others is no fault."""
    with pytest.raises(AerodromeError, match=r"the first run of a\.b should have ended and has not") as told:
        require_well(FirstRuns(overdue=("a.b",)), "local")
    assert told.value.exit_code == 1 and "make run ENV=local DAG=" in str(told.value)
    with pytest.raises(AerodromeError, match=r"the first run of a\.b, a\.c failed"):
        require_well(FirstRuns(failed=("a.b", "a.c")), "local")
    require_well(FirstRuns(open=("a.b",)), "local")


def test_steps_stand_beside_a_document(capfd: pytest.CaptureFixture[str]) -> None:
    """Programs read one and people the other."""
    with show.steps(beside=True) as step:
        step("images", "platform: building")
        show.line("{}")
    printed = capfd.readouterr()
    assert printed.out == "{}\n"
    assert re.fullmatch(r" +0\.\d s  images       platform: building\n", printed.err)


def test_a_plan_tells_who_stays_as_deployed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """To people and to programs, also where there is nothing to change; of nobody there is no word."""
    planned = Planned(Plan("prod", (), staying=("flights", "routes")), ())
    show.plan(planned, tmp_path, "make deploy ENV=prod")
    assert "stays as it was deployed: flights, routes (a mistake, or no image" in capsys.readouterr().out
    assert documents.plan(planned)["staying"] == ["flights", "routes"]
    show.plan(Planned(Plan("prod", ()), ()), tmp_path, "make deploy ENV=prod")
    assert "stays" not in capsys.readouterr().out
