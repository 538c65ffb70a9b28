"""A test host: Debian with systemd, an address of its own, and SSH by a key that was made for it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fleet.inside import inside
from fleet.keys import Keys
from fleet.network import Network
from fleet.owner import owner
from fleet.podman import OURS, PodmanError, podman, process
from fleet.turns import turn

USER = "ops"
"""Who administers a host: may do everything by sudo, without a password."""
PYTHON = Path(__file__).resolve().parents[1] / "kept_modules"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_START = (
    "--systemd=false",
    "--cap-add=SYS_ADMIN,NET_ADMIN,SYS_PTRACE,AUDIT_WRITE,NET_RAW",
    "--security-opt=seccomp=unconfined",
    "--cgroupns=private",
    "--tmpfs=/run:exec,mode=755",
    "--tmpfs=/run/lock",
    "--tmpfs=/tmp:exec,mode=1777",
    "--env=container=podman",
    "--stop-signal=SIGRTMIN+3",
)
KEPT = "/var/cache/kept-modules"
_UP_SECONDS = 180.0
# It may run with a unit that failed: tests tell of what they need.
_IS_UP = "case $(systemctl is-system-running 2>&1) in running | degraded) ;; *) false ;; esac"


@dataclass(frozen=True)
class Host:
    """A running test host; *container* is its name for podman, *name* its own."""

    container: str
    name: str
    address: str
    network: Network
    keys: Keys = field(repr=False)

    def run(
        self, *command: str, text: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* as root in the host; PodmanError with its output where it fails and *check* is True."""
        done = inside(self.container, *command, text=text)
        if check and done.returncode:
            raise PodmanError(
                f"{self.name}: {' '.join(command)}: {(done.stderr or done.stdout).strip()[-1000:]}"
            )
        return done

    def ssh(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run *command* over a new SSH connection, as the user who administers."""
        call = [
            "ssh",
            "-F",
            str(self.keys.settings),
            "-o",
            "BatchMode=yes",
            f"{USER}@{self.address}",
            *command,
        ]
        return subprocess.run(call, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def read(self, path: str) -> str:
        """Return the text of the file *path* in the host."""
        return self.run("cat", path).stdout

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        """Write *text* to the file *path* in the host, whose folder is made."""
        self.run("mkdir", "-p", str(Path(path).parent))
        self.run("sh", "-c", 'cat > "$0" && chmod "$1" "$0"', path, mode, text=text)

    def wait_for(self, condition: str, seconds: float = 300.0) -> None:
        """Wait until the shell's *condition* holds in the host; PodmanError where it never does."""
        deadline = time.monotonic() + seconds
        while self.run("sh", "-c", condition, check=False).returncode:
            if time.monotonic() > deadline:
                raise PodmanError(f"{self.name}: not so after {seconds:.0f} s: {condition}")
            time.sleep(0.5)

    def reboot(self) -> None:
        """Shut the host down in order and start it again; returns once it is up."""
        podman("stop", "--time=60", self.container)
        self._start_again()

    def crash(self) -> None:
        """Take its power away and give it back."""
        podman("kill", self.container)
        self._start_again()

    def cut(self) -> None:
        """Take its network away, in both directions."""
        self.run("ip", "link", "set", "eth0", "down")

    def mend(self) -> None:
        """Give its network back, with the route that went with it."""
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "route", "replace", "default", "via", self.network.gateway)

    def freeze(self) -> None:
        """Stop everything in the host, as a machine that hangs."""
        podman("pause", self.container)

    def thaw(self) -> None:
        """Let a frozen host go on."""
        podman("unpause", self.container)

    def remove(self) -> None:
        """Remove the host with all that is on it."""
        process("rm", "--force", "--time=0", "--volumes", self.container)
        self.keys.forget(self.address)

    def is_up(self) -> bool:
        """Return whether it is running and its services are up."""
        return inside(self.container, "sh", "-c", _IS_UP).returncode == 0

    def wait_until_up(self) -> None:
        """Wait until it is up and takes SSH connections; PodmanError says what was missing."""
        # Asked from here again and again, the questions would cost more than the start.
        waiting = f"until {_IS_UP} && test -e /run/sshd.pid; do sleep 0.1; done"
        seconds = f"{_UP_SECONDS:.0f}"
        if inside(self.container, "timeout", seconds, "sh", "-c", waiting).returncode:
            raise PodmanError(f"{self.name}: not up after {seconds} s: podman logs {self.container}")

    def _start_again(self) -> None:
        podman("start", self.container)
        self.wait_until_up()


def start(
    name: str,
    network: Network,
    keys: Keys,
    image: str,
    *,
    address: str = "",
    container: str = "",
    labels: tuple[str, ...] = (),
) -> Host:
    """Start a host called *name* and return it once it is up; what is left of an attempt that failed is removed."""
    # Between the look for a free address and its use nobody else may look.
    with turn("start"):
        network.ensure()
        address = address or network.free_address()
        host = Host(container or f"aerodrome-{name}-{owner()}", name, address, network, keys)
        with _removed_unless_done(host):
            _create(host, image, labels)
    with _removed_unless_done(host):
        host.wait_until_up()
        _admit(host)
    return host


@contextmanager
def _removed_unless_done(host: Host) -> Iterator[None]:
    try:
        yield
    except BaseException:
        host.remove()
        raise


def _create(host: Host, image: str, labels: tuple[str, ...]) -> None:
    # As a machine has it: with another one after each restart nobody would find the host for ten seconds.
    card = "02:00:" + ":".join(f"{int(part):02x}" for part in host.address.split("."))
    named = ("--name", host.container, "--hostname", host.name, "--network", host.network.name)
    reached = ("--ip", host.address, "--mac-address", card)
    own = (f"{OURS}.owner={owner()}", f"{OURS}.address={host.address}", *labels)
    told = (f"--label={label}" for label in own)
    shares = f"--cpu-shares={host.network.shares}"
    podman("run", "--detach", "--quiet", *named, *reached, shares, *_START, *_keeping(host), *told, image)


def _keeping(host: Host) -> tuple[str, ...]:
    """Return what has the host's Python keep what it compiles of Ansible's modules, beside the keys, for all hosts."""
    kept = host.keys.folder.resolve().parent / "kept-modules"
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = (f"{path}:/usr/lib/python3/dist-packages/{path.name}:ro" for path in PYTHON.glob("kept_modules.p*"))
    return tuple(f"--volume={volume}" for volume in (*own, f"{kept}:{KEPT}"))


def _admit(host: Host) -> None:
    host.write(f"/home/{USER}/.ssh/authorized_keys", host.keys.public(), "0600")
    host.run("chown", "-R", f"{USER}:{USER}", f"/home/{USER}/.ssh")
    if CERTIFICATES.exists():
        # A machine may reach package indexes through a proxy with an authority of its own.
        podman("cp", CERTIFICATES.resolve(), f"{host.container}:{CERTIFICATES}")
    host.keys.know(host.address, host.read("/etc/ssh/ssh_host_ed25519_key.pub"))
