"""What a text of a manifest could reach if the loader had let it through: nothing but what is allowed."""

# ruff: noqa: E501 - a table with one attack a line
from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
from aerodrome_airflow.template_words import FILTERS, MACROS, METHODS, NAMES, TESTS
from aerodrome_airflow.templating import LONGEST
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time import macros
from airflow.sdk.execution_time.context import ConnectionAccessor, VariableAccessor
from jinja2.exceptions import SecurityError, UndefinedError

from common_plugins.catalogue.registry import entries

ENVIRONMENT = "self._TemplateReference__context.environment"
ATTACKS = [
    "{{ conn.victim.password }}",
    "{{ conn.get('victim').get_password() }}",
    "{{ var.value.get('victim') }}",
    "{{ ti.xcom_pull(task_ids='x', dag_id='victim.x') }}",
    "{{ task_instance.dag_id }}",
    "{{ task.dag.dag_id }}",
    "{{ dag.fileloc }}",
    "{{ dag_run.conf }}",
    "{{ inlet_events }}",
    "{{ macros.uuid.os.popen('touch PWNED').read() }}",
    "{{ macros.dateutil }}",
    "{{ macros.json.codecs }}",
    "{{ macros.ds_add.__globals__ }}",
    "{{ params.__class__.__init__.__globals__ }}",
    "{{ params._ParamsDict__dict }}",
    "{{ params.get_param('x') }}",
    "{{ params.dump() }}",
    "{{ logical_date.now() }}",
    "{{ ''.join.__self__.__class__ }}",
    "{{ 'x'.center(9) }}",
    "{{ tenant._values }}",
    "{{ tenant.__class__ }}",
    "{{ ENV.globals }}".replace("ENV", ENVIRONMENT),
    "{{ ENV.template_class.from_code(ENV, ENV._compile('open(\"PWNED\", \"w\")', 'x'), {}) }}".replace("ENV", ENVIRONMENT),
    "{{ self['_TemplateReference__context'] }}",
    "{{ lipsum(n=9) }}",
    "{{ range(9) }}",
    "{{ cycler('a').next() }}",
    "{{ namespace().x }}",
    "{{ 'x' * 10**10 }}",
    "{{ '%9999999999d' % 1 }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
]  # fmt: skip
# Not there at all: the template does not compile.
UNKNOWN = [
    "{{ ds | attr('x') }}",
    "{{ [ds] | map('upper') }}",
    "{{ ds | pprint }}",
    "{% if ds is callable %}{% endif %}",
    "{% do x %}",
]
NO_FILE = ["{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}"]


def surroundings(task: Any, dag: DAG) -> dict[str, Any]:
    """Return what Airflow's context has that an attack could want."""
    attempt = {"run_id": "r", "map_index": 0, "try_number": 2}
    ti = SimpleNamespace(dag_id="alpha.daily", task=task, _upstream_map_indexes={}, **attempt)
    run = SimpleNamespace(conf={"secret": "s"})
    everything: dict[str, Any] = {"ti": ti, "task_instance": ti, "task": task, "dag": dag, "dag_run": run}
    everything |= {"conn": ConnectionAccessor(), "var": {"value": VariableAccessor(deserialize_json=False)}}
    everything |= {"macros": macros, "inlet_events": {}}
    return {**everything, "ds": "2024-01-31", "logical_date": pendulum.datetime(2024, 1, 31), "run_id": "r"}


@pytest.fixture
def rendered(operators: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return the arguments of a task of an `expand` over them, rendered as the task's process does it."""
    monkeypatch.setenv("AIRFLOW_CONN_VICTIM", "postgres://me:topsecret@host/base")
    monkeypatch.setenv("AIRFLOW_VAR_VICTIM", "topsecret")
    monkeypatch.chdir(tmp_path)

    def render(arguments: Any) -> Any:
        macro = {"tenant": TenantValues("alpha", {"region": "eu"})}
        with DAG(
            "alpha.daily", params={"x": "v"}, start_date=datetime(2024, 1, 1), user_defined_macros=macro
        ) as dag:
            task = operators("python.call").partial(task_id="t", function="a:b").expand(args=arguments)
        context = surroundings(task, dag)
        task.render_template_fields(context, dag.get_template_env())
        return context["task"].args

    yield render
    assert not Path("PWNED").exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_else_can_be_named(rendered: Any, attack: str) -> None:
    """As a value, as a key that becomes one, and in any depth of both."""
    for arguments in ([attack], {attack: "x"}, {"x": attack}, [{"a": [attack]}], [("x", attack)]):
        with pytest.raises((UndefinedError, SecurityError)):
            rendered(arguments)


@pytest.mark.parametrize("attack", [*UNKNOWN, *NO_FILE])
def test_no_other_filter_test_or_file_exists(rendered: Any, attack: str) -> None:
    """Neither those of Jinja that the loader refuses, nor any folder of templates."""
    with pytest.raises(Exception, match=r"No (filter|test) named|unknown tag|no loader"):
        rendered([attack])


def test_everything_that_is_allowed_is_there(rendered: Any) -> None:
    """Names, macros, the tenant's values, filters, methods of dates and texts, loops."""
    text = (
        "{{ ds }} {{ macros.ds_add(ds, 1) }} {{ tenant.region }} {{ params.x | upper }} {{ logical_date | ds_nodash }} "
        "{{ logical_date.add(days=1).strftime('%d') }} {{ logical_date.format('YYYY') }} {{ 'a,b'.split(',') | join('-') }} "
        "{% for part in ['a', 'b'] %}{{ part }}{{ ',' if not loop.last }}{% endfor %} {{ ts | default('none') }}\n"
    )
    assert rendered([text]) == "2024-01-31 2024-02-01 eu V 20240131 01 2024 a-b a,b none\n"


def test_the_number_of_the_attempt_is_there(rendered: Any) -> None:
    """Airflow itself has it on the task instance only."""
    assert rendered(["{{ run_id ~ '-' ~ try_number }}"]) == "r-2"


def test_every_allowed_method_may_be_called() -> None:
    """A method is known by its own name, which need not be the one it is called by."""
    moment = pendulum.datetime(2024, 1, 31)
    for name in METHODS:
        owner: Any = next(one for one in (moment, "text", {}) if hasattr(one, name))
        assert getattr(owner, name).__name__ == name


def test_value_that_looks_like_a_template_is_a_value(rendered: Any) -> None:
    """What a parameter brings is not rendered a second time."""
    assert rendered(["{{ '{' ~ '{ ds }' ~ '}' }}"]) == "{{ ds }}"


def test_rendered_text_has_an_end(rendered: Any) -> None:
    """A loop around a long text would fill the worker's memory."""
    loop = (
        "{% for a in 'x'.split('') if 0 %}{% endfor %}"
        if False
        else "{% for a in ds %}" + "x" * (LONGEST // 9) + "{% endfor %}"
    )
    with pytest.raises(AirflowFailException, match="makes a text of more than 4,194,304 characters"):
        rendered([loop])


@pytest.mark.parametrize(
    ("uses", "name"), [(uses, name) for uses, entry in entries().items() for name in entry.template_fields()]
)
def test_result_of_a_mapped_task_is_never_rendered(operators: Any, uses: str, name: str) -> None:
    """In no operator's parameter: no constructor may replace the value that Airflow knows as a result."""
    hostile = ["{{ macros.uuid }}"]
    given = {field: "x" for field in _required(uses) if field != name}
    with DAG("alpha.daily", start_date=datetime(2024, 1, 1)) as dag:
        task = operators(uses)(task_id="t", **given, **{name: hostile})
    context = surroundings(task, dag)
    task._do_render_template_fields(task, [name], context, dag.get_template_env(), {id(hostile)})
    assert getattr(task, name) == hostile


def _required(uses: str) -> list[str]:
    return [name for name, field in entries()[uses].model_fields.items() if field.is_required()]


def test_words_are_those_of_airflow_and_jinja() -> None:
    """Each is used: a name that nothing provides would be an empty promise."""
    from aerodrome_airflow.templating import _environment

    environment = _environment()
    assert set(environment.filters) == FILTERS
    assert set(environment.tests) == TESTS
    assert environment.globals == {}
    assert all(hasattr(macros, name) for name in MACROS)
    assert "conn" not in NAMES
