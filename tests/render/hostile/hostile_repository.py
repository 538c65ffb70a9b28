"""A repository on disk with one tenant: documents in, rendered files and imported DAGs out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

TENANT = "alpha"
DAG_ID = f"{TENANT}.sample"
RUNTIME = "0123456789abcdef"
ENVIRONMENT = """\
kind: local
zones: {default: {triggerer: true}, onprem: {}}
queues:
  default: {zone: default}
  onprem: {zone: onprem, shared: false}
alert_channels:
  central: {type: file, target: central.jsonl}
  team: {type: webhook, target: "http://alerts.example.org/alpha"}
"""


class _Blocks(yaml.CSafeDumper):
    """Writes texts as literal blocks; those that cannot be one stand in double quotes."""

    def represent_data(self, data: Any) -> yaml.Node:
        """Return the node of *data*."""
        if isinstance(data, str):
            return self.represent_scalar("tag:yaml.org,2002:str", data, style="|")
        return super().represent_data(data)


def in_yaml(value: Any) -> str:
    """Return *value* in YAML's flow style, every character of a text but the plain ones escaped."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"? {in_yaml(key)} : {in_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_yaml, value)) + "]"
    if isinstance(value, str):
        return '"' + re.sub("[^0-9A-Za-z]", lambda found: f"\\U{ord(found[0]):08x}", value) + '"'
    return json.dumps(value)


def in_blocks(value: Any) -> str:
    """Return *value* in YAML's block style, texts as literal blocks where they can be."""
    return in_yaml(value) if _holds_surrogates(value) else yaml.dump(value, Dumper=_Blocks, sort_keys=False)


def in_json(value: Any) -> str:
    """Return *value* as JSON, no character escaped that can stand for itself."""
    return json.dumps(value, ensure_ascii=_holds_surrogates(value))


def _holds_surrogates(value: Any) -> bool:
    return re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)) is not None


WRITERS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "escaped YAML": ("sample.yaml", in_yaml),
    "YAML in blocks": ("sample.yaml", in_blocks),
    "escaped JSON": ("sample.json", json.dumps),
    "JSON": ("sample.json", in_json),
}


@dataclass(frozen=True)
class Built:
    """What became of a tenant and its manifest; *files* are those of the bundle, by path."""

    problems: tuple[Any, ...]
    tenant: Any = None
    files: Mapping[str, str] | None = None

    @property
    def text(self) -> str:
        """The rendered DAG."""
        assert self.files is not None
        return self.files[f"{TENANT}/sample.py"]


@dataclass(frozen=True)
class Repository:
    """One repository on disk."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Repository:
        """Return a new repository below *root*."""
        made = cls(root)
        for name in ("local", "elsewhere"):
            made.write(f"environments/{name}/environment.yaml", ENVIRONMENT)
        made.write(f"tenants/{TENANT}/src/{TENANT}/jobs.py", "def run(): ...\n")
        made.write(f"tenants/{TENANT}/src/demo/jobs.py", "def echo(): ...\ndef whoami(): ...\n")
        return made

    @cached_property
    def environment(self) -> Any:
        """The environment in which everything is built."""
        from aerodrome.environment import load_environment

        return load_environment(self.root, "local")

    def write(self, path: str, text: str) -> Path:
        """Put *text* into a file, no character of it changed."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        return file

    def build(self, tenant: Any, dag: Any, writer: str) -> Built:
        """Return what becomes of a tenant and its only manifest, both written by *writer*."""
        from aerodrome.manifest.load import load_repository
        from aerodrome.policy.from_manifest import policy_problems
        from aerodrome.render.tenant import render_tenant

        self._write_down(tenant, dag, writer)
        environment = self.environment
        found = load_repository(self.root, environment)
        if found.problems:
            return Built(found.problems)
        (loaded,) = found.tenants
        problems = policy_problems(loaded, environment)
        files = {file.path: file.text for file in render_tenant(loaded, environment, RUNTIME)}
        return Built(problems, loaded, files)

    def _write_down(self, tenant: Any, dag: Any, writer: str) -> None:
        name, write = WRITERS[writer]
        for old in (self.root / f"tenants/{TENANT}/dags").glob("*"):
            old.unlink()
        self.write(f"tenants/{TENANT}/tenant.yaml", (in_blocks if write is in_blocks else in_yaml)(tenant))
        self.write(f"tenants/{TENANT}/dags/{name}", write(dag))

    def execute(self, text: str) -> Any:
        """Return the DAG that *text* defines, as a file of the bundle would."""
        names: dict[str, Any] = {}
        exec(compile(text.encode(), str(self.root / f"bundle/{TENANT}/sample.py"), "exec"), names)
        return names["dag"]

    def dag_bag(self, built: Built) -> Any:
        """Return the DAG as Airflow's DagBag reads it from disk, with the policy on."""
        from airflow.dag_processing.dagbag import DagBag

        bundle = self.root / "bundle"
        assert built.files is not None
        for path, text in built.files.items():
            self.write(f"bundle/{path}", text)
        bag = DagBag(bundle / TENANT, bundle_path=bundle, bundle_name="test")
        assert not bag.import_errors, "\n".join(bag.import_errors.values())
        return bag.dags[DAG_ID]
