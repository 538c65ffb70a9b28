"""A file that breaks, hangs, dies or shouts harms itself; its neighbours wait once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

# What stands before the rendered text of a file.
BAD = {
    "raises": "raise ValueError('boo')",
    "sleeps": "import time; time.sleep(60)",
    "swallows": "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass",
    "exits": "import os; os._exit(3)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "interrupted": "raise KeyboardInterrupt('stop')",
}
TOLD = {
    "raises": ("ValueError: boo", "alpha/raises.py"),
    "sleeps": ("AirflowTaskTimeout", "alpha/sleeps.py"),
    "swallows": ("alpha/swallows.py: it was not read within 4 seconds, and its process was ended",),
    "exits": ("alpha/exits.py: the process that read it ended with exit code 3",),
    "killed": ("alpha/killed.py: the process that read it was killed by SIGKILL",),
    "interrupted": ("KeyboardInterrupt: stop", "alpha/interrupted.py"),
}
FORKS = """\
import os, time
if not os.fork():
    open({path!r}, "w").write(str(os.getpid()))
    time.sleep(300)
"""
LOUD = "for _ in range(40):\n    print('x' * 100 * 1024)\nprint('\\n' * 50_000)"
GOOD = tuple(f"good_{number}" for number in range(4))


@pytest.fixture(scope="module")
def published(processor: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The processor, after it has gone through good and bad files of two tenants; gives what forked, too."""
    pid = tmp_path_factory.mktemp("forked") / "pid"
    before = {**BAD, "forks": FORKS.format(path=str(pid)), "loud": LOUD, **dict.fromkeys(GOOD, "")}
    alpha = {name: f"{head}\n{processor.text('alpha', name)}" for name, head in before.items()}
    beta = {name: processor.text("beta", name) for name in GOOD}
    processor.publish(alpha=alpha, beta=beta)
    processor.wait(lambda: len(processor.errors()) >= len(BAD) and len(processor.dags()) >= 10)
    yield processor, pid
    processor.publish(alpha=dict.fromkeys(alpha), beta=dict.fromkeys(beta))
    processor.wait(lambda: not processor.dags())


def test_every_good_dag_of_both_tenants_is_stored(published: Any) -> None:
    """Those that shout and leave processes behind are good ones."""
    processor, _ = published
    expected = {f"alpha.{name}" for name in (*GOOD, "forks", "loud")} | {f"beta.{name}" for name in GOOD}
    assert processor.dags() == expected


def test_exactly_the_bad_files_have_an_error(published: Any) -> None:
    """No neighbour is blamed."""
    processor, _ = published
    assert set(processor.errors()) == {f"alpha/{name}.py" for name in BAD}


@pytest.mark.parametrize("name", BAD)
def test_the_error_tells_file_and_reason(published: Any, name: str) -> None:
    """Also where the process could not say it any more."""
    processor, _ = published
    told = processor.errors()[f"alpha/{name}.py"]
    assert [part for part in TOLD[name] if part not in told] == []


def test_neighbours_wait_once_for_a_file_that_hangs(published: Any) -> None:
    """They were stored while the file had its second chance, alone."""
    processor, _ = published
    given_up = "SELECT timestamp FROM import_error WHERE filename = 'alpha/swallows.py'"
    ((end,),) = processor.query(given_up)
    assert all(processor.parsed(f"alpha.{name}") < end for name in GOOD)


def test_a_process_that_a_file_left_behind_is_ended(published: Any) -> None:
    """It would hold the parser's sockets open."""
    _, pid = published
    status = Path(f"/proc/{pid.read_text()}/stat")
    assert not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_next_pass_goes_on(published: Any) -> None:
    """A publish after all of that arrives, and a file that is mended loses its error."""
    processor, _ = published
    texts = {name: processor.text("alpha", name) for name in ("late", "swallows", "killed")}
    processor.publish(alpha=texts)
    processor.wait(lambda: processor.dags() >= {"alpha.late", "alpha.swallows", "alpha.killed"})
    assert processor.dags() >= {"alpha.late", "alpha.swallows", "alpha.killed"}
    assert not {"alpha/swallows.py", "alpha/killed.py"} & set(processor.errors())
    processor.publish(alpha={"late": None})
