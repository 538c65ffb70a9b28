"""A cluster of this machine's own, from nothing to ready, and away again."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
from fleet.turns import turn
from kubernetes import client, config, utils
from kubernetes.client.exceptions import ApiException
from testbed import addons, control_plane, images, network, node, processes, programs, registry
from testbed.place import KUBECONFIG, LOGS, NODES, RUN, STATE
from urllib3.exceptions import HTTPError

PACKAGES = (
    *("containerd", "runc", "containernetworking-plugins", "podman", "docker-registry", "git"),
    *("iptables", "ipset", "conntrack", "iproute2", "util-linux", "ethtool", "socat", "busybox-static"),
)
"""What a cluster needs of Debian."""
LONGEST_SECONDS = 240
_SOCKET = RUN / "control-plane.sock"
Say = Callable[[str], None]


class ClusterError(Exception):
    """The cluster does not come up; the text names what fails and shows the end of its log."""


def up(say: Say = print) -> Path:
    """Return the kubeconfig of the cluster, started first where it does not run."""
    compiled = programs.compiled(say)
    with turn("cluster"):
        if not _answers():
            _remove()
            say("starting the cluster")
            _start(compiled)
            _wait("the API server", _answers, "kube-apiserver")
        _fill(compiled, say)
    return KUBECONFIG


def down() -> None:
    """Remove the cluster with everything in it; nothing of it need be there."""
    with turn("cluster"):
        _remove()


def stands() -> bool:
    """Return whether there is anything of a cluster here."""
    return STATE.exists()


def _start(compiled: Path) -> None:
    for folder in (STATE, RUN, LOGS):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    network.ensure(NODES)
    commands = {**control_plane.commands(compiled), **registry.commands()}
    for each in NODES:
        _make_cgroups(node.cgroup(each))
        for number in range(addons.VOLUMES):
            addons.volume(each, number).mkdir(parents=True, exist_ok=True)
        commands[each.name] = node.command(each, compiled)
    configured = STATE / "supervisor.conf"
    configured.write_text(processes.configuration("control-plane", _SOCKET, commands), encoding="utf-8")
    with (LOGS / "start.log").open("ab") as log:
        subprocess.Popen(
            processes.supervisor(configured),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def _fill(compiled: Path, say: Say) -> None:
    """Bring in what a cluster is expected to have, and wait until it works."""
    with _api() as api:
        core = client.CoreV1Api(api)
        for each in NODES:
            _wait(f"containerd of {each.name}", each.containerd.is_socket, f"{each.name}-containerd")
            _wait(each.name, partial(_is_ready, core, each.name), f"{each.name}-kubelet")
        say("the nodes are ready")
        if not _dns_works(api):
            images.of_programs(compiled, NODES)
            for made in addons.objects(NODES):
                _make(api, made)
            _wait("CoreDNS", lambda: _dns_works(api), f"{NODES[0].name}-kubelet")
        addons.free_volumes(api, NODES)


def _make(api: client.ApiClient, made: addons.Object) -> None:
    try:
        utils.create_from_dict(api, made)
    except utils.FailToCreateError as failure:
        if any(problem.status != 409 for problem in failure.api_exceptions):
            raise


def _is_ready(core: client.CoreV1Api, name: str) -> bool:
    try:
        conditions = core.read_node(name).status.conditions or ()
    except ApiException:
        return False
    return any(each.type == "Ready" and each.status == "True" for each in conditions)


def _dns_works(api: client.ApiClient) -> bool:
    try:
        found = client.AppsV1Api(api).read_namespaced_deployment("coredns", "kube-system")
    except ApiException:
        return False
    return bool(found.status.available_replicas)


def _answers() -> bool:
    if not KUBECONFIG.exists():
        return False
    try:
        with _api() as api:
            return bool(client.VersionApi(api).get_code(_request_timeout=3))
    except (ApiException, HTTPError, OSError):
        return False


@contextlib.contextmanager
def _api() -> Iterator[client.ApiClient]:
    settings = client.Configuration()
    config.load_kube_config(str(KUBECONFIG), client_configuration=settings)
    # It is told whether there is an answer, and asks again itself.
    settings.retries = False
    with client.ApiClient(settings) as api:
        yield api


def _wait(what: str, condition: Callable[[], bool], log: str) -> None:
    """Wait for *condition*; ClusterError with the end of the *log* of the process that keeps it waiting."""
    end = time.monotonic() + LONGEST_SECONDS
    while not condition():
        if time.monotonic() > end:
            path = LOGS / f"{log}.log"
            lines = path.read_text(errors="replace").splitlines()[-20:] if path.exists() else ["(nothing)"]
            raise ClusterError(
                "\n".join([f"{what} is not ready after {LONGEST_SECONDS} s; the end of {path}:", *lines])
            )
        time.sleep(0.3)


def _make_cgroups(name: str) -> None:
    for controller in _controllers():
        Path(f"{controller}{name}").mkdir(exist_ok=True)
    cpus, memory = (Path("/sys/fs/cgroup/cpuset", each) for each in ("cpuset.cpus", "cpuset.mems"))
    for source in (cpus, memory):
        own = Path(f"/sys/fs/cgroup/cpuset{name}", source.name)
        if own.exists():
            own.write_text(source.read_text())


def _controllers() -> list[Path]:
    """Return the folder of each controller; of cgroup v2 it is one."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted({path.resolve() for path in root.iterdir() if (path / "cgroup.procs").exists()})


def _remove() -> None:
    _end_processes()
    network.remove()
    _remove_cgroups()
    shutil.rmtree(STATE, ignore_errors=True)
    if STATE.exists():
        raise ClusterError(f"{STATE} cannot be removed: something in it is still in use")


def _end_processes() -> None:
    """End the supervisors first, in peace, then whatever they have left: pods live longer than who started them."""
    supervisors = [each for each in _ours() if "supervisor.supervisord" in each.cmdline()]
    for each in supervisors:
        with contextlib.suppress(psutil.Error):
            each.send_signal(signal.SIGTERM)
    psutil.wait_procs(supervisors, 30)
    end = time.monotonic() + 20
    while found := [*_ours(), *_in_cgroups()]:
        for each in found:
            with contextlib.suppress(psutil.Error):
                each.kill()
        if time.monotonic() > end:
            raise ClusterError(f"processes of the cluster do not end: {', '.join(str(p.pid) for p in found)}")
        time.sleep(0.2)


def _ours() -> list[psutil.Process]:
    """Return the processes with a path of the cluster on their command line, but for this one and its callers."""
    me = psutil.Process()
    mine = {me.pid, *(parent.pid for parent in me.parents())}
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        dead = process.info["status"] == psutil.STATUS_ZOMBIE
        if process.pid not in mine and not dead and any(f"{STATE}/" in word for word in words):
            found.append(process)
    return found


def _in_cgroups() -> list[psutil.Process]:
    found = []
    for each in NODES:
        for tasks in _cgroups(node.cgroup(each), "cgroup.procs"):
            with contextlib.suppress(OSError):
                for pid in tasks.read_text().split():
                    with contextlib.suppress(psutil.Error):
                        found.append(psutil.Process(int(pid)))
    return [each for each in found if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def _cgroups(name: str, file: str) -> Iterator[Path]:
    for controller in _controllers():
        yield from Path(f"{controller}{name}").rglob(file)


def _remove_cgroups() -> None:
    for each in NODES:
        folders = {path.parent for path in _cgroups(node.cgroup(each), "cgroup.procs")}
        for folder in sorted(folders, key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                folder.rmdir()
