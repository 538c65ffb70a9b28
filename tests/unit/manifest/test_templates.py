"""What templates may say. Nothing of them is ever run here."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

import json
import time
from typing import Any

import pytest
from aerodrome.manifest.templates import ALWAYS, DATE_FILTERS, DATES, TENANT, mistakes
from hypothesis import given
from hypothesis import strategies as st

HEAD = 'dag_id: daily\nschedule: "@daily"\nstart_date: 2024-01-01\nparams: {day: x}\n'


def said(text: str, *, dated: bool = True) -> list[str]:
    """Return the messages about *text*, in a DAG with the param `day` and a tenant with the value `region`."""
    return [finding.message for finding in mistakes(text, {"day"}, {"region"}, dated=dated)]


@pytest.mark.parametrize(
    "text",
    [
        "select 1", "{{ ds }}", "{{ds_nodash}}", "{{- params.day -}}", "{{ params['day'] }}", "{{ tenant.region }}", "{{ tenant.data }}",
        "{{ logical_date | ds_nodash }}", "{{ data_interval_end.strftime('%Y-%m') }}", "{{ ds | replace('-', '') }}",
        "{{ data_interval_start.subtract(days=1).in_timezone('UTC') | ds }}", "{{ macros.ds_add(ds, -1) }}",
        "{{ prev_data_interval_end_success or 'never' }}", "{% if params.day == 'x' %}a{% else %}b{% endif %}",
        "{% for part in params.day.split(',') %}{{ part | trim }}{{ ',' if not loop.last }}{% endfor %}",
        "{% set month = ds[:7] %}{{ month }}", "{% raw %}{{ ti }}{% endraw %}", "{# ti #}", "{{ run_id ~ '-' ~ try_number }}",
        "{{ params.day | default('x') | upper }}", "{{ 'a' if params.day is defined else 'b' }}", "}} {", "${x} {y} {'a': 1}",
        "{{ params.day | tojson }}", "{% for t in ['a', 'b'] %}{{ t }}{% endfor %}", "{{ logical_date.year - 1 }}",
    ],
)  # fmt: skip
def test_what_people_need_daily_is_allowed(text: str) -> None:
    """Dates, params, the run and the tenant's own values."""
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ ti.xcom_pull('a') }}", "the name 'ti' is not allowed in a template"),
        ("{{ conn.x.password }}", "the name 'conn' is not allowed in a template"),
        ("{{ var.value.x }}", "the name 'var' is not allowed in a template"),
        ("{{ task.task_id }}", "the name 'task' is not allowed in a template"),
        ("{{ dag.dag_id }}", "the name 'dag' is not allowed in a template"),
        ("{{ dag_run.conf.x }}", "the name 'dag_run' is not allowed in a template"),
        ("{{ dss }}", "the name 'dss' is not allowed in a template"),
        ("{{ range(9) }}", "range(…) cannot be called"),
        ("{{ cycler('a') }}", "cycler(…) cannot be called"),
        ("{{ ds.__class__ }}", "'__class__' is not allowed: it starts with an underscore"),
        ("{{ ds['__class__'] }}", "'__class__' is not allowed: it starts with an underscore"),
        ("{{ ds|attr('x') }}", "unknown filter 'attr'"),
        ("{{ params }}", "'params' stands alone"),
        ("{{ params[ds] }}", "params[…] needs a name in quotes"),
        ("{{ params.dya }}", "unknown name 'params.dya'"),
        ("{{ params.dya | upper }}", "unknown name 'params.dya'"),
        ("{{ tenant.regoin }}", "unknown name 'tenant.regoin'"),
        ("{{ macros.datetime.now() }}", "'macros.datetime' must be called"),
        ("{{ macros.random() }}", "unknown macro 'macros.random'"),
        ("{{ 'x' * 10**9 }}", "the operator * is not allowed"),
        ("{{ 2 ** 9999999 }}", "the operator ** is not allowed"),
        ("{{ '%999999999d' % 1 }}", "the operator % is not allowed"),
        ("{{ '{:>999999999}'.format(1) }}", "the method 'format' is not allowed"),
        ("{{ 'x'.center(999999999) }}", "the method 'center' is not allowed"),
        ("{{ 'x'|center(999999999) }}", "unknown filter 'center'"),
        ("{{ 'x'|replace('x', 'xx')|replace('x', 'xx') }}", "'replace' could make a very long text here"),
        ("{% set a = 'x' %}{% set b = a ~ a %}", "'a' was set itself: a value set from another may grow"),
        ("{% set ds = 'x' %}", "'ds' cannot be set"),
        ("{% for a in params.day %}{% for b in params.day %}{% endfor %}{% endfor %}", "a loop inside a loop is not allowed"),
        ("{% for a in 'xxx' %}{% endfor %}", "this cannot be looped over"),
        ("{% include 'x' %}", "'include' is not allowed in a template"),
        ("{% import 'x' as y %}", "'import' is not allowed in a template"),
        ("{% extends 'x' %}", "'extends' is not allowed in a template"),
        ("{% macro m() %}{% endmacro %}", "'macro' is not allowed in a template"),
        ("{% block b %}{% endblock %}", "'block' is not allowed in a template"),
        ("{% do x %}", "not a template: Encountered unknown tag 'do'."),
        ("{{ ds", "not a template: unexpected end of template, expected 'end of print statement'."),
        ("{{{ ds }}}", "not a template: expected token"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "a template that is nested too deeply or holds an absurd number"),
        ("{{ ds }}" * 30_000, "a template may have 200,000 characters"),
    ],
)  # fmt: skip
def test_what_reads_more_than_the_manifest_may_or_grows_without_end_is_refused(
    text: str, message: str
) -> None:
    """Each with a message of its own, at once."""
    started = time.process_time()
    assert any(found.startswith(message) for found in said(text)), said(text)
    assert time.process_time() - started < 2


def test_dates_are_refused_in_runs_that_assets_start() -> None:
    """Airflow has no logical date there, and an undefined name fails the task."""
    assert said("{{ ds }}{{ run_id }}", dated=False) == ["'ds' does not exist in runs that assets start"]
    assert said("{{ ds | default('x') }}{% if ts is defined %}{% endif %}", dated=False) == []


def test_every_name_and_filter_exists_in_airflow() -> None:
    """The allow-list is a part of Airflow's own context, plus the tenant's values."""
    from airflow.sdk.definitions._internal.templater import FILTERS
    from airflow.sdk.definitions.context import Context

    assert (DATES | ALWAYS) - {TENANT} <= Context.__annotations__.keys()
    assert set(DATE_FILTERS) == FILTERS.keys()


@given(st.text("{}%# dsparmi.xy|'\"()[]-\n", max_size=40))
def test_any_text_is_a_template_or_a_mistake(text: str) -> None:
    """Nothing is raised, and the quick way agrees with Jinja's own parser on what is a template."""
    from aerodrome.manifest.template_tree import read
    from aerodrome.manifest.templates import is_template

    found = said(text)
    if is_template(text):
        assert bool(found) == bool(read(text).findings or _unknown(text))


def _unknown(text: str) -> bool:
    from aerodrome.manifest.template_tree import read

    uses = read(text)
    return any(n != "day" for _, n in uses.params) or any(n != "region" for _, n in uses.values)


@pytest.mark.parametrize(
    "sql",
    [
        "|\n      select 1\n      where x = '{{ ds }}'\n        and y = {{ →ti }}\n",
        ">-\n      select 1\n      where y = {{ →ti }}\n",
        '"a\n      {{ →ti }}"\n',
        "'{{ ds }} {{ →ti.x }}'\n",
        "a {{ →params.dya }}\n",
        "[x, '{{ →ti }}']\n",
        "|\n      a\n      →{{ ds\n      b\n",
    ],
)
def test_a_mistake_in_a_template_is_placed_inside_its_text(repository: Any, sql: str) -> None:
    """In block, folded, quoted and plain text."""
    task = f"tasks:\n- id: a\n  uses: sql.query\n  with:\n    connection: warehouse\n    sql: {sql}"
    found, place = repository.marked(HEAD + task)
    assert [problem[: len(place)] for problem in found] == [place]


def test_a_mistake_in_an_included_file_is_placed_in_that_file(repository: Any) -> None:
    """The file that has to be changed is the one that is named."""
    repository.write("tenants/flights/dags/sql/load.sql", "select 1\nwhere x = {{ tii }}\n")
    task = "tasks:\n- {id: a, uses: sql.query, with: {connection: warehouse, sql: {$f: sql/load.sql}}}\n"
    assert repository.problems(HEAD + task)[0].startswith(
        "sql/load.sql:2:14: tasks.a.with.sql: the name 'tii'"
    )


def expanded_sql(key: str) -> str:
    """Return a DAG whose task runs *key* and another statement in each of its copies."""
    mapped = json.dumps({"sql": {key: "select 1"}})
    return (
        f"{HEAD}tasks:\n- id: a\n  uses: sql.query\n  with: {{connection: warehouse}}\n  expand: {mapped}\n"
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("select '{{ conn.get(\"x\").password }}'", "the name 'conn' is not allowed in a template"),
        ("{{ macros.uuid.os.popen('id') }}", "'macros.uuid' must be called"),
        ("{{ self._TemplateReference__context }}", "'_TemplateReference__context' is not allowed"),
        ("{{ ds", "not a template"),
    ],
)
def test_keys_of_an_expanded_mapping_are_templates_too(repository: Any, key: str, message: str) -> None:
    """Airflow gives each mapped task a pair of key and value, and renders both."""
    told = repository.problems(expanded_sql(key))
    assert any(problem.startswith("daily.yaml:9:") and message in problem for problem in told), told
    assert repository.problems(expanded_sql("select '{{ ds }}'")) == []


def test_keys_of_other_mappings_are_plain_text(repository: Any) -> None:
    """Airflow renders none of them: they may look as they like."""
    args = json.dumps({"args": [{"{{ ti }}": "x"}]})
    task = (
        f"tasks:\n- {{id: a, uses: python.call, with: {{function: 'flights.jobs:clean'}}, expand: {args}}}\n"
    )
    assert repository.problems(HEAD + task) == []


def test_what_is_rendered_at_run_time_is_what_is_allowed_here() -> None:
    """The Airflow side cannot import the loader, so it holds the words once more."""
    from aerodrome.manifest import template_tree, templates
    from aerodrome_airflow import template_words

    assert template_words.NAMES == templates.NAMES
    assert template_words.FILTERS == template_tree.FILTERS
    assert template_words.TESTS == template_tree.TESTS
    assert template_words.MACROS == template_tree.MACROS
    assert template_words.METHODS == template_tree.DATE_METHODS | template_tree.TEXT_METHODS
