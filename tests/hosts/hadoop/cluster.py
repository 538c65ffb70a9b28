"""A small Hadoop with a key distribution centre, in one test host: HDFS and YARN, with Kerberos or without."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from fleet.host import Host, start
from fleet.image import image
from fleet.keys import Keys
from fleet.network import Network
from fleet.podman import PodmanError, podman
from fleet.turns import turn
from hadoop import artifacts, packages, sites

HERE = Path(__file__).resolve().parent
_NAME = "localhost/aerodrome-test-hadoop"
# Seconds; idle machines need ten of them, a machine with many test hosts needs some.
_PATIENCE = 300.0
_MEMORY = {"namenode": 256, "datanode": 192, "resourcemanager": 256, "nodemanager": 256, "metastore": 256}
_FLAGS = (
    "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData --add-opens=java.base/java.lang=ALL-UNNAMED"
    " -Dhive.root.logger=console"
)
_PORTS = {"namenode": 8020, "datanode": 9866, "resourcemanager": 8032, "nodemanager": 8042}
_PORTS["metastore"] = sites.METASTORE
YARN = ("resourcemanager", "nodemanager")
SUPERUSER = "hadoop"


@dataclass(frozen=True)
class Cluster:
    """A running Hadoop."""

    host: Host
    secured: bool

    @property
    def sites(self) -> sites.Sites:
        """What the cluster's users need."""
        return sites.of_clients(self.host.address, secured=self.secured)

    def start_metastore(self) -> None:
        """Start Hive's metastore, of the release that Spark brings; it stays."""
        self.folder(sites.WAREHOUSE, SUPERUSER, "1777")
        _start(self.host, ("metastore",))

    def hdfs(self, *arguments: str, check: bool = True) -> str:
        """Return what `hdfs dfs` prints for HDFS's administrator."""
        java = "exec java -Xmx128m -XX:TieredStopAtLevel=1 -cp '/etc/hadoop:/opt/hadoop/*'"
        line = f'{java} org.apache.hadoop.fs.FsShell "$@"'
        return self._as_administrator(line, *arguments, check=check).stdout

    def home(self, user: str) -> None:
        """Make the home of *user* in HDFS."""
        self.folder(f"/user/{user}", user, "700")

    def folder(self, path: str, owner: str, mode: str) -> None:
        """Make a folder in HDFS."""
        self._asked("PUT", path, op="MKDIRS")
        self._asked("PUT", path, op="SETOWNER", owner=owner)
        self._asked("PUT", path, op="SETPERMISSION", permission=mode)

    def owner(self, path: str) -> str:
        """Return whose a file or folder of HDFS is."""
        return str(json.loads(self._asked("GET", path, op="GETFILESTATUS"))["FileStatus"]["owner"])

    def delete(self, path: str) -> None:
        """Remove a file or folder of HDFS where it is there."""
        self._asked("DELETE", path, op="DELETE", recursive="true")

    def told(self, daemon: str, words: str) -> str:
        """Return those lines of a daemon's log that have *words* in them."""
        unit = f"hadoop@{daemon}.service"
        lines = self.host.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout.splitlines()
        return "\n".join(line for line in lines if words in line)

    def know(self, hosts: Iterable[Host]) -> None:
        """Let the cluster find *hosts* by their names, as a company's name server would."""
        lines = "".join(f"{host.address} {host.name}\n" for host in hosts)
        self.host.run("sh", "-c", "cat >> /etc/hosts", text=lines)

    def takes_files(self) -> bool:
        """Return whether a DataNode has reported to the NameNode."""
        about = "jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState"
        try:
            found = json.loads(self._http("GET", f"http://{self.host.address}:9870/{about}"))
            return bool(found["beans"][0]["NumLiveDataNodes"])
        except (PodmanError, LookupError, ValueError):
            return False

    def applications(self) -> list[tuple[str, str]]:
        """Return user and end of each application that YARN has run."""
        summaries = self.told("resourcemanager", "finalStatus=").splitlines()
        found = [re.search(r"\buser=(\w+),.*\bfinalStatus=(\w+)", line) for line in summaries]
        return [(one[1], one[2]) for one in found if one]

    def _asked(self, method: str, path: str, **what: str) -> str:
        # Over WebHDFS, as HDFS's administrator: each start of its own client takes seconds.
        who = {} if self.secured else {"user.name": SUPERUSER}
        address = f"http://{self.host.address}:9870/webhdfs/v1{quote(path)}?{urlencode({**what, **who})}"
        return self._http(method, address)

    def _http(self, method: str, address: str) -> str:
        curl = 'exec curl -sS --fail-with-body --negotiate -u : -X "$1" "$2"'
        return self._as_administrator(curl, method, address).stdout

    def _as_administrator(
        self, line: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        login = "kinit -k -t /etc/hadoop/hadoop.keytab hdfs/hadoop && " if self.secured else ""
        shell = ("runuser", "-u", SUPERUSER, "--", "sh", "-c", f"{login}{line}", "administrator")
        return self.host.run(*shell, *arguments, check=check)

    def keytab(self, principal: str) -> str:
        """Return a new keytab of *principal*, made where the realm has none, as base64; older ones are void then."""
        path = "/root/new.keytab"
        self.host.run("rm", "-f", path)
        self.kadmin(f"addprinc -randkey {principal}", check=False)
        self.kadmin(f"ktadd -k {path} {principal}")
        return self.host.run("base64", "-w0", path).stdout.strip()

    def ticket(self, principal: str) -> bytes:
        """Return a ticket cache of *principal*, by a new keytab."""
        line = 'base64 -d > /root/t.keytab && kinit -k -t /root/t.keytab -c FILE:/root/t "$0" && base64 -w0 /root/t'
        done = self.host.run("sh", "-c", line, principal, text=self.keytab(principal))
        return base64.b64decode(done.stdout)

    def kadmin(self, query: str, *, check: bool = True) -> str:
        """Return what the realm's administrator is told."""
        return self.host.run("kadmin.local", "-r", sites.REALM, "-q", query, check=check).stdout


def launch(
    network: Network, keys: Keys, *, secured: bool, name: str = "hadoop", address: str = "", yarn: bool = True
) -> Cluster:
    """Return a running Hadoop; one that did not come up is removed, and PodmanError says what it wrote."""
    host = start(name, network, keys, _image(), address=address)
    cluster = Cluster(host, secured)
    try:
        _set_up(host, secured)
        _start(host, ("namenode", "datanode"))
        _wait(host, "datanode", cluster.takes_files)
        if yarn:
            _start(host, YARN)
    except BaseException:
        host.remove()
        raise
    return cluster


def _image() -> str:
    base, jars = image(), artifacts.jars()
    made = hashlib.sha256(f"{base} {packages.wheels().name}".encode())
    for path in sorted((HERE / "files").iterdir()):
        made.update(path.read_bytes())
    name = f"{_NAME}:{jars.name}-{made.hexdigest()[:16]}"
    with turn("hadoop-image"):
        if not podman("images", "--quiet", name):
            _build(name, base, jars)
    return name


def _build(name: str, base: str, jars: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="aerodrome-hadoop-") as folder:
        shutil.copytree(HERE / "files", folder, dirs_exist_ok=True)
        shutil.copytree(jars, Path(folder, "jars"))
        packages.unpack_jars(Path(folder, "spark"))
        podman("build", "--quiet", "--network=none", f"--build-arg=BASE={base}", "--tag", name, folder)


def _set_up(host: Host, secured: bool) -> None:
    for name, text in sites.of_servers(host.address, secured=secured).files().items():
        host.write(f"/etc/hadoop/{name}", text)
    for name, (jars, program) in sites.DAEMONS.items():
        said = f"FLAGS={_FLAGS} -Xmx{_MEMORY[name]}m\nJARS={jars}\nCLASS={program}\n"
        host.write(f"/etc/hadoop/daemons/{name}", said)
    host.write("/etc/krb5.conf", sites.krb5_conf(host.address))
    if secured:
        _make_realm(host)


def _make_realm(host: Host) -> None:
    password = base64.b64encode(hashlib.sha256(host.container.encode()).digest()).decode()
    # A hundred bits of the kernel's own are enough here; the default would wait for more.
    host.run("kdb5_util", "-r", sites.REALM, "-P", password, "create", "-s")
    services = sites.services(host.address)
    queries = [f"addprinc -randkey {name}" for name in services]
    queries.append(f"ktadd -k /etc/hadoop/hadoop.keytab {' '.join(services)}")
    host.run("kadmin.local", "-r", sites.REALM, text="".join(f"{query}\n" for query in queries))
    host.run("chown", SUPERUSER, "/etc/hadoop/hadoop.keytab")
    host.run("systemctl", "start", "krb5-kdc.service")


def _start(host: Host, daemons: tuple[str, ...]) -> None:
    host.run("systemctl", "start", "--no-block", *(f"hadoop@{name}.service" for name in daemons))
    for name in daemons:
        _wait(host, name, lambda name=name: _answers(host, _PORTS[name]))


def _wait(host: Host, daemon: str, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if is_ready():
            return
        time.sleep(0.3)
    told = host.run("journalctl", "--no-pager", "-n", "40", "-u", f"hadoop@{daemon}.service").stdout
    raise PodmanError(f"Hadoop's {daemon} did not come up:\n{told}")


def _answers(host: Host, port: int) -> bool:
    # From outside: to look inside of a container costs more than all that is looked for.
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((host.address, port)) == 0
