"""Whatever stands in a manifest's texts: the structure is the same, every text arrives as it was written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("AERODROME_HOSTILE_EXAMPLES", "1000"))
DELIMITERS = ("{{", "{%", "{#")
FRAGMENTS = [
    '"', "'", '"""', "'''", "\\", "\\n", "\n", "\r\n", "\r", "\t", ")", "(", "]", "}", ",", "#", ";",
    "\n#", "\\\n", "{{ ds }}", "{{", "}}", "{%", "%}", "{# x #}", "{{ ti.xcom_pull() }}", "{% raw %}",
    "{{ 7 * 7 }}", "%(x)s", "%s", "{0}", "import os\n", "\nimport os; os._exit(1)\n",
    '")\nimport os\n("', "'+__import__('os').name+'", "f'{1}'", "\\x41", "\\u0041", "\\N{BULLET}", "$x",
    "$f", "{$x: a}", "!!python/object:os.system", "&a", "*a", "<<: *a", "- a", "a: b", "---", "...",
    "| ", "> ", "%YAML 1.1", "null", "yes", "0o7", "1e3", "~", "@daily", ".md", ".sql", "x.sql",
    "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u2029", "\x85", "\xa0", "\x00", "\x01",
    "\x1b[2J", "\x7f", "\x80", "\ud800", "😀", "\U000e0041", "é", "\uff0e\uff0f", "../../etc/passwd",
    "tenant:other", "  # line 9", "   ", "\x0b", "\x0c",
]  # fmt: skip
TEXT = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.tuples(st.sampled_from(FRAGMENTS), st.text(max_size=300)).map("".join),
)
FIELDS = [
    "description", "doc_md", "tag", "default", "title", "about", "plain", "tooltip", "task_doc", "query",
    "parameter", "key", "value", "check", "check_sql", "header", "script", "env", "region",
    "about_tenant",
]  # fmt: skip
TEMPLATED = {"query", "parameter", "value", "check", "check_sql", "header", "script", "env"}
TEXTS = st.fixed_dictionaries(dict.fromkeys(FIELDS, TEXT))


def manifest(texts: dict[str, str]) -> dict[str, Any]:
    """Return a manifest that has a hostile text wherever it can have text."""
    t = texts
    return {
        "dag_id": "sample",
        "description": t["description"],
        "doc_md": t["doc_md"],
        "tags": [t["tag"]],
        "params": {
            "p": {"default": t["default"], "title": t["title"], "description": t["about"]},
            "q": t["plain"],
        },
        "task_groups": [{"id": "group", "tooltip": t["tooltip"]}],
        "tasks": [
            {"id": "query", "uses": "sql.query", "doc_md": t["task_doc"], "group": "group",
             "with": {"connection": "warehouse", "sql": t["query"], "parameters": {"p": t["parameter"]}}},
            {"id": "call", "uses": "python.call", "needs": ["group"],
             "with": {"function": "flights.jobs:run",
                      "args": {t["key"]: [t["value"], {"x": {"$x": "query"}}]}}},
            {"id": "check", "uses": "sql.check",
             "with": {"connection": "warehouse", "checks": [{"name": t["check"], "sql": t["check_sql"]}]}},
            {"id": "ask", "uses": "http.request",
             "with": {"connection": "api", "headers": {"h": t["header"]}}},
            {"id": "script", "uses": "bash.run", "queue": "onprem", "needs": ["call"],
             "with": {"script": t["script"], "env": {"E": t["env"]}}},
        ],
    }  # fmt: skip


def acceptable(texts: dict[str, str]) -> dict[str, str]:
    """Return *texts* with everything changed that the reference says is refused."""
    plain = {name: _without(text, "\x00", *DELIMITERS) for name, text in texts.items()}
    return plain | {
        "tag": ("#" + plain["tag"])[:100],
        "doc_md": plain["doc_md"] + ".",
        "key": "#" + plain["key"],
    }


def _without(text: str, *refused: str) -> str:
    text = text.encode("utf-8", "ignore").decode()
    while found := next((mark for mark in refused if mark in text), None):
        text = text.replace(found, "")
    return text


def in_yaml(value: Any) -> str:
    """Return *value* in YAML's flow style, every character of a text but the plain ones escaped."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"? {in_yaml(key)} : {in_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(in_yaml, value)) + "]"
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + '"'


WRITERS = {
    "sample.yaml": in_yaml,
    "sample.json": json.dumps,
    "unescaped.json": lambda value: json.dumps(value, ensure_ascii=False),
}


def may_be_refused(texts: dict[str, str]) -> bool:
    """Return whether one of *texts* is what the reference says is refused."""
    tag, doc = texts["tag"], texts["doc_md"]
    return (
        any("\x00" in text or any(0xD800 <= ord(char) < 0xE000 for char in text) for text in texts.values())
        or any(mark in texts[name] for name in TEMPLATED for mark in DELIMITERS)
        or not 0 < len(tag) <= 100
        or tag.startswith("tenant:")
        or doc.endswith(".md")
        or texts["key"] in ("$x", "$f")
    )


def arrived(dag: Any, texts: dict[str, str]) -> dict[str, Any]:
    """Return the texts as the DAG and its tasks have them when the tasks run."""
    tasks = dag.task_dict
    for task in tasks.values():
        _render(task)
    ((key, (value, _)),) = tasks["call"].args.items()
    check = tasks["check"].checks[0]
    param = dag.params.get_param("p")
    found = {
        "description": dag.description or "",
        "doc_md": dag.doc_md,
        "tag": next(iter(dag.tags - {"tenant:flights"}), None),
        "default": param.value,
        "title": param.schema["title"],
        "about": param.description,
        "plain": dag.params["q"],
        "tooltip": dag.task_group.children["group"].tooltip,
        "task_doc": tasks["query"].doc_md,
        "query": tasks["query"].sql,
        "parameter": tasks["query"].parameters["p"],
        "key": key,
        "value": value,
        "check": check["name"],
        "check_sql": check["sql"],
        "header": tasks["ask"].headers["h"],
        "script": tasks["script"].script,
        "env": tasks["script"].env["E"],
        "region": dag.user_defined_macros["tenant"].region,
    }
    # What holds a template is for Jinja to change.
    return {
        name: text
        for name, text in found.items()
        if name not in TEMPLATED or not _holds_template(texts[name])
    }


def _holds_template(text: str) -> bool:
    return any(mark in text for mark in DELIMITERS)


def _render(task: Any) -> None:
    # Other tasks' results are not there yet: they stay references.
    from airflow.sdk.definitions.xcom_arg import PlainXComArg

    original, PlainXComArg.resolve = PlainXComArg.resolve, lambda self, context: self
    try:
        task.render_template_fields({"ds": "2024-01-01", "params": {}, "dag": task.dag})
    finally:
        PlainXComArg.resolve = original


def assert_structure(dag: Any) -> None:
    """The DAG is the tenant's, with the same tasks, edges, queues, pools and connections."""
    assert (dag.dag_id, set(dag.access_control), len(dag.tags)) == (
        "flights.sample",
        {"flights.viewer", "flights.editor", "flights.admin"},
        2,
    )
    assert {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks} == {
        "query": [], "call": ["query"], "check": [], "ask": [], "script": ["call"],
    }  # fmt: skip
    assert {task.queue for task in dag.tasks} == {"default", "onprem"}
    assert {task.pool for task in dag.tasks} == {"flights"}
    assert [dag.task_dict[name].connection for name in ("query", "check", "ask")] == [
        "warehouse",
        "warehouse",
        "api",
    ]
    assert set(dag.params) == {"p", "q"}


BUSY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=BUSY)
@given(TEXTS.map(acceptable), st.sampled_from(sorted(WRITERS)))
def test_hostile_text_changes_nothing_and_arrives_unaltered(
    workspace: Any, texts: dict[str, str], file: str
) -> None:
    """Through YAML and JSON, loader, policy, renderer and Python, text stays text."""
    problems, rendered = built(workspace, texts, file)
    assert problems == []
    dag = imported(rendered["flights/sample.py"], workspace.root / "flights/sample.py")
    assert_structure(dag)
    found = arrived(dag, texts)
    assert found == {name: texts[name] for name in found}


@settings(max_examples=max(1, EXAMPLES // 4), deadline=None, suppress_health_check=BUSY)
@given(TEXTS, st.sampled_from(sorted(WRITERS)))
def test_text_that_cannot_be_kept_is_refused_and_nothing_else(
    workspace: Any, texts: dict[str, str], file: str
) -> None:
    """Either a mistake that the reference lists, or the same structure and the same texts."""
    problems, rendered = built(workspace, texts, file)
    if problems:
        assert may_be_refused(texts), problems
        return
    dag = imported(rendered["flights/sample.py"], workspace.root / "flights/sample.py")
    assert_structure(dag)
    found = arrived(dag, texts)
    assert found == {name: texts[name] for name in found}


def built(workspace: Any, texts: dict[str, str], file: str) -> tuple[list[Any], dict[str, str]]:
    """Return the problems and the rendered files of a tenant and a manifest full of *texts*."""
    from aerodrome.render.tenant import render_tenant

    tenant_file = TENANT | {"values": {"region": texts["region"]}, "description": texts["about_tenant"]}
    content = WRITERS[file](manifest(texts))
    assume(all(not 0xD800 <= ord(char) < 0xE000 for char in content))
    workspace.write("tenants/flights/tenant.yaml", in_yaml(tenant_file))
    workspace.only_dag(content, file)
    tenant, environment, problems = workspace.load()
    return problems, {} if problems else render_tenant(tenant, environment, None)


def imported(text: str, file: Path) -> Any:
    """Return the DAG that *text* defines, as a file at *file* would."""
    names: dict[str, Any] = {}
    exec(compile(text.encode(), str(file), "exec"), names)
    return names["dag"]


TENANT = {
    "owners": [{"name": "Flight data", "email": "flights@example.org"}],
    "queues": ["default", "onprem"],
    "connections": {"warehouse": {"type": "postgres"}, "api": {"type": "http"}},
}
