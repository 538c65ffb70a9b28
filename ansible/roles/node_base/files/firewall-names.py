"""Keeps the firewall's sets filled with the addresses of the names that it lets through, by the host's own look-ups.

Rules hold addresses alone, so that they load at boot, before there is a network. Until every name has been resolved
once this service is not ready, and no worker starts; the address of one that does not resolve any more stays.
With --check nothing is kept: 1 and one line for each name that does not resolve.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

# Set, name, and what follows its address in an element of the set.
NAMES = [
    tuple(entry) for entry in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
]
SECONDS, SECONDS_WITHOUT = 60.0, 5.0
FAMILIES = {socket.AF_INET: "4", socket.AF_INET6: "6"}
REMEDY = (
    "nothing reaches it, and workers do not start before it does."
    " See its record; the name server must be among hosts.firewall.reaches (udp, 53)"
)


def resolved(name: str) -> set[tuple[str, str]]:
    """Return family and address of *name*; OSError where it has none."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return {
        (FAMILIES[family], str(place[0]).partition("%")[0])
        for family, *_, place in found
        if family in FAMILIES
    }


def look(known: dict[str, set[tuple[str, str]]]) -> dict[str, str]:
    """Note in *known* where names lead now, and return name → why it does not resolve."""
    failed = {}
    for name in sorted({name for _, name, _ in NAMES}):
        try:
            known[name] = resolved(name)
        except OSError as problem:
            failed[name] = f"{name} does not resolve ({problem.strerror})"
    return failed


def fill(known: dict[str, set[tuple[str, str]]]) -> None:
    """Put the addresses of *known* into the sets, all at once."""
    lines = [f"flush set inet aerodrome {each}{family}" for each in ("to", "from") for family in "46"]
    elements = {
        f"add element inet aerodrome {each}{family} {{ {address} . {rest} }}"
        for each, name, rest in NAMES
        for family, address in known.get(name, ())
    }
    subprocess.run(
        ["nft", "--file", "-"], input="\n".join([*lines, *sorted(elements)]), text=True, check=True
    )


def serve() -> None:
    """Look again and again; a signal to read the rules again means at once."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    known: dict[str, set[tuple[str, str]]] = {}
    told: dict[str, str] = {}
    while True:
        failed = look(known)
        fill(known)
        for name in failed.keys() - told.keys():
            say(f"{failed[name]}: {'its former addresses stay' if name in known else REMEDY}")
        told = failed
        ready = len(known) == len({name for _, name, _ in NAMES})
        if ready:
            notify("READY=1")
        signal.sigtimedwait([signal.SIGHUP], SECONDS if ready and not failed else SECONDS_WITHOUT)


def say(line: str) -> None:
    """Write *line* where the journal, or who asks, reads it."""
    sys.stderr.write(f"{line}\n")


def notify(text: str) -> None:
    """Tell systemd, where it listens."""
    if place := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.sendto(text.encode(), f"\0{place[1:]}" if place[0] == "@" else place)


def main() -> int:
    """Serve, or check once."""
    if sys.argv[1:] != ["--check"]:
        serve()
    # The network may just be coming up.
    for _ in range(3):
        if not (failed := look({})):
            return 0
        time.sleep(2)
    for why in failed.values():
        say(f"{why}: {REMEDY}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
