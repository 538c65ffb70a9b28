"""Every rendered DAG is imported by Airflow in a child process, and each harms only itself."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aerodrome.check import check_rendered

BACKTRACKING = (
    'params={"p": Param("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", pattern="^(a+)+$")},  # line 7'
)


@dataclass(frozen=True)
class File:
    """One file of the bundle."""

    path: str
    text: str
    source: str
    dag_id: str = ""


@pytest.fixture(scope="module")
def golden(repository: Path) -> Path:
    """The folder of rendered files."""
    return repository / "tests" / "render" / "golden"


@pytest.fixture(scope="module")
def bundle(golden: Path) -> Any:
    """Return a function that makes a bundle: the limits, and one file per variant of the smallest DAG."""
    limits = File(
        "flights/policy.json",
        (golden / "expected" / "policy.json").read_text(),
        "tenants/flights/tenant.yaml",
    )
    text = (golden / "minimal.py").read_text()

    def bundle(**changes: tuple[str, str]) -> list[File]:
        files = [limits]
        for name, (old, new) in changes.items():
            own = text.replace("flights.minimal", f"flights.{name}").replace(
                '"manual", "operator_triggered"', '"manual"'
            )
            files.append(
                File(
                    f"flights/{name}.py",
                    own.replace(old, new),
                    f"tenants/flights/dags/{name}.yaml",
                    f"flights.{name}",
                )
            )
        return files

    return bundle


NONE = ("", "")


def test_good_files_make_no_problem(bundle: Any) -> None:
    """One child for all of them."""
    steps: list[str] = []
    assert check_rendered(bundle(a=NONE, b=NONE), progress=steps.append) == ()
    assert steps == ["importing 2 DAGs"]


def test_each_bad_file_is_told_at_its_manifest_and_the_others_pass(bundle: Any) -> None:
    """Broken, hanging, crashing, exiting and hostile files among good ones: one problem for each."""
    files = bundle(
        good=NONE,
        broken=('FlowEmptyOperator(task_id="nothing")', 'FlowEmptyOperator(task_id="nothing", nonsense=1)'),
        hangs=("schedule=None,", f"schedule=None, {BACKTRACKING}\n    start_date=None,"),
        crashes=("with DAG(", "import os; os.abort()\nwith DAG("),
        exits=("with DAG(", "raise SystemExit\nwith DAG("),
        syntax=("with DAG(", "with DAG("[:-1]),
        other=('dag_id="flights.other"', 'dag_id="payments.other"'),
        last=NONE,
    )
    files = [_with_param(file) if "hangs" in file.path else file for file in files]
    problems = check_rendered(files, time_limit=3)
    told = {Path(problem.file).stem: problem for problem in problems}
    assert set(told) == {"broken", "hangs", "crashes", "exits", "syntax", "other"}
    assert "nonsense" in told["broken"].message
    assert "did not end within 3 s" in told["hangs"].message
    assert "died" in told["crashes"].message
    assert "outside the tenant" in told["other"].message


def _with_param(file: File) -> File:
    text = file.text.replace("import DAG", "import DAG, Param").replace("schedule=None", 'schedule="@daily"')
    text = text.replace(
        'allowed_run_types=["manual"]', 'allowed_run_types=["backfill", "manual", "scheduled"]'
    )
    return File(file.path, text, file.source, file.dag_id)


def test_lines_of_the_manifest_are_told(bundle: Any) -> None:
    """The task whose operator refuses, the param that hangs."""
    files = bundle(
        broken=('FlowEmptyOperator(task_id="nothing")', 'FlowEmptyOperator(task_id="nothing", nonsense=1)'),
        hangs=(
            "schedule=None,",
            f"schedule=None, {BACKTRACKING.replace('params={', 'params={' + chr(10) + '        ')}",
        ),
    )
    hangs = _with_param(files[2])
    problems = check_rendered([files[0], files[1], hangs], time_limit=3)
    assert [(Path(problem.file).stem, problem.line) for problem in problems] == [("broken", 3), ("hangs", 7)]


def test_a_default_that_its_schema_refuses_is_found_without_a_schedule(bundle: Any) -> None:
    """Airflow itself would tell only the person who starts a run."""
    wrong = ("schedule=None,", 'schedule=None,\n    params={"p": Param("x", type="integer")},')
    files = bundle(wrong=wrong)
    files[1] = File(
        files[1].path,
        files[1].text.replace("import DAG", "import DAG, Param"),
        files[1].source,
        files[1].dag_id,
    )
    (problem,) = check_rendered(files)
    assert "'x' is not of type 'integer'" in problem.message


def test_memory_is_limited(bundle: Any) -> None:
    """A file that takes all memory is stopped before the machine is."""
    (problem,) = check_rendered(bundle(greedy=("with DAG(", "bytearray(64 * 2**30)\nwith DAG(")))
    assert "MemoryError" in problem.message


def test_the_child_sees_nothing_of_this_process(bundle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment, and what it prints does not disturb the answers."""
    monkeypatch.setenv("SECRET_OF_THE_DEPLOYER", "x")
    spy = "import os, sys\nprint('{}')\nassert 'SECRET_OF_THE_DEPLOYER' not in os.environ\nwith DAG("
    assert check_rendered(bundle(spy=("with DAG(", spy))) == ()


def test_equal_files_are_not_imported_again(bundle: Any, tmp_path: Path) -> None:
    """Found good or bad before: told again at once; a change of file or limits is looked at."""
    files = bundle(good=NONE, bad=("with DAG(", "with NOTHING("))
    first = check_rendered(files, cache=tmp_path)
    steps: list[str] = []
    assert check_rendered(files, cache=tmp_path, progress=steps.append) == first
    assert steps == []
    other_limits = File(
        files[0].path, files[0].text.replace('"active_runs": 4', '"active_runs": 1'), files[0].source
    )
    assert len(check_rendered([other_limits, *files[1:]], cache=tmp_path)) == 2


def test_a_file_that_hung_is_tried_again(bundle: Any, tmp_path: Path) -> None:
    """It may have been the machine's fault."""
    files = bundle(
        slow=(
            "with DAG(",
            f"import os, time\ntime.sleep(0 if os.path.exists('{tmp_path}/quick') else 60)\nwith DAG(",
        )
    )
    assert len(check_rendered(files, cache=tmp_path, time_limit=1.5)) == 1
    (tmp_path / "quick").touch()
    assert check_rendered(files, cache=tmp_path, time_limit=20) == ()


def test_a_damaged_memory_costs_time_only(bundle: Any, tmp_path: Path) -> None:
    """Whatever stands in the file."""
    (tmp_path / "imports.json").write_text('{"x": 1, ')
    assert check_rendered(bundle(good=NONE), cache=tmp_path) == ()


def test_no_process_is_left(bundle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that hangs is ended with its whole group."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    files = bundle(forks=("with DAG(", "import os, time\nos.fork()\ntime.sleep(60)\nwith DAG("))
    check_rendered(files, time_limit=1.5)
    left = [entry.name for entry in Path("/proc").iterdir() if str(tmp_path) in _command(entry)]
    assert left == []


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""
