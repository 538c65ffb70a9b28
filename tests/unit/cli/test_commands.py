"""The other commands of the command line, in a repository where nothing is deployed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aerodrome.cli.program import commands as program
from aerodrome.local.machine.state import MARK
from typer.testing import CliRunner

COMMANDS = ("tenant", "check", "test", "lock", "run", "dev", "plan", "deploy", "drift", "diff-env", "status",
            "logs", "down", "destroy", "remove-tenant", "workers", "drain", "remove-host", "check-hosts",
            "bundle-history", "bundle-rollback", "operators", "docs")  # fmt: skip
commands = program()


def test_help_lists_every_command(place: Any) -> None:
    """And so does the program without arguments."""
    done = place.run("--help")
    assert done.returncode == 0 and not [name for name in COMMANDS if f" {name} " not in done.stdout]
    assert "Traceback" not in place.run().stderr


def test_each_command_explains_itself() -> None:
    """In one sentence at least."""
    for command in COMMANDS:
        done = CliRunner().invoke(commands, [command, "--help"])
        assert done.exit_code == 0 and f"{command} [OPTIONS]" in done.output and "." in done.output, command


MISSING = {
    "tenant": "name",
    "test": "tenant",
    "lock": "tenant",
    "run": "dag",
    "bundle-rollback": "to",
    "remove-tenant": "tenant",
    "diff-env": "a",
}


def test_a_missing_argument_is_named() -> None:
    """Exit code 2, and the way to more help."""
    for command, word in MISSING.items():
        done = CliRunner().invoke(commands, [command])
        assert done.exit_code == 2 and f"Missing argument '{word}'" in done.output and "--help" in done.output


@pytest.mark.parametrize("arguments", [("chekc",), ("check", "--tennant", "x"), ("logs", "--lines", "many")])
def test_what_nobody_knows_is_the_users_mistake(place: Any, arguments: tuple[str, ...]) -> None:
    """A command, an option, a value."""
    done = place.run(*arguments)
    assert (
        done.returncode == 2
        and any(word in done.stderr for word in arguments)
        and "Traceback" not in done.stderr
    )


def test_operators_lists_the_whole_catalogue(place: Any) -> None:
    """One line each, with what it does."""
    from common_plugins.catalogue import entries

    lines = place.run("operators").stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == sorted(entries())
    assert all(len(line.split()) > 2 for line in lines[:-1])


# The generated pages.


@pytest.fixture
def documented(place: Any, repository: Path) -> Any:
    """A repository whose pages are current."""
    shutil.copy(repository / "Makefile", place.root)
    assert place.run("docs").returncode == 0
    return place


def test_current_pages_pass_and_are_not_written_again(documented: Any) -> None:
    """Nothing is printed."""
    done = documented.run("docs", "--check")
    assert (done.returncode, done.stdout, documented.run("docs").stdout) == (0, "", "")


def test_an_outdated_page_is_named(documented: Any) -> None:
    """Changed by hand, gone, or no text at all; the check writes nothing, the command mends it."""
    reference = documented.root / "docs/reference"
    (reference / "operators.md").write_text("by hand")
    (reference / "tenant.md").unlink()
    (reference / "policy.md").write_bytes(b"\xff")
    done = documented.run("docs", "--check")
    assert done.returncode == 2 and done.stdout.count(" is out of date: run `make docs`") == 3
    assert (reference / "operators.md").read_text() == "by hand"
    assert (
        documented.run("docs").stdout.count("wrote ") == 3
        and documented.run("docs", "--check").returncode == 0
    )


def test_only_the_schemas_are_written_when_asked_for(place: Any, repository: Path) -> None:
    """They are JSON."""
    shutil.copy(repository / "Makefile", place.root)
    place.run("docs", "--only", "schemas")
    written = [path for path in (place.root / "docs").rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"dag.schema.json", "tenant.schema.json"}
    assert all(json.loads(path.read_text()) for path in written)


# Where nothing is deployed.


@pytest.mark.parametrize("command", ["status", "logs", "bundle-history", "bundle-rollback x", "dev"])
def test_where_nothing_is_deployed_the_command_says_so(place: Any, command: str) -> None:
    """Exit code 1, and nothing is made for it, not even a lock."""
    done = place.run(*command.split())
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert any(
        text in done.stdout + done.stderr
        for text in ("nothing is deployed here", "nothing was published yet")
    )
    assert (
        sorted(path.name for path in place.root.parent.iterdir()) == ["repository", "tmp"]
        and place.left() == []
    )


@pytest.mark.parametrize("command", ["down", "destroy"])
def test_ending_what_does_not_run_is_no_fault(place: Any, command: str) -> None:
    """Both may be repeated; nothing is asked and nothing is made."""
    done = place.run(command)
    assert done.returncode == 0 and done.stdout == "nothing is deployed here\n"
    assert sorted(path.name for path in place.root.parent.iterdir()) == ["repository", "tmp"]


def test_destroy_asks_before_it_deletes(place: Any) -> None:
    """An empty answer and the end of the input both mean no."""
    state = Path(place.environment["AERODROME_STATE"])
    (state / "data").mkdir(parents=True)
    (state / MARK).touch()
    for typed in ("\n", ""):
        done = place.run("destroy", typed=typed)
        assert done.returncode == 1 and "with all its data?" in done.stdout and (state / "data").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("command", ["status", "plan", "destroy"])
def test_what_somebody_else_deployed_is_left_alone(place: Any, command: str) -> None:
    """The message says whose it is and what to do, before anything is asked or tried."""
    state = Path(place.environment["AERODROME_STATE"])
    state.mkdir()
    os.chown(state, 54321, 54321)
    done = place.run(command)
    assert done.returncode == 2 and done.stderr.startswith(f"{state} belongs to another user")


@pytest.mark.skipif(os.geteuid() != 0, reason="about root")
def test_root_runs_no_tenants_code_without_users_of_a_deploy(good: Any) -> None:
    """There would be nobody to run it as."""
    done = good.run("run", "alpha.daily")
    assert done.returncode == 2 and done.stderr.startswith(
        "as root a run needs the users that a deploy makes"
    )
    assert "make deploy ENV=local first" in done.stderr and good.left() == []


@pytest.fixture
def cloud(place: Any) -> Any:
    """An environment in a cluster that says nothing of it, beside the one of this machine."""
    text = (place.root / "environments/local/environment.yaml").read_text()
    shared = text.partition("local:\n")[0].replace("kind: local", "kind: kubernetes")
    place.write("environments/cloud/environment.yaml", shared.replace("{triggerer: true}", "{}"))
    return place


def test_hosts_are_asked_of_a_cluster_too_where_there_are_any(cloud: Any) -> None:
    """Before anything else is."""
    done = cloud.run("workers", "--env", "cloud")
    assert done.returncode == 2
    assert done.stderr.startswith("environments/cloud/inventory/hosts.yml names no host\n")


@pytest.mark.parametrize("command", ["down", "destroy"])
def test_what_is_for_a_local_environment_is_refused_for_others(cloud: Any, command: str) -> None:
    """What can be done instead is said, with the environments that there are for it."""
    done = cloud.run(command, "--env", "cloud")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "cloud is no local environment, but one of kind kubernetes",
        "    make check ENV=cloud and make inventory ENV=cloud look at it; what this command does it does for"
        " environments of processes on this machine: ENV=local",
    ]


@pytest.mark.parametrize("command", ["plan", "deploy"])
def test_what_an_environment_in_a_cluster_does_not_say_is_named_at_once(cloud: Any, command: str) -> None:
    """All of it, before anything is built or asked."""
    done = cloud.run(command, "--env", "cloud")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "environments/cloud/environment.yaml: it does not say `images` and `bundle`, which a deploy needs",
        "    docs/reference/environment.md tells what belongs there",
    ]


def test_a_state_folder_must_be_absolute(place: Any) -> None:
    """It would mean another place in each folder."""
    process = place.start("status", env={**place.environment, "AERODROME_STATE": "state"})
    assert "AERODROME_STATE=state is not an absolute path" in process.communicate()[1]


def test_a_plan_says_what_a_deploy_would_do(good: Any) -> None:
    """And with a mistake in a manifest it shows both, and ends as a mistake."""
    good.dag("alpha", "broken", "dag_id: broken\n")
    done = good.run("plan")
    assert done.returncode == 2 and "DAG alpha.daily" in done.stdout and "changes, plan " in done.stdout
    assert "tenants/alpha/dags/broken.yaml:" in done.stderr


def test_a_plan_and_a_status_for_programs(good: Any) -> None:
    """One JSON document each, the same facts and exit codes as for people."""
    good.dag("alpha", "broken", "dag_id: broken\n")
    done = good.run("plan", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 2 and "tenants/alpha/dags/broken.yaml:" in done.stderr
    assert found["problems"][0]["file"] == "tenants/alpha/dags/broken.yaml" and len(found["digest"]) == 64
    assert "DAG alpha.daily" in [change["what"] for change in found["changes"]]
    done = good.run("status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1 and "nothing is deployed here" in found["notes"]
    assert (found["healthy"], found["processes"], found["dags"], found["addresses"]) == (False, [], [], {})


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        ("{", "the values of a run are no JSON: Expecting property name"),
        ("[1]", "the values of a run are one JSON object, not [1]"),
        ('{"a": 1, "a": 2}', "the values of a run are no JSON: 'a' stands there twice"),
        ('{"a": {"b": NaN}}', "the values of a run are no JSON: NaN is no number of JSON"),
    ],
)
def test_values_that_are_no_json_object_are_the_users_mistake(place: Any, conf: str, told: str) -> None:
    """At once, with an example of what is meant."""
    done = place.run("run", "alpha.daily", "--conf", conf)
    assert done.returncode == 2 and done.stderr.startswith(told) and "CONF='{" in done.stderr


UNKNOWN = {
    "lock nosuch": "tenants/nosuch does not exist",
    "lock ../x": "tenants/../x does not exist",
    "test nosuch": "tenants/nosuch does not exist",
    "run nosuch.daily": "tenants/nosuch does not exist",
    "run alpha.dialy": "there is no DAG 'alpha.dialy'\n    did you mean 'alpha.daily'?",
    "run alpha": "'alpha' names no DAG",
    "run alpha.broken": "tenants/alpha/dags/broken.yaml:",
}


@pytest.mark.parametrize("command", UNKNOWN)
def test_an_unknown_tenant_or_dag_is_the_users_mistake(good: Any, command: str) -> None:
    """Exit code 2, and what is there instead."""
    if "broken" in command:
        good.dag("alpha", "broken", "dag_id: broken\n")
    done = good.run(*command.split())
    assert done.returncode == 2 and done.stderr.startswith(UNKNOWN[command])


def test_make_passes_a_runs_values_on_as_they_were_typed(repository: Path) -> None:
    """Also a dollar, which make would take for the beginning of a variable of its own."""
    values = '{"text": "$HOME $(x) $$"}'
    said = subprocess.run(
        ["make", "--no-print-directory", "run", "DAG=a.b", f"CONF={values}", "AERODROME=printenv CONF #"],
        cwd=repository, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert said.splitlines()[-1] == values
