"""Files by which a client finds the API server and says who it is."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml
from testbed.pki import Pair
from testbed.place import SERVER


def write(path: Path, authority: Path, pair: Pair) -> Path:
    """Write the file *path* for whoever holds *pair*, and return it. It holds the key itself."""
    server = {"server": SERVER, "certificate-authority-data": _packed(authority)}
    who = {"client-certificate-data": _packed(pair.certificate), "client-key-data": _packed(pair.key)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "aerodrome", "cluster": server}],
        "users": [{"name": "aerodrome", "user": who}],
        "contexts": [{"name": "aerodrome", "context": {"cluster": "aerodrome", "user": "aerodrome"}}],
        "current-context": "aerodrome",
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def _packed(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
