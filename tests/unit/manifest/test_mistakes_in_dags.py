"""Every mistake in a DAG is told with file, line, column, field and a way to mend it. → marks the place."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from typing import Any

import pytest

HEAD = (
    'dag_id: daily\nschedule: "@daily"\nstart_date: 2024-01-01\nparams: {day: {default: x, type: string}}\n'
)
NO_RETRIES = "has no effect without retries\n    write retries: 1 or more, or remove it"
SQL = "uses: sql.query, with: {connection: warehouse, sql: select 1}"


def task(name: str, more: str = "") -> str:
    """Return one line with a task that is right."""
    return f"- {{id: {name}, {SQL}{more}}}\n"


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        (
            "- {id: a, uses: →sql.qurey}",
            "a.uses: unknown operator 'sql.qurey'\n    did you mean 'sql.query'?   catalogue: make operators",
        ),
        (
            task("a") + task("→a"),
            "a.id: duplicate id 'a'\n    a task has it already; ids of tasks and groups are one namespace",
        ),
        (
            task("a", ", needs: [→lod]") + task("load"),
            "a.needs[0]: unknown task or group 'lod'\n    did you mean 'load'?",
        ),
        (task("a", ", needs: [→a]"), "a.needs[0]: a task cannot wait for itself"),
        (
            task("a", ", needs: [b]") + task("b", ", needs: [c]") + task("c", ", needs: →[a]"),
            "c.needs: cycle: a -> c -> b -> a\n    one of these tasks must not wait for another",
        ),
        (task("a", ", queue: →pi"), "a.queue: unknown queue 'pi'\n    did you mean 'pii'?"),
        (
            task("a", ", queue: →maintenance"),
            "a.queue: tenant.yaml does not name the queue 'maintenance'\n    this tenant has: default, pii",
        ),
        (task("a", ", pool: →slwo"), "a.pool: unknown pool 'slwo'\n    did you mean 'slow'?"),
        (
            task("a", ", group: →x"),
            "a.group: unknown task group 'x'\n    declare it: task_groups: [{id: x}]",
        ),
        (task("a", ", →retires: 1"), "a.retires: unknown key 'retires'\n    did you mean 'retries'?"),
        (task("a", ", retries: →'1'"), "a.retries: must be a whole number, not text ('1')"),
        (task("a", ", retries: →true"), "a.retries: must be a whole number, not a boolean (True)"),
        (
            task("a", ", depends_on_past: →yes"),
            "a.depends_on_past: must be true or false, not text ('yes')\n"
            "    YAML 1.2 reads yes as text: write true or false",
        ),
        (
            task("a", ", trigger_rule: →all_sucess"),
            "a.trigger_rule: unknown value 'all_sucess'\n    did you mean 'all_success'?",
        ),
        (
            task("a", ", retry_delay: →5 minutes"),
            "a.retry_delay: write a duration as days, hours, minutes and seconds: '90s', '15m', '1h30m', '2d'",
        ),
        (
            task("a", ", execution_timeout: →0s"),
            "a.execution_timeout: must be more than 0s and 3650d at most",
        ),
        (
            task("a", ", retries: 1, max_retry_delay: →1h"),
            "a.max_retry_delay: has no effect without growing delays\n    write retry_exponential_backoff: true",
        ),
        (
            task("a", ", retries: 1, retry_delay: 2h, max_retry_delay: →1h, retry_exponential_backoff: true"),
            "a.max_retry_delay: max_retry_delay is shorter than retry_delay",
        ),
        (task("a", ", retry_delay: →5m"), f"a.retry_delay: {NO_RETRIES}"),
        (
            task("a", ", retry_exponential_backoff: →true"),
            f"a.retry_exponential_backoff: {NO_RETRIES}",
        ),
        (task("a", ", max_retry_delay: →1h"), f"a.max_retry_delay: {NO_RETRIES}"),
        (task("a", ", retries: 0, retry_delay: →5m"), f"a.retry_delay: {NO_RETRIES}"),
        (
            task("a", ", retries: →-1, retry_delay: 5m"),
            "a.retries: must be 0 or more",
        ),
        (
            task("a", ", teardown_of: [→b]") + task("b"),
            "a.teardown_of[0]: 'b' is no setup task\n    write setup: true there",
        ),
        (
            task("s", ", setup: true") + task("a", ", teardown_of: [s], trigger_rule: →all_done"),
            "a.trigger_rule: a teardown runs when its setup succeeded and the tasks between have ended\n"
            "    remove trigger_rule",
        ),
        (
            task("s", ", setup: true") + task("a", ", needs: [s], trigger_rule: →all_done"),
            "a.trigger_rule: a task after the setup 's' cannot have trigger_rule: all_done\n"
            "    only all_success: otherwise it would run without its setup",
        ),
        (
            "- {id: b, uses: flow.branch, with: {choose: →c}}\n" + task("c"),
            "b.with.choose: 'c' does not come directly after 'b'\n    write needs: [b] there",
        ),
        (
            task("a", ", consumes: [→rows]"),
            "a.consumes[0]: no task of this tenant produces the asset 'rows'\n"
            "    no DAG of this tenant produces assets",
        ),
        ("- →{uses: flow.empty}", "tasks[0]: the key 'id' is missing"),
        ("- →1", "tasks[0]: must be a mapping, not a number (1)"),
    ],
)
def test_mistakes_in_tasks(repository: Any, tasks: str, said: str) -> None:
    """The order of tasks, their settings and their shape."""
    found, place = repository.marked(f"{HEAD}tasks:\n{tasks}")
    field = said if said.startswith("tasks[") else f"tasks.{said}"
    assert found == [place + field]


@pytest.mark.parametrize(
    ("with_", "said"),
    [
        (
            "{connection: →warehose, sql: x}",
            "connection: unknown connection 'warehose'\n    did you mean 'warehouse'?",
        ),
        ("{connection: →api, sql: x}", "connection: 'api' is of type http; sql.query needs postgres"),
        (
            "{connection: →vault, sql: x}",
            "connection: the connection 'vault' may not be used on queue 'default'\n    it may be used on: pii",
        ),
        (
            "{connection: warehouse, sql: x, →sqll: x}",
            "sqll: unknown key 'sqll'\n    did you mean 'sql'?",
        ),
        (
            "{connection: warehouse, sql: →5}",
            "sql: must be text or a reference {$x: task} or a list, not a number (5)",
        ),
        (
            "{connection: warehouse, sql: [x, →5]}",
            "sql[1]: must be text or a reference {$x: task}, not a number (5)",
        ),
        (
            "{connection: warehouse, sql: x, result: →row}",
            "result: unknown value 'row'\n    did you mean 'rows'?",
        ),
        (
            "{connection: warehouse, sql: →{task: b}}",
            "sql: must be text or a reference {$x: task} or a list, not a mapping ({'task': 'b'})",
        ),
        (
            "{connection: warehouse, sql: →{$x: b}}",
            "sql: unknown task 'b'\n    no task comes before 'a': name it in needs",
        ),
        (
            "{connection: warehouse, sql: →{$x: late}}",
            "sql: task 'late' does not come before 'a'\n    add 'late' to its needs",
        ),
        (
            "{connection: warehouse, sql: →{$x: a}}",
            "sql: task 'a' does not come before 'a'\n    a task cannot read its own result",
        ),
        (
            "{connection: warehouse, sql: →{$x: [b]}}",
            "sql: not a reference\n    write {$x: task} or {$x: {task: load, key: rows}}, nothing beside it",
        ),
        (
            "{connection: warehouse, sql: x, parameters: {n: →{$x: late, key: y}}}",
            "parameters.n: not a reference\n"
            "    write {$x: task} or {$x: {task: load, key: rows}}, nothing beside it",
        ),
        (
            "{connection: warehouse, sql: →{$f: no.sql}}",
            "sql: tenants/flights/dags/no.sql: cannot be read: No such file or directory",
        ),
        (
            "{connection: warehouse, sql: →{$f: ../../x.sql}}",
            "sql: '../../x.sql' is outside the tenant's folder\n    name a file below tenants/flights/",
        ),
        (
            "{connection: warehouse, sql: →{$f: /etc/passwd}}",
            "sql: '/etc/passwd' is outside the tenant's folder\n    name a file below tenants/flights/",
        ),
    ],
)
def test_mistakes_in_parameters(repository: Any, with_: str, said: str) -> None:
    """Parameters are checked against the catalogue, the tenant and the DAG."""
    text = f"{HEAD}tasks:\n- {{id: a, uses: sql.query, with: {with_}}}\n{task('late')}"
    found, place = repository.marked(text)
    assert found == [f"{place}tasks.a.with.{said}".replace("tenants/flights/dags/", "")]


CALL = "uses: python.call, with: {function: flights.jobs:clean, outputs: [rows]}"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            "with: {connection: warehouse, sql: →{$x: {task: load, key: row}}}",
            "with.sql: task 'load' leaves no result 'row'\n"
            "    its keys: return_value, rows; python.call names more in outputs",
        ),
        (
            "with: {connection: warehouse}, expand: {sql: →{$x: {task: load, key: rows}}}",
            "expand.sql: expand takes a task's whole result, not its key 'rows'\n"
            "    return the list itself from a task of its own, or map over the whole result",
        ),
    ],
)
def test_a_reference_names_a_result_that_the_task_leaves(repository: Any, section: str, said: str) -> None:
    """Neither a key that is never written nor one that Airflow cannot map over."""
    text = f"{HEAD}tasks:\n- {{id: load, {CALL}}}\n- {{id: a, uses: sql.query, needs: [load], {section}}}\n"
    found, place = repository.marked(text)
    assert found == [f"{place}tasks.a.{said}"]


def test_a_reference_to_an_output_is_right(repository: Any) -> None:
    """The keys that python.call names in `outputs` can be referenced."""
    more = "needs: [load], with: {connection: warehouse, sql: {$x: {task: load, key: rows}}}"
    text = f"{HEAD}tasks:\n- {{id: load, {CALL}}}\n- {{id: a, uses: sql.query, {more}}}\n"
    assert repository.problems(text) == []


@pytest.mark.parametrize(
    ("uses", "with_", "said"),
    [
        ("python.call", "{function: →flights.job:clean}", "function: no module 'flights.job'\n    it would be tenants/flights/src/flights/job.py"),
        ("python.call", "{function: →flights.jobs:clen}", "function: 'flights.jobs' defines no function 'clen'\n    did you mean 'clean'?"),
        ("python.call", "{function: flights.jobs:clean, variables: [→tokn]}", "variables[0]: unknown variable 'tokn'\n    did you mean 'token'?"),
        ("python.call", "{function: flights.jobs:clean, connections: [→x]}", "connections[0]: unknown connection 'x'\n    allowed: api, vault, warehouse"),
        ("python.call", "{function: flights.jobs:clean, connections: [→global.mial]}", "connections[0]: unknown connection 'global.mial' of what all tenants share\n    did you mean 'global.mail'?"),
        ("email.send", "{connection: →global.warehouse, to: a, subject: b, text: c}", "connection: unknown connection 'global.warehouse' of what all tenants share\n    allowed: global.mail"),
        ("python.call", "{function: flights.jobs:clean, variables: [→global.token]}", "variables[0]: unknown variable 'global.token' of what all tenants share\n    did you mean 'global.region'?"),
        ("dag.trigger", "{trigger_dag_id: →dialy}", "trigger_dag_id: unknown DAG 'dialy'\n    did you mean 'daily'?"),
        ("file.wait", "{path: →../x}", "path: path must be a relative path without '..'"),
        ("file.wait", "{path: →/x}", "path: path must be a relative path without '..'"),
        ("file.wait", "{path: x, timeout: →0s}", "timeout: must be more than 0"),
        ("spark.submit", "{application: →../../x.py}", "application: application must be a relative path without '..'"),
        ("email.send", "→{connection: api, to: a, subject: b}", "give text, html or both"),
    ],
)  # fmt: skip
def test_mistakes_in_what_parameters_name(repository: Any, uses: str, with_: str, said: str) -> None:
    """Functions are looked up in the tenant's sources, DAGs and variables in its manifests."""
    found, place = repository.marked(f"{HEAD}tasks:\n- {{id: a, uses: {uses}, with: {with_}}}")
    field = "with" if with_.startswith("→") else "with."
    assert any(text.startswith(f"{place}tasks.a.{field}") and text.endswith(said) for text in found), found


@pytest.mark.parametrize("queue", ["default", "pii"])
def test_what_all_tenants_share_can_be_named(repository: Any, queue: str) -> None:
    """Wherever a connection or variable of the tenant can: environment.yaml lists it."""
    mail = "uses: email.send, with: {connection: global.mail, to: a@example.org, subject: b, text: c}"
    call = "function: flights.jobs:clean, connections: [global.mail, api], variables: [global.region, token]"
    more = f"queue: {queue}"
    tasks = f"- {{id: a, {mail}, {more}}}\n- {{id: b, uses: python.call, with: {{{call}}}, {more}}}\n"
    assert repository.problems(f"{HEAD}tasks:\n{tasks}") == []


@pytest.mark.parametrize(
    ("queue", "problems"),
    [("default", 0), ("pii", 1)],
)
def test_a_sensor_defers_only_where_the_zone_has_a_triggerer(
    repository: Any, queue: str, problems: int
) -> None:
    """Personal data never reaches another zone's triggerer."""
    tasks = f"- {{id: a, uses: file.wait, queue: {queue}, with: {{path: x, mode: →defer}}}}"
    found, place = repository.marked(f"{HEAD}tasks:\n{tasks}")
    said = "tasks.a.with.mode: the zone of queue 'pii' has no triggerer of its own\n    write mode: reschedule or mode: poke"
    assert found == [place + said] * problems


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("schedule: →'0 0 30 2 *'", "schedule: '0 0 30 2 *' never fires\n    there is no such date"),
        ("schedule: →'61 * * * *'", "schedule: not a cron expression: '61 * * * *'\n    a cron expression has five fields: minute hour day month weekday, such as '30 6 * * 1-5'"),
        ("schedule: →'* * * * * *'", "schedule: not a cron expression: '* * * * * *'\n    a cron expression has five fields: minute hour day month weekday, such as '30 6 * * 1-5'"),
        ("schedule: →'@dayly'", "schedule: unknown preset '@dayly'\n    did you mean '@daily'?"),
        ("schedule: {every: →0s}", "schedule.every: must be more than 0s and 3650d at most"),
        ("schedule: {every: 1h, →evry: 1h}", "schedule.evry: unknown key 'evry'\n    did you mean 'every'?"),
        ("schedule: →5", "schedule: write a cron expression, a preset, {every: 1h}, {all_assets: [x]}, {any_asset: [x]} or null"),
        ("schedule: {any_asset: [→x]}", "schedule.any_asset[0]: no task of this tenant produces the asset 'x'\n    no DAG of this tenant produces assets"),
        ("timezone: →Europe/Berln", "timezone: unknown time zone 'Europe/Berln'\n    did you mean 'Europe/Berlin'?"),
        ("timezone: →../../etc/passwd", "timezone: unknown time zone '../../etc/passwd'\n    write it as 'Europe/Berlin' or 'UTC'"),
        ("schedule: null\nstart_date: null\ntimezone: →Europe/Berlin", "timezone: has no effect without a schedule by time or a date\n    remove it"),
        ("start_date: →yesterday", "start_date: write a date as '2024-01-31' or '2024-01-31T06:00:00'"),
        ("end_date: →2023-12-31", "end_date: must be after start_date"),
        ("catchup: →true\nschedule: null", "catchup: has no effect without a schedule by time\n    remove it"),
        ("schedule: '@continuous'\nmax_active_runs: →2", "max_active_runs: must be 1 with schedule: '@continuous'"),
        ("tags: [a, →a]", "tags[1]: the tag 'a' is named twice"),
        ("tags: [→'tenant:x']", "tags[0]: 'tenant:' is the platform's\n    it adds the tenant's tag by itself"),
        (f"tags: [→{'x' * 101}]", "tags[0]: may have 100 characters at most"),
        ("doc_md: →readme.md", "doc_md: must not end with '.md'\n    Airflow would open a file of that name: end the text with a line feed or a full stop"),
        ("dag_id: →Daily", "dag_id: 'Daily' does not fit\n    a name is lower-case letters, digits and '_', starts with a letter and has 63 characters at most"),
        ("defaults: {retry_delay: →5m}", f"defaults.retry_delay: {NO_RETRIES}"),
        ("environments: {local: {defaults: {retry_delay: →5m}}}", f"defaults.retry_delay: {NO_RETRIES}"),
        ("environments: {→stagin: {enabled: false}}", "environments.stagin: unknown environment 'stagin'\n    did you mean 'staging'?"),
        ("environments: {staging: {→scheduel: null}}", "environments.staging.scheduel: unknown key 'scheduel'\n    did you mean 'schedule'?"),
        ("environments: {local: {schedule: →'@dayly'}}", "schedule: unknown preset '@dayly'\n    did you mean '@daily'?"),
        ("→scheduel: x", "scheduel: unknown key 'scheduel'\n    did you mean 'schedule'?"),
    ],
)  # fmt: skip
def test_mistakes_in_the_dag_itself(repository: Any, lines: str, said: str) -> None:
    """Schedules, dates, params, texts and differences."""
    written = [line.replace("→", "").partition(":")[0] for line in lines.split("\n")]
    head = {"dag_id": "daily", "schedule": "'@daily'", "start_date": "2024-01-01"}
    text = "".join(f"{key}: {value}\n" for key, value in head.items() if key not in written)
    found, place = repository.marked(f"{text}{lines}\ntasks: [{{id: a, uses: flow.empty}}]\n")
    assert found == [place + said]


def test_a_schedule_by_time_needs_a_first_day(repository: Any) -> None:
    """Without start_date Airflow would never run it."""
    found, place = repository.marked(
        "dag_id: daily\nschedule: →'@daily'\ntasks: [{id: a, uses: flow.empty}]\n"
    )
    assert found == [
        f"{place}schedule: a schedule by time needs start_date\n    add start_date: 2024-01-31, the first day"
    ]


def test_all_mistakes_of_a_file_are_told_in_one_run(repository: Any) -> None:
    """A misspelt key does not hide the unknown connection beside it."""
    text = "dag_id: daily\nscheduel: x\ntimezone: Mars\ntasks:\n" + (
        "- {id: a, uses: sql.query, retires: 1, queue: no, with: {connection: no, sql: '{{ ti }}'}, needs: [zz]}\n"
    )
    told = [problem.partition("\n")[0].split(": ")[1] for problem in repository.problems(text)]
    fields = ["scheduel", "timezone", "retires", "queue", "with.connection", "with.sql", "needs[0]"]
    assert told == [*fields[:2], *(f"tasks.a.{field}" for field in fields[2:])]
