"""The page of the commands, from the Makefile's own words."""

from __future__ import annotations

import re


def commands_page(makefile: str) -> str:
    """Return a page with every documented target of the Makefile: its first heading is the page's introduction."""
    head = "| command | what it does |\n|---|---|"
    rows: list[str] = []
    for line in makefile.splitlines():
        if line.startswith("##@ "):
            rows.append(f"\n{'## ' if rows else ''}{line[4:].replace('<', '&lt;')}\n\n{head}")
        elif ":" in line and "  ## " in line:
            rows.append(_command(line.split(":")[0], line.split("  ## ")[1]))
    return "# Commands\n" + "\n".join(rows) + "\n"


def _command(target: str, text: str) -> str:
    found = re.match(r"((?:\[?[A-Z]+=[^\s:]+ ?)+): (.*)", text)
    usage, meaning = found.groups() if found else ("", text)
    return f"| `{f'make {target} {usage}'.strip()}` | {meaning} |"
