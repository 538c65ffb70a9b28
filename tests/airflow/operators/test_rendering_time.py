"""A template that computes for ever fails its task: no time limit of Airflow's has begun by then."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest
from aerodrome_airflow import rendering_time
from airflow.sdk.exceptions import AirflowFailException

# No piece of text comes out of it, so that nothing but the clock can end it.
LETTERS = "'" + "x" * 200 + "'"
ENDLESS = "".join(f"{{% for {name} in {LETTERS} %}}" for name in "abcdef") + "{% endfor %}" * 6
SHORT = "{% for a in " + LETTERS + " %}{% for b in " + LETTERS + " %}{% endfor %}{% endfor %}"


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second for the templates of a task."""
    monkeypatch.setattr(rendering_time, "SECONDS", 0.5)


def task(operators: Any, *texts: str) -> Any:
    """Return a task with *texts* among its arguments."""
    return operators("python.call")(task_id="t", function="a:b", args={"x": list(texts)})


@pytest.mark.timeout(20)
def test_endless_template_fails_its_task(brief: None, dag: Any, operators: Any) -> None:
    """Soon, with a text that says why, and not to be tried again."""
    begun = time.monotonic()
    with pytest.raises(AirflowFailException, match=r"templates are not rendered after 0.5 seconds"):
        task(operators, ENDLESS).render_template_fields({"ds": "2024-01-31"})
    assert time.monotonic() - begun < 5


@pytest.mark.timeout(20)
def test_many_short_templates_share_the_time(brief: None, dag: Any, operators: Any) -> None:
    """A thousand of them take no longer than one."""
    with pytest.raises(AirflowFailException, match="not rendered after"):
        task(operators, *[SHORT] * 5000).render_template_fields({"ds": "2024-01-31"})


def test_a_time_limit_around_it_goes_on(dag: Any, operators: Any) -> None:
    """Who measures the whole task is not forgotten."""
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: heard.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        task(operators, "{{ ds }}").render_template_fields({"ds": "2024-01-31"})
        time.sleep(0.5)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert heard == [signal.SIGALRM]


def test_without_a_main_thread_templates_are_rendered_too(dag: Any, operators: Any) -> None:
    """No signal arrives elsewhere; nothing else is different."""
    made = task(operators, "{{ ds }}")
    thread = threading.Thread(target=lambda: made.render_template_fields({"ds": "2024-01-31"}))
    thread.start()
    thread.join()
    assert made.args == {"x": ["2024-01-31"]}
