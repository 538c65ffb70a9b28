"""Lets apt know of nothing but what a test host has or can install from its own cache: run in the image's root.

With all of Debian, sixty thousand packages, each call of apt costs one or two seconds of a processor.
"""

import subprocess
from pathlib import Path

LISTS, CACHE = Path("/var/lib/apt/lists"), Path("/var/cache/apt")


def main() -> None:
    """Write apt's lists again, without what can neither be there nor come, and drop what was computed from them."""
    query = ["dpkg-query", "--show", "--showformat=${Package}\n"]
    known = set(subprocess.run(query, capture_output=True, text=True, check=True).stdout.split())
    known |= {path.name.partition("_")[0] for path in CACHE.glob("archives/*.deb")}
    for path in LISTS.glob("*_Packages"):
        entries = path.read_text(encoding="utf-8").split("\n\n")
        kept = [entry for entry in entries if _name(entry) in known]
        path.write_text("".join(f"{entry.rstrip()}\n\n" for entry in kept), encoding="utf-8")
    for path in CACHE.glob("*.bin"):
        path.unlink()


def _name(entry: str) -> str:
    return entry.lstrip().partition("\n")[0].removeprefix("Package: ")


main()
