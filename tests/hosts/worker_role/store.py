"""Set the store up for one host as a deploy does, and write its first login, wrapped, to /root/wrapped."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

ROLE = "aerodrome-lab.host-hadoop1"
POLICY = "".join(
    f'path "auth/approle/role/{ROLE}/{path}" {{\n  capabilities = ["update"]\n}}\n'
    for path in ("secret-id", "secret-id/destroy", "secret-id/lookup")
)


def call(path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Return the store's answer."""
    content = json.dumps(body).encode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:8200/v1/{path}", content, {"X-Vault-Token": "root", **headers}
    )
    with urllib.request.urlopen(asked) as answer:
        text = answer.read()
    return dict(json.loads(text)) if text else {}


def wait() -> None:
    """Return when the store answers."""
    for _ in range(200):
        try:
            urllib.request.urlopen("http://127.0.0.1:8200/v1/sys/health").close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the store does not answer")


wait()
call("sys/auth/approle", {"type": "approle"})
call(f"sys/policies/acl/{ROLE}", {"policy": POLICY})
call(f"auth/approle/role/{ROLE}", {"token_policies": [ROLE], "token_ttl": 1200})
call(f"auth/approle/role/{ROLE}/role-id", {"role_id": ROLE})
made = call(f"auth/approle/role/{ROLE}/secret-id", {}, **{"X-Vault-Wrap-TTL": "600s"})
Path("/root/wrapped").write_text(made["wrap_info"]["token"])
