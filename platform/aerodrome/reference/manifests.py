"""What a manifest can say that stands in no table of keys: references, schedules, templates."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome.reference.markdown import codes


def notation() -> Iterator[str]:
    """Return sections on what a manifest can say that stands in no table of keys."""
    from aerodrome.manifest.inclusion import FILE, SECTIONS, XCOM
    from aerodrome.manifest.parameters import MOST_MAPPED
    from aerodrome.manifest.schedule import PRESETS
    from aerodrome.manifest.settings import FILE_OF_DOC, RESERVED_TAG

    places = " and ".join(f"`{section}`" for section in SECTIONS)
    yield _VALUES.format(file=FILE, xcom=XCOM, places=places, most=f"{MOST_MAPPED:,}")
    yield _SCHEDULES.format(presets=codes(PRESETS, ordered=True))
    yield _REFUSED.format(ending=FILE_OF_DOC, tag=RESERVED_TAG)


_VALUES = """\
## References and files

In the parameters of a task, {places}, a value may also be one of these:

| written | the operator gets |
|---|---|
| `{{{xcom}: load}}` | What the task `load` returned. It must come before this one, through `needs`, directly or not. |
| `{{{xcom}: {{task: load, key: rows}}}}` | What it left under that key: one of the `outputs` of `python.call`, say. |
| `{{{file}: sql/load.sql}}` | The text of a file below `dags/`, or with `../` elsewhere in the tenant's folder. |

[The catalogue](operators.md) says which operators leave a result, and where text or JSON may stand; both hold
[templates](templates.md) as well.

A parameter in `expand` has a list, a mapping (one mapped task for each of its pairs) or the whole result of a task:
`expand: {{args: {{{xcom}: load}}}}`. What is written out makes {most} mapped tasks at most.
"""
_SCHEDULES = """\
## Schedules

| written | runs |
|---|---|
| `"30 6 * * 1-5"` | By the clock of `timezone`: minute, hour, day, month, weekday. |
| {presets} | Airflow's presets: by the same clock, a single time, or one run after the other. |
| `{{every: 1h30m}}` | A fixed time apart. |
| `{{all_assets: [flights, weather]}}` | When each of the assets was updated since the last run. |
| `{{any_asset: [flights, weather]}}` | When one of them was updated. |
| `null`, or left out | By hand, or by `dag.trigger`. |
"""
_REFUSED = """\
## What is refused although it looks right

- A key without effect: `catchup` without a schedule by time, `retry_delay` without retries, `timezone` without a date.
- `doc_md` that ends in `{ending}`: Airflow would open a file of that name. Write the text, after `|`.
- A tag that begins with `{tag}`: the platform adds the tenant's own.
- In `items` of a param, all keys but those of [ValueSchema](#valueschema): `pattern` and `$ref` among them.
- A default of a param that is a list of mappings and other values, or of lists of mappings: Airflow stores another one.
- A default that its param's own `pattern`, `format` or limits refuse, though nobody starts the DAG by hand.
- A type `null` without quotes: YAML reads it as no value.
- The trigger rule `all_done_setup_success`: a teardown has it by itself, and no other task may.
"""


def templates_page() -> str:
    """Return a page with every name, filter and macro that a template may use."""
    from aerodrome.manifest import template_tree as tree
    from aerodrome.manifest import templates

    rows = (
        ("dates", templates.DATES, "Not in runs that assets start."),
        ("always", templates.ALWAYS - {"params", "macros"}, ""),
        ("`params.<name>`", (), "A param that the manifest declares."),
        ("`tenant.<name>`", (), "One of `values` in tenant.yaml; `tenant.data` is the tenant's data folder."),
        ("macros", (f"macros.{name}" for name in tree.MACROS), ""),
        ("filters", tree.FILTERS, "`{{ params.day \\| upper }}`"),
        ("tests", tree.TESTS, "`{% if params.day is defined %}`"),
        ("methods of dates", tree.DATE_METHODS, "`{{ logical_date.strftime('%d.%m.') }}`"),
        ("methods of texts and mappings", tree.TEXT_METHODS, ""),
    )
    table = "".join(f"| {what} | {codes(names)} | {note} |\n" for what, names, note in rows)
    return f"# Templates\n\n{_TEMPLATES}\n| | allowed | |\n|---|---|---|\n{table}"


_TEMPLATES = """\
Airflow's Jinja templates, `{{ … }}` and `{% … %}`, in the texts of `with` and `expand` that
[the catalogue](operators.md) calls text, JSON or a path. Everything that is not named here is refused by `make check`:
connections and variables are parameters of an operator, and the result of another task is a reference, `{$x: task}`.
Text without a template is never changed.
"""
