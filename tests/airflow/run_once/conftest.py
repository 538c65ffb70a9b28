"""An ordinary person with a repository of one tenant, who runs DAGs once without any platform."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aerodrome.local.machine import interpreter
from aerodrome.local.machine.state import Layout
from aerodrome.scaffold import scaffold_tenant

ENVIRONMENT = """\
kind: local
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
"""
JOBS = """
import os, time

def numbers():
    return [{"n": 1}, {"n": 2}]

def double(n):
    print("doubling", n)
    return 2 * n

def total(some):
    return {"sum": sum(some), "count": len(some)}

def tell(value):
    print("told", value)

def show(folder):
    print("folder is there:", os.path.isdir(folder))
    print("from outside:", sorted(name for name in os.environ if "AIRFLOW" in name or "SECRET" in name))

def fail(text):
    raise ValueError(text)

def wait(path):
    open(path, "w").write(str(os.getpid()))
    time.sleep(600)
"""
ALL = """\
dag_id: all
schedule: "@daily"
start_date: 2024-01-01
tasks:
  - {id: numbers, uses: python.call, with: {function: 'quick.jobs:numbers'}}
  - {id: double, needs: [numbers], uses: python.call, with: {function: 'quick.jobs:double', args: {n: 4}}}
  - id: each
    needs: [numbers]
    uses: python.call
    with: {function: 'quick.jobs:double'}
    expand: {args: {$x: numbers}}
  - id: total
    needs: [each]
    uses: python.call
    with: {function: 'quick.jobs:total', args: {some: {$x: each}}, outputs: [sum, count]}
  - id: tell
    needs: [total]
    uses: python.call
    with: {function: 'quick.jobs:tell', args: {value: {$x: {task: total, key: sum}}}}
  - {id: broken, uses: python.call, with: {function: 'quick.jobs:fail', args: {text: expected}}}
  - {id: rescue, needs: [broken, total], trigger_rule: one_failed, uses: flow.empty}
  - {id: show, uses: python.call, with: {function: 'quick.jobs:show', args: {folder: '{{ tenant.data }}'}}}
  - {id: choose, needs: [show], uses: flow.branch, with: {choose: left}}
  - {id: left, needs: [choose], uses: flow.empty}
  - {id: right, needs: [choose], uses: flow.empty}
"""
FAILS = """\
dag_id: fails
schedule: null
defaults: {retries: 3, retry_delay: 5m}
tasks:
  - {id: create, setup: true, uses: flow.empty}
  - id: bad
    needs: [create]
    uses: python.call
    with: {function: 'quick.jobs:fail', args: {text: 'it is [red]broken[/red]'}}
  - id: remove
    needs: [bad]
    teardown_of: [create]
    uses: python.call
    with: {function: 'quick.jobs:tell', args: {value: removed}}
  - {id: after, needs: [bad], uses: flow.empty}
"""
WAITS = """\
dag_id: waits
schedule: null
tasks:
  - {id: wait, uses: python.call, with: {function: 'quick.jobs:wait', args: {path: '{{ tenant.data }}/pid'}}}
"""
ASKS = """\
dag_id: asks
schedule: null
params: {day: {type: string, format: date}, number: {default: 1, type: integer, maximum: 9}}
tasks:
  - id: go
    uses: python.call
    with: {function: 'quick.jobs:tell', args: {value: '{{ params.day }}: {{ params.number }}'}}
"""


@dataclass(frozen=True)
class Person:
    """Who runs commands: *user* is None where the tests' own user is no root."""

    folder: Path
    python: Path
    user: str | None

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `aerodrome` with *arguments*, as in a terminal of its own."""
        own = {"HOME": "home", "TMPDIR": "tmp", "AERODROME_REPOSITORY": "repository"}
        passed = {
            key: value
            for key, value in os.environ.items()
            if key in ("PATH", "LANG") or "PROXY" in key.upper()
        }
        return subprocess.Popen(
            [self.python, "-c", "from aerodrome.cli import main; main()", *arguments],
            env={**passed, **environment, **{key: str(self.folder / value) for key, value in own.items()}},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
            start_new_session=True, user=self.user, group=_group(self.user), extra_groups=[] if self.user else None,
        )  # fmt: skip

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Return how `aerodrome` with *arguments* ended."""
        process = self.start(*arguments, **environment)
        out, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def left(self) -> list[str]:
        """Return what is left in the folder for temporary files, and the processes that use it."""
        marked = [path.parent.name for path in Path("/proc").glob("[0-9]*/environ") if self._is_mine(path)]
        return [*(path.name for path in (self.folder / "tmp").iterdir()), *marked]

    def _is_mine(self, environ: Path) -> bool:
        try:
            return (
                str(self.folder).encode() in environ.read_bytes() + environ.with_name("cmdline").read_bytes()
            )
        except OSError:
            return False


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def _python(folder: Path, repository: Path, user: str | None) -> Path:
    """Return an interpreter with the packages of the tests that *user* can run."""
    if user is None:
        return Path(sys.executable)
    packages = next((repository / ".venv/lib").glob("python3*/site-packages"))
    if subprocess.run(["test", "-r", packages / "airflow"], user=user, check=False, cwd="/").returncode:
        pytest.skip("the clone lies in a folder that other users cannot enter")
    interpreter._copy_python(Layout(repository, folder, folder / "run", root=True))
    made = folder / "venv"
    subprocess.run(
        [folder / "python/bin/python3.11", "-m", "venv", "--without-pip", made], check=True, cwd="/"
    )
    places = (packages, repository / "platform", repository)
    site = next(made.glob("lib/python3*/site-packages"))
    (site / "clone.pth").write_text("".join(f"{place}\n" for place in places))
    (made / "bin/uv").symlink_to(repository / ".venv/bin/uv")
    return made / "bin/python"


def _write_repository(root: Path) -> None:
    (root / "environments/local").mkdir(parents=True)
    (root / "tenants").mkdir()
    (root / "environments/local/environment.yaml").write_text(ENVIRONMENT)
    scaffold_tenant(root, "quick")
    (root / "tenants/quick/src/quick/jobs.py").write_text(JOBS)
    for name, text in {"all": ALL, "fails": FAILS, "waits": WAITS, "asks": ASKS}.items():
        (root / f"tenants/quick/dags/{name}.yaml").write_text(text)


@pytest.fixture(scope="session")
def person(repository: Path, spare_users: tuple[str, ...]) -> Iterator[Person]:
    """A person with a repository and nothing deployed."""
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-person-"))
    folder.chmod(0o755)
    if os.geteuid() == 0 and not spare_users:
        pytest.skip("no spare user")
    user = spare_users[0] if os.geteuid() == 0 else None
    try:
        made = Person(folder, _python(folder, repository, user), user)
        _write_repository(made.repository)
        for name in ("home", "tmp"):
            (folder / name).mkdir()
        if user:
            for path in (folder / "home", folder / "tmp", made.repository, *made.repository.rglob("*")):
                shutil.chown(path, user)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)
