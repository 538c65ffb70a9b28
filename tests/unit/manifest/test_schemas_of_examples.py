"""Every manifest that people start from shows its editor the right schema, and meets it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from aerodrome.scaffold import scaffold_tenant
from aerodrome.source.document import parse_document

ROOT = Path(__file__).resolve().parents[3]
HEADER = re.compile(r"\A# yaml-language-server: \$schema=(\S+)\n")


def manifests(root: Path) -> Iterator[Path]:
    """Return each tenant.yaml and each manifest of a DAG below *root*."""
    for pattern in ("tenant.yaml", "dags/*.yaml", "dags/*.json"):
        yield from sorted(root.glob(f"tenants/*/{pattern}"))


def schema_of(root: Path, file: Path) -> Path:
    """Return the schema that *file*, below *root*, names for editors, in this repository."""
    text = file.read_text()
    found = HEADER.match(text)
    said = json.loads(text)["$schema"] if file.suffix == ".json" else found and found[1]
    assert said, f"{file} names no schema"
    return ROOT / (file.parent / said).resolve().relative_to(root)


def validate(root: Path, file: Path) -> None:
    """Raise where *file* does not meet the schema that it names."""
    schema = json.loads(schema_of(root, file).read_text())
    jsonschema.Draft7Validator(schema).validate(parse_document(file.read_text(), file.name).data)


@pytest.mark.parametrize("file", manifests(ROOT), ids=lambda file: str(file.relative_to(ROOT / "tenants")))
def test_an_example_names_its_schema_and_meets_it(file: Path) -> None:
    """As an editor would underline it."""
    wanted = "tenant" if file.name == "tenant.yaml" else "dag"
    assert schema_of(ROOT, file) == ROOT / f"docs/reference/schemas/{wanted}.schema.json"
    validate(ROOT, file)


def test_the_examples_are_found() -> None:
    """Three tenants and their DAGs, JSON among them."""
    found = list(manifests(ROOT))
    assert len([file for file in found if file.name == "tenant.yaml"]) >= 3
    assert {".yaml", ".json"} <= {file.suffix for file in found}


def test_a_new_tenant_s_files_name_their_schemas_and_meet_them(tmp_path: Path) -> None:
    """What `make tenant` writes."""
    scaffold_tenant(tmp_path, "fresh", owner="Fresh team", email="fresh@example.org")
    found = list(manifests(tmp_path))
    assert {file.parent.name for file in found} == {"fresh", "dags"}
    for file in found:
        assert schema_of(tmp_path, file).is_file()
        validate(tmp_path, file)
