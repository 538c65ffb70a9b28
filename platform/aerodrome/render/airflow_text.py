"""airflow.cfg as text."""

from __future__ import annotations

from collections.abc import Mapping

Sections = dict[str, dict[str, str]]


def config_text(*parts: Mapping[str, Mapping[str, str]]) -> str:
    """Return airflow.cfg with the sections of all *parts*; of an option that several have, the last counts."""
    blocks = [
        "\n".join(
            [
                f"[{section}]",
                *(f"{key} = {value.replace('%', '%%')}" for key, value in sorted(options.items())),
            ]
        )
        for section, options in sorted(merged(*parts).items())
    ]
    return "\n\n".join(blocks) + "\n"


def merged(*parts: Mapping[str, Mapping[str, str]]) -> Sections:
    """Return the sections of all *parts* together; of an option that several have, the last counts."""
    found: Sections = {}
    for part in parts:
        for section, options in part.items():
            found.setdefault(section, {}).update(options)
    return found
