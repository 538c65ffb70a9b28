"""Stands in for buildah and docker: keeps what it was asked and shown, and says that it has pushed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

arguments = sys.argv[1:]
folder = Path(os.environ["BUILDER_FOLDER"])


def after(option: str) -> str:
    """Return what follows *option*, an empty text where it is not there."""
    return arguments[arguments.index(option) + 1] if option in arguments else ""


seen: dict[str, object] = {"arguments": arguments}
told = after("--metadata-file")
if login := after("--authfile") or (told and os.environ["DOCKER_CONFIG"] + "/config.json"):
    kept = Path(login)
    seen |= {
        "file": login,
        "mode": oct(kept.stat().st_mode & 0o777),
        "auths": json.loads(kept.read_text())["auths"],
    }
if told:
    seen["builders"] = os.environ["BUILDX_CONFIG"]
    Path(told).write_text(json.dumps({"containerimage.digest": "sha256:" + "2" * 64}))
with (folder / "calls").open("a") as stream:
    stream.write(json.dumps(seen) + "\n")
if digest := after("--digestfile"):
    Path(digest).write_text(os.environ.get("BUILDER_DIGEST", "sha256:" + "2" * 64))
print("STEP 1/2: FROM base", flush=True)
concerned = any(os.environ.get("BUILDER_OF", "") in argument for argument in arguments)
match os.environ.get("BUILDER_TROUBLE") if concerned else None:
    case "fails":
        print("\n".join(f"line {number}" for number in range(40)))
        sys.exit(7)
    case "waits":
        child = subprocess.Popen(["sleep", "600"])
        (folder / "pids.new").write_text(f"{os.getpid()} {child.pid}")
        (folder / "pids.new").rename(folder / "pids")
        time.sleep(600)
