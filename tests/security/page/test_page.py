"""The security page says what the attacks say, where they were tried, and which gaps are Airflow's."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from suite import page
from suite.attack import FOLDER, Attack, attacks
from suite.declared import DECLARED, Gap
from suite.results import Result, Rows, on_a_cluster, record, recorded, result, tried_on

DOCS = page.REPOSITORY / page.EXPLANATIONS


def _row(name: str, **changes: object) -> Result:
    row = {
        "sentence": f"Somebody tries {name}.",
        "origin": "a tenant's user",
        "against": "x",
        "defence": "a wall",
    }
    return Result(**{"name": name, "outcome": "held", "reason": "", "without": "it", **row, **changes})  # type: ignore[arg-type]


def test_the_page_says_on_what_the_attacks_were_tried() -> None:
    """Each is counted with what it needs, and who is said to be elsewhere and is not is named."""
    text = page.page(
        _row("host/near", origin="another host", needs=["platform"]),
        _row("host/far", origin="another host", needs=["network", "platform"]),
        _row("broker/near", origin="a worker of another zone", needs=["platform"]),
        _row("xcom/lent", needs=["moto"]),
        _row("manifest/read"),
    )
    for part, number in {"platform": 3, "": 1, "api": 0, "directory": 0}.items():
        assert f"\n| {number} | {page.PARTS[part]} |\n" in text
    for part, name in {"network": "host/far", "moto": "xcom/lent"}.items():
        assert f"\n| 1 | {page.PARTS[part]}: `{name}` |\n" in text
    assert "these are tried: `host/near`, `broker/near`." in text


def test_a_gap_of_airflow_has_its_public_number() -> None:
    """Open ones where they are told, and closed ones with the attacks that they hold."""
    closed = [_row(f"execution/{name}", airflow=[60125]) for name in ("xcom", "variable")]
    text = page.page(*closed, _row("api/open", outcome="not isolated", reason="So it is.", airflow=[67461]))
    link = "[apache/airflow#{0}](https://github.com/apache/airflow/issues/{0})"
    assert f"- **Somebody tries api/open.** So it is. ({link.format(67461)})\n" in text
    assert f"- {link.format(60125)}: `execution/xcom`, `execution/variable`\n" in text
    assert "## Gaps of Airflow" not in page.page(_row("api/dags"))


@pytest.mark.parametrize("gap", DECLARED, ids=lambda gap: gap.what)
def test_what_is_declared_stands_on_the_page_with_its_numbers_and_in_the_docs(gap: Gap) -> None:
    """The page that it leads to names the same issues."""
    line = next(line for line in page.page(_row("api/dags")).splitlines() if gap.what in line)
    assert f"[More](../explanation/{gap.page})" in line
    told = (DOCS / gap.page).read_text()
    for number in gap.airflow:
        assert f"[apache/airflow#{number}]" in line and f"[apache/airflow#{number}]" in told


def test_the_page_leads_to_everything_that_other_pages_declare() -> None:
    """None of the pages of docs/explanation that have such a part is forgotten."""
    pages = {file.name for file in DOCS.glob("*.md") if "\n## Not isolated\n" in file.read_text()}
    text = page.page(_row("api/dags"))
    assert set(re.findall(r"\.\./explanation/([a-z-]+\.md)#not-isolated", text)) == pages
    assert {"execution-guard.md", "tenants-on-kubernetes.md", "what-a-tenant-sees.md"} <= pages


def test_what_was_tried_on_a_cluster_is_kept_for_who_has_none(tmp_path: Path) -> None:
    """As a whole: a run of some of the attacks does not replace that of all."""
    assert recorded(tmp_path) == ("", ())
    rows = tuple(_row(name, needs=("cluster",)) for name in sorted(on_a_cluster()))
    record(tmp_path, rows, "kubelet one", lambda: "sha256:one")
    record(tmp_path, rows[1:], "kubelet two", lambda: "sha256:two")
    assert recorded(tmp_path) == ("kubelet one", rows) and tried_on(tmp_path) == "sha256:one"
    text = page.page(*rows, cluster="kubelet one")
    assert f"\n| {len(rows)} | {page.PARTS['cluster']} ([kubelet one](security/pods.json)) |\n" in text
    assert text.count("| held |") == len(rows) and "Not tried yet" not in text
    assert f"want of a cluster:** `{rows[0].name}`.\n" in page.page(*rows[1:])


@pytest.mark.parametrize("cluster", [True, False])
def test_a_run_keeps_what_belongs_to_it(cluster: bool) -> None:
    """Those on pods and all others are kept apart, whatever one call of pytest runs."""
    kept: list[str] = []
    rows = Rows(lambda found, where: kept.extend([where, *(row.name for row in found)]), cluster)
    for name in ("pod/broker", "api/dags"):
        told = [("attack", asdict(_row(name))), ("cluster", "kubelet")]
        rows.pytest_runtest_logreport(SimpleNamespace(when="call", user_properties=told))  # type: ignore[arg-type]
    rows.pytest_sessionfinish()
    assert kept == ["kubelet", "pod/broker" if cluster else "api/dags"]


def test_the_record_of_the_cluster_is_of_attacks_as_they_are() -> None:
    """One that was changed is to be tried there again: docs/how-to/add-an-attack.md."""
    known = {each.name: each for each in attacks()}
    for kept in recorded(page.REPOSITORY)[1]:
        attack = known[kept.name]
        assert result(attack, attack.must.outcome, kept.without) == kept


@pytest.mark.parametrize("each", attacks(), ids=lambda each: each.name)
def test_an_attack_needs_what_it_says(each: Attack) -> None:
    """Another host and the double of AWS are used by those that say so, and the row keeps it."""
    source = (FOLDER / f"{each.name}.py").read_text()
    assert ("network" in each.needs) == ("place.host" in source)
    assert ("moto" in each.needs) == bool(re.search("results_bucket|aws_connections", source))
    assert ("cluster" in each.needs) == ("place.pods" in source) == (each.name in on_a_cluster())
    assert each.needs <= set(page.PARTS)
    row = result(each, each.must.outcome, "")
    assert set(row.needs) == each.needs and row.airflow == each.airflow
