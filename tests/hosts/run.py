"""`make hosts-image`, `make hosts`, `make hosts-down`: test hosts on this machine."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

from fleet import lab  # noqa: E402
from fleet.image import image  # noqa: E402
from fleet.needs import needed  # noqa: E402
from fleet.owner import sweep  # noqa: E402
from fleet.podman import PodmanError  # noqa: E402


def _image() -> None:
    print(f"the image of test hosts: {image()}")


def _up() -> None:
    sweep()
    found = {host.name: host for host in lab.up()}
    for one in lab.wanted():
        host = found[one.name]
        print(f"  {one.name:<12} {host.address:<14} {', '.join(one.queues)}")
    print("make hosts-down removes them")


def _down() -> None:
    sweep()
    names = lab.down()
    print(f"removed: {', '.join(names)}" if names else "there were none")


COMMANDS = {"hosts-image": _image, "hosts": _up, "hosts-down": _down}


def main() -> int:
    """Do what the first argument names; 1 and one line where it cannot be done."""
    command = sys.argv[1]
    if code := needed(command):
        return code
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        COMMANDS[command]()
    except (lab.RefusedError, PodmanError, OSError) as problem:
        print(f"{command}: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{command}: interrupted: nothing of this call is left", file=sys.stderr)
        return 130
    return 0


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
