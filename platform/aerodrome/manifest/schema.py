"""JSON Schemas of tenant.yaml, DAG manifests and environment.yaml, for editors and for the reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from aerodrome.environment import Environment
from aerodrome.manifest.dag import DagManifest
from aerodrome.manifest.draft import Catalogue
from aerodrome.manifest.tenant import TenantManifest
from aerodrome.names import ENVIRONMENT_PATTERN
from aerodrome.quantities import MEMORY_PATTERN, format_duration, format_memory
from common_plugins.catalogue.base import CatalogueEntry

Schema = dict[str, Any]
_INCLUSION: Schema = {
    "type": "object",
    "description": "The text of a file, by its path below the tenant's dags/.",
    "additionalProperties": False,
    "required": ["$f"],
    "properties": {"$f": {"type": "string", "examples": ["sql/load.sql"]}},
}


class _Generator(GenerateJsonSchema):
    """Writes durations as people do, not as ISO 8601 does."""

    def encode_default(self, dft: Any) -> Any:
        """Return *dft* as it would stand in a file."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def schemas(catalogue: Catalogue | None = None) -> dict[str, str]:
    """Return file name → text of each schema: the same bytes for the same models."""
    if catalogue is None:
        from common_plugins.catalogue import entries

        catalogue = entries()
    found = {
        "tenant.schema.json": _model(TenantManifest, "tenant.yaml"),
        "dag.schema.json": _dag(catalogue),
        "environment.schema.json": _environment(),
    }
    return {
        name: json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for name, schema in found.items()
    }


def _model(model: type[BaseModel], title: str) -> Schema:
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    return _finished(schema, title)


def _environment() -> Schema:
    schema = _model(Environment, "environment.yaml")
    # The folder says it.
    del schema["properties"]["name"]
    schema["required"].remove("name")
    return schema


def _dag(catalogue: Catalogue) -> Schema:
    both: list[type[BaseModel]] = [DagManifest, *catalogue.values()]
    models: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in both]
    references, common = models_json_schema(models, by_alias=True, schema_generator=_Generator)
    definitions = common["$defs"]
    names = {
        uses: references[entry, "validation"]["$ref"].rpartition("/")[2] for uses, entry in catalogue.items()
    }
    for uses, entry in catalogue.items():
        definitions[names[uses]] = _parameters(definitions[names[uses]], entry)
    definitions["Inclusion"] = _INCLUSION
    definitions["Task"] = _task(definitions["Task"], catalogue, names, definitions)
    top = definitions.pop(references[DagManifest, "validation"]["$ref"].rpartition("/")[2])
    return _finished({**top, "$defs": definitions}, "DAG manifest")


def _task(task: Schema, catalogue: Catalogue, names: Mapping[str, str], definitions: Schema) -> Schema:
    uses = {
        "description": task["properties"]["uses"]["description"],
        "enum": list(catalogue),
        "enumDescriptions": [
            (entry.__doc__ or "").strip().partition("\n")[0] for entry in catalogue.values()
        ],
    }
    cases = [_case(name, names[name], definitions) for name in catalogue]
    return {**task, "properties": {**task["properties"], "uses": uses}, "allOf": cases}


def _case(uses: str, definition: str, definitions: Schema) -> Schema:
    """Return what holds for `with` where `uses` is this operator; a parameter may also stand in `expand`."""
    parameters = definitions[definition]
    required = parameters.pop("required", [])
    given: Schema = {"properties": {"with": {"$ref": f"#/$defs/{definition}"}}}
    if not required:
        return {"if": _is_operator(uses), "then": given}
    needed = {"required": ["with"], "properties": {"with": {"required": required}}}
    mapped = {"required": ["expand"]}
    return {"if": _is_operator(uses), "then": {"allOf": [given, {"if": mapped, "else": needed}]}}


def _is_operator(uses: str) -> Schema:
    return {"properties": {"uses": {"const": uses}}, "required": ["uses"]}


def _parameters(schema: Schema, entry: type[CatalogueEntry]) -> Schema:
    properties = {
        name: _parameter(entry, name, inner) for name, inner in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else schema


def _parameter(entry: type[CatalogueEntry], name: str, schema: Schema) -> Schema:
    if entry.kind_of(name) == "environment":
        schema = {**schema, "propertyNames": {"pattern": ENVIRONMENT_PATTERN}}
    return _or_inclusion(schema) if name in entry.template_fields() else schema


def _or_inclusion(schema: Schema) -> Schema:
    """Return *schema* with `{$f: path}` allowed wherever it allows any text."""
    if schema.get("type") == "string" and "enum" not in schema:
        return {"anyOf": [schema, {"$ref": "#/$defs/Inclusion"}]}
    found = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _or_inclusion(found[key])
    if "anyOf" in found:
        found["anyOf"] = [_or_inclusion(option) for option in found["anyOf"]]
    return found


def _finished(schema: Schema, title: str) -> Schema:
    schema = _everywhere(schema, _readable_default)
    return {**schema, "$schema": "http://json-schema.org/draft-07/schema#", "title": title}


def _everywhere(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    if isinstance(schema, list):
        return [_everywhere(item, change) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return change({key: _everywhere(value, change) for key, value in schema.items()})


def _readable_default(schema: Schema) -> Schema:
    if schema.get("pattern") == MEMORY_PATTERN and isinstance(schema.get("default"), int):
        return schema | {"default": format_memory(schema["default"])}
    return schema
