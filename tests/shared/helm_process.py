"""Helm as tests run it, and what it prints as objects."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
Finished = subprocess.CompletedProcess[str]
# Helm lives for a fifth of a second, and half of its computing would be the collection of garbage.
# The limit is for releases of many tenants.
QUICK = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def run_helm(command: Sequence[str | Path], values: str = "") -> Finished:
    """Run *command* with *values* as its input; whether it succeeded is for the caller to look at."""
    environment = os.environ | QUICK
    return subprocess.run(
        command, input=values, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def objects_in(text: str) -> tuple[Object, ...]:
    """Return the objects of the YAML documents in *text*, empty documents left out."""
    return tuple(one for one in yaml.load_all(text, Loader=_LOADER) if one)
