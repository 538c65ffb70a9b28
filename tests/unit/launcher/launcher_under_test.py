"""A real launcher for tests: its server, two tenants with an environment each, and ways to start jobs."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aerodrome_airflow.launcher.client import Job, Launch

RUNTIME = "0123456789abcdef"

TENANT_CODE = '''
import json, os, subprocess, sys, time

def echo(**values):
    return values

def greet(name, connections, variables):
    return [name, connections, variables]

def whoami():
    return {"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "cwd": os.getcwd(),
            "umask": os.umask(0), "environment": dict(os.environ),
            "fds": sorted(os.listdir("/proc/self/fd"), key=int),
            "status": open("/proc/self/status").read()}

def say(lines):
    for line in lines:
        print(line)
    print("trouble", file=sys.stderr)

def fail(message):
    raise ValueError(message)

def big(size):
    return "x" * size

def strange():
    return {1, 2}

def leave():
    sys.exit(3)

def die(number):
    os.kill(os.getpid(), number)

def eat(megabytes):
    return len(bytearray(megabytes * 1024 * 1024))

def pieces(count, fails):
    for number in range(count):
        yield bytes([number % 256]) * 65536
    if fails:
        raise ValueError("in the middle")

def file(size):
    import pathlib
    path = pathlib.Path(os.environ["TMPDIR"]) / "table.csv"
    path.write_bytes(b"x" * size)
    return path

def digests(table, nested=None):
    """Tell what files came in the place of streams."""
    import hashlib
    found = [table, *(nested or {}).get("deep", [])]
    return [[type(path).__name__, path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in found]

def echo_nothing():
    return None

def raw(text):
    return text.encode()

def long_line(size):
    sys.stdout.write("y" * size)

def binary():
    sys.stdout.buffer.write(bytes(range(256)) + b"\\n")

def detach(path, seconds, ignore):
    """Leave a process behind that is in a session of its own and whose parent is gone."""
    code = (
        "import os, signal, sys, time\\n"
        + ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\\n" if ignore else "")
        + "os.setsid()\\n"
        "if os.fork(): os._exit(0)\\n"
        "if os.fork(): os._exit(0)\\n"
        f"open({path!r}, 'w').write(str(os.getpid()))\\n"
        "time.sleep(600)"
    )
    subprocess.Popen([sys.executable, "-c", code])
    while not os.path.exists(path) or not open(path).read():
        time.sleep(0.01)
    print("detached")
    time.sleep(seconds)

def sleep(seconds):
    print("sleeping")
    time.sleep(seconds)

def save_on_term(path):
    import signal
    def stop(*_):
        open(path, "w").write("saved")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    print("ready")
    time.sleep(600)

def temporary():
    path = os.environ["TMPDIR"] + "/left/behind"
    os.makedirs(path)
    return os.environ["TMPDIR"]

def processors():
    return len(os.sched_getaffinity(0))

def eat_together(megabytes, processes):
    """Take memory in several processes, each of which takes less than one may."""
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return sum(pool.map(hold, [megabytes] * processes, chunksize=1))

def hold(megabytes):
    held = bytearray(b"x") * (megabytes * 1024 * 1024)
    time.sleep(1)
    return len(held)

def multiply(path):
    """Start processes that leave their session and their parent, until there can be no more."""
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
        except OSError:
            if not os.path.exists(path):
                open(path, "w").close()
                print("full")
            time.sleep(0.01)

def busy(processes, seconds):
    """Return the processor time that several processes get together."""
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return sum(pool.map(turn, [seconds] * processes, chunksize=1))

def turn(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return time.process_time()

def spawned():
    import multiprocessing
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(abs, [-1, -2])
'''


@dataclass
class Launcher:
    """A launcher process and what its tenants are."""

    is_root: bool
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    user: str | None = None
    users: dict[str, str | None] = field(default_factory=dict)
    interpreter: str = ""
    prefix: tuple[str, ...] = ()

    @property
    def socket(self) -> Path:
        return self.folder / "launcher.sock"

    @property
    def config(self) -> Path:
        return self.folder / "launcher.json"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def tenant(self, name: str) -> dict[str, Any]:
        base = self.folder / name
        return {
            "user": self.users[name],
            "home": str(base),
            "data": str(base / "data"),
            "runtimes": str(base / "runtimes"),
        }

    def configure(self, **changes: Any) -> None:
        """Write the configuration; keys of *changes* named like a tenant change that tenant."""
        tenants = {name: {**self.tenant(name), **changes.pop(name, {})} for name in self.users}
        whole = {
            "socket": str(self.socket),
            "allowed_users": [pwd.getpwuid(os.geteuid()).pw_name],
            "tenants": tenants,
        }
        draft = self.folder / "draft.json"
        draft.write_text(json.dumps({**whole, "grace_seconds": 1.0, **changes}))
        if self.user is not None:
            shutil.chown(draft, self.user)
        draft.replace(self.config)

    def start_again(self) -> None:
        """Start a server after the last one ended."""
        self.start(self.interpreter)

    def start(self, interpreter: str) -> None:
        """Start the server and wait until it serves."""
        self.interpreter = interpreter
        command = [
            *self.prefix,
            interpreter,
            str(self.folder / "code/aerodrome_airflow/launcher/server.py"),
            "--config",
            str(self.config),
        ]
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(self.folder / "code"),
            "SERVER_SECRET": "s3cret",
            "TMPDIR": tempfile.gettempdir(),
        }
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stderr=log,
                user=self.user,
                group=_group(self.user),
                extra_groups=[] if self.user else None,
            )
        wait_for(self._serves)

    def _serves(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.socket))
            return True
        return False

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    def launch(self) -> Launch:
        return Launch(self.socket)

    def call(self, function: str, tenant: str = "alpha", lines: list[str] | None = None, **args: Any) -> Any:
        """Return what the tenant's function returns; its output goes to *lines*."""
        return self.launch().run(call(function, tenant, **args), [].append if lines is None else lines.append)

    def bash(
        self, script: str, lines: list[str] | None = None, tenant: str = "alpha", **environment: str
    ) -> Any:
        """Return the exit code and last line of *script*."""
        job = Job(tenant, "bash", None, {"script": script}, environment)
        return self.launch().run(job, [].append if lines is None else lines.append)


def call(function: str, tenant: str = "alpha", **args: Any) -> Job:
    """Return the job that calls demo.jobs:*function*."""
    body = {"function": f"demo.jobs:{function}", "args": args, "connections": {}, "variables": {}}
    return Job(tenant, "call", RUNTIME, body)


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> None:
    """Return when *condition* holds; fail the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Return whether *pid* runs, zombies not counted."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _interpreter(user: str | None) -> str:
    """Return a Python that *user* can start; the one of the tests may lie in a closed folder."""
    for candidate in (sys._base_executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(
                [candidate, "-c", "import venv"], user=user, check=True, cwd="/", capture_output=True
            )
            return candidate
    pytest.skip("no Python that another user can start")


def _copy_launcher(launcher: Launcher, repository: Path) -> None:
    """Copy only the launcher: its server must need nothing else."""
    package = launcher.folder / "code/aerodrome_airflow"
    shutil.copytree(repository / "platform/aerodrome_airflow/launcher", package / "launcher")
    (package / "__init__.py").touch()


def _prepare(launcher: Launcher, interpreter: str, repository: Path) -> None:
    _copy_launcher(launcher, repository)
    for name in launcher.users:
        runtime = launcher.folder / name / "runtimes" / RUNTIME
        subprocess.run([interpreter, "-m", "venv", "--without-pip", str(runtime)], check=True, cwd="/")
        package = next(runtime.glob("lib/python3.*/site-packages")) / "demo"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "jobs.py").write_text(TENANT_CODE)
        data = launcher.folder / name / "data"
        data.mkdir()
        owner = launcher.users[name] or launcher.user
        if owner is not None:
            shutil.chown(data, owner)
            shutil.chown(data.parent, owner)
            data.chmod(0o700)


@contextlib.contextmanager
def running(mode: str, repository: Path, spare: Sequence[str]) -> Iterator[Launcher]:
    """Give a launcher that runs as root with a user of *spare* per tenant, or as an ordinary user."""
    am_root = os.geteuid() == 0
    if (mode == "root" and not am_root) or (am_root and len(spare) < 3):
        pytest.skip("needs root and three spare users")
    folder = Path(tempfile.mkdtemp(prefix="aerodrome-test-"))
    folder.chmod(0o755)
    users = (
        dict(zip(("alpha", "beta"), spare, strict=False)) if mode == "root" else {"alpha": None, "beta": None}
    )
    launcher = Launcher(
        mode == "root", folder, users=users, user=spare[2] if am_root and mode != "root" else None
    )
    interpreter = _interpreter(spare[0] if am_root else None)
    try:
        _prepare(launcher, interpreter, repository)
        if launcher.user:
            shutil.chown(folder, launcher.user)
        launcher.configure()
        launcher.start(interpreter)
        yield launcher
    finally:
        launcher.stop()
        shutil.rmtree(folder, ignore_errors=True)
