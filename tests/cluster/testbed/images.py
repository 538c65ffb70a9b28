"""Images in a node: made by podman, handed to containerd, pulled from nowhere."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fleet.podman import PodmanError, podman
from testbed.node import PAUSE
from testbed.place import Node

COREDNS = "localhost/aerodrome-coredns:1"
SMALL = "localhost/aerodrome-small:1"
"""busybox, and probe, which serves and asks over HTTP."""
_BUSYBOX = Path("/bin/busybox")


def of_programs(programs: Path, nodes: tuple[Node, ...]) -> None:
    """Give each of *nodes* the images that hold nothing but programs: of the cluster itself, and for small tests."""
    for name, image in (("pause", PAUSE), ("coredns", COREDNS)):
        _build(image, [programs / name], f'USER 65532:65532\nENTRYPOINT ["/bin/{name}"]\n')
    _build(SMALL, [_BUSYBOX, programs / "probe"], 'RUN ["/bin/busybox", "--install", "/bin"]\n')
    for image in (PAUSE, COREDNS, SMALL):
        give(image, nodes)


def _build(image: str, programs: Sequence[Path], rest: str) -> None:
    with tempfile.TemporaryDirectory(prefix="aerodrome-image-") as folder:
        for program in programs:
            shutil.copy(program, folder)
        copied = " ".join(program.name for program in programs)
        Path(folder, "Containerfile").write_text(
            f"FROM scratch\nCOPY {copied} /bin/\n{rest}", encoding="utf-8"
        )
        podman("build", "--quiet", "--network=none", "--tag", image, folder)


def give(image: str, nodes: tuple[Node, ...]) -> None:
    """Give each of *nodes* the *image* that podman has; PodmanError where containerd does not take it."""
    with tempfile.TemporaryDirectory(prefix="aerodrome-image-") as folder:
        archive = Path(folder, "image.tar")
        podman("save", "--quiet", "--output", archive, image)
        for node in nodes:
            command = [
                "ctr",
                "--address",
                node.containerd,
                "--namespace",
                "k8s.io",
                "images",
                "import",
                archive,
            ]
            done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
            if done.returncode:
                raise PodmanError(f"{image} is not taken by {node.name}: {done.stderr.strip()}")
