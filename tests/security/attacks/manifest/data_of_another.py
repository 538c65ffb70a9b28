"""A path leads out of the tenant's data folder, in every field of the catalogue that is a path."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, granted_each, task
from suite.place import Place

from common_plugins.catalogue.registry import entries

FROM = "a tenant's manifest"
AGAINST = "tenants' data"
DEFENCE = "paths are relative and have no '..'"
MUST = HELD
NEEDS = ()
undefended = at_their_word
TABLE = {"connection": "warehouse", "table": "x"}
FIELDS = (
    ("file.wait", "path", {}),
    ("sql.load", "file", TABLE),
    ("sql.load", "package_file", TABLE),
    ("sql.chart", "file", {"connection": "warehouse", "sql": "SELECT 1"}),
    ("spark.submit", "application", {}),
    ("hdfs.put", "file", {"path": "kept.txt"}),
    ("hdfs.get", "file", {"path": "kept.txt"}),
)
PATHS = (
    "../../beta/data/kept.txt",
    "a/../../../beta/data/kept.txt",
    "/srv/beta/data/kept.txt",
    "./../beta",
    "..",
    "a//../../beta",
    "a\0/../beta",
)


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(
        place,
        task("sql.load", {"connection": "warehouse", "table": "x", "file": "data/kept.txt"}),
        "kept.txt",
    )


def attack(place: Place) -> str:
    """Return which paths of which fields stand in the rendered DAG."""
    assert _path_fields() == {(uses, field) for uses, field, _ in FIELDS}, (
        "a field with a path is not attacked"
    )
    asked = {
        f"{uses.replace('.', '_')}_{field}_{number}": (task(uses, given | {field: path}), path)
        for uses, field, given in FIELDS
        for number, path in enumerate(PATHS)
    }
    return ", ".join(granted_each(place, asked))


def _path_fields() -> set[tuple[str, str]]:
    """Return all parameters of the catalogue that are paths."""
    return {
        (uses, name)
        for uses, entry in entries().items()
        for name in entry.model_fields
        if entry.kind_of(name) in {"data_path", "package_file"}
    }
