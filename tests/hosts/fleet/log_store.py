"""The lab's bucket for task logs, in a container beside the hosts: an S3 that belongs to nobody's platform."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import bucket_of_logs
import yaml
from aerodrome.local.machine import certificates
from fleet.network import LAB
from fleet.podman import PodmanError, podman, process

NAME, ADDRESS, PORT = "aerodrome-lab-logs", "10.203.77.9", 8333
ENDPOINT = f"https://{ADDRESS}:{PORT}"
AUTHORITY = "logs-authority.pem"
_INSIDE = "/etc/logs"


def ensure(repository: Path, folder: Path, image: str, label: str) -> None:
    """Start the server where it does not run; *folder* gets the logins and the authority that the environment names."""
    if _runs():
        return
    process("rm", "--force", "--time=0", "--volumes", NAME)
    zones = _zones(repository)
    known = bucket_of_logs.logins(zones)
    made = certificates.made(ADDRESS, NAME)
    _write(folder, {f"logs-{name}.json": json.dumps(keys) for name, keys in known.items()})
    _write(folder, {AUTHORITY: made.authority})
    own = {"server.pem": made.certificate, "server.key": made.key}
    with tempfile.TemporaryDirectory() as private:
        _write(Path(private), {**bucket_of_logs.documents("lab", zones, known), **own})
        _start(repository, private, image, label)
    if not bucket_of_logs.make_bucket(ENDPOINT, known, _runs, verify=str(folder / AUTHORITY)):
        raise PodmanError(f"the lab's bucket for task logs ended: podman logs {NAME}")


def _runs() -> bool:
    return process("container", "inspect", "--format", "{{.State.Running}}", NAME).stdout.strip() == "true"


def _start(repository: Path, private: str, image: str, label: str) -> None:
    LAB.ensure()
    tls = (f"-s3.cert.file={_INSIDE}/server.pem", f"-s3.key.file={_INSIDE}/server.key")
    # Its inner ports are closed to everybody: they ask nobody for a password.
    called = bucket_of_logs.command("/usr/local/bin/weed", "/data", _INSIDE, "-s3.ip.bind=0.0.0.0", *tls)
    program = f"--volume={repository}/.venv/bin/weed:/usr/local/bin/weed:ro"
    place = (f"--network={LAB.name}", f"--ip={ADDRESS}", f"--label={label}", "--tmpfs=/tmp")
    kept = ("--name", NAME, "--volume=/data", "--entrypoint", json.dumps([called[0]]))
    podman("create", *place, program, *kept, image, *called[1:], f"-s3.port={PORT}")
    podman("cp", f"{private}/.", f"{NAME}:{_INSIDE}")
    podman("start", NAME)


def _zones(repository: Path) -> tuple[str, ...]:
    text = (repository / "environments/lab/environment.yaml").read_text(encoding="utf-8")
    said = yaml.safe_load(text)["zones"]
    return tuple(sorted(name for name, zone in said.items() if zone.get("workers") == "hosts"))


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        number = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
