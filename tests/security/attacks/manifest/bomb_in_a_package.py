"""A package of some kilobytes that a tenant's lock names unpacks to more than there is room for."""

import base64
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aerodrome.errors import UserError
from aerodrome.runtime import Tools, Workshop, build_runtime, read_source
from aerodrome.runtime.uv import find_uv
from suite.attack import HELD
from suite.place import ATTACKER, Place

FROM = "a tenant's manifest"
AGAINST = "the machine that deploys"
DEFENCE = "what a tenant's packages take on the disk is weighed while they are installed"
MUST = HELD
NEEDS = ()
BOMB, MOST = 64 << 20, 32 << 20
_METADATA = {
    "METADATA": b"Metadata-Version: 2.1\nName: bomb\nVersion: 1.0\n",
    "WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """As much as there is may be taken."""
    yield replace(place, notes={"most": 1 << 40})


def attack(place: Place) -> str:
    """Return how much was unpacked."""
    root = place.folder / f"packages-{len(list(place.folder.iterdir()))}"
    wheel = _wheel(root)
    source = read_source(_tenant(root, hashlib.sha256(wheel.read_bytes()).hexdigest()))
    assert source is not None and wheel.stat().st_size < 1 << 20
    tools, most = Tools(Path(sys.executable), find_uv()), place.notes.get("most", MOST)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("FIND_LINKS", wheel.parent),
            ("OFFLINE", 1),
            ("NO_INDEX", 1),
            ("CACHE_DIR", root / "cache"),
        ):
            patch.setenv(f"UV_{name}", str(value))
        try:
            made = build_runtime(source, Workshop(root / "made", tools, most_bytes=most))
        except UserError as refused:
            assert "when it is unpacked" in str(refused), refused
            return ""
    return ", ".join(f"{file.stat().st_size:,} bytes" for file in made.path.rglob("zeros"))


def _tenant(root: Path, digest: str) -> Path:
    folder = root / "tenants" / ATTACKER
    folder.mkdir(parents=True)
    (folder / "tenant.yaml").write_text("dependencies: requirements.lock\n")
    (folder / "requirements.lock").write_text(f"bomb==1.0 --hash=sha256:{digest}\n")
    return folder


def _wheel(root: Path) -> Path:
    path = root / "links" / "bomb-1.0-py3-none-any.whl"
    path.parent.mkdir(parents=True)
    content = {"bomb/zeros": bytes(BOMB)} | {
        f"bomb-1.0.dist-info/{name}": text for name, text in _METADATA.items()
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in content.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
        archive.writestr("bomb-1.0.dist-info/RECORD", f"{record}bomb-1.0.dist-info/RECORD,,\n")
    return path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
