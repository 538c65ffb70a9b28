"""CODEOWNERS: one line for each tenant, sorted, after the platform's own."""

from __future__ import annotations

import re

_START = "# Every tenant owns its folder. `make tenant` adds a line.\n"
_TENANT_LINE = re.compile(r"^/tenants/([a-z][a-z0-9]*)/ ")


def with_tenant(text: str, tenant: str, owner: str) -> str:
    """Return *text* with the line that gives the folder of *tenant* to *owner*, in place of an older one."""
    lines = text.splitlines()
    others = [line for line in lines if not _TENANT_LINE.match(line)]
    tenants = {match[1]: line for line in lines if (match := _TENANT_LINE.match(line))}
    tenants[tenant] = f"/tenants/{tenant}/ {owner}"
    head = "".join(f"{line}\n" for line in others) or _START
    return head + "".join(f"{tenants[name]}\n" for name in sorted(tenants))
