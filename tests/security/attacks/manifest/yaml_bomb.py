"""A few lines of anchors become a document that fills the memory."""

from suite.attack import HELD
from suite.manifests import at_their_word, submit
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "the process that reads manifests"
DEFENCE = "anchors are refused"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    lines = ["x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"x{n}: &x{n} [" + ", ".join([f"*x{n - 1}"] * 10) + "]" for n in range(1, 5)]
    text = "\n".join((*lines, "dag_id: attack", "tasks: [{id: run, uses: flow.empty}]"))
    return "more than a hundred kilobytes" if len(submit(place, text).text) > 100_000 else ""
