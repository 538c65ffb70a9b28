"""The page of the policy's rules."""

from __future__ import annotations

from aerodrome.reference.markdown import first_line


def policy_page() -> str:
    """Return a page with every policy rule and what it holds a DAG to."""
    from aerodrome.policy.rules import RULES

    rows = "".join(f"| `{rule.__name__}` | {first_line(rule)} |\n" for rule in RULES)
    head = "| rule | what it holds a DAG to |\n|---|---|"
    return f"# Policy\n\n{_POLICY}\n{head}\n{rows}"


_POLICY = """\
The rules that hold for every DAG. They run when a manifest is checked and again inside Airflow, on the same facts.
Most are not for authors to obey: the renderer sets what they ask for.
"""
