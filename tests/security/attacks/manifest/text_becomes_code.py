"""A description closes its quotes and goes on with Python of its own."""

import ast

from suite.attack import HELD
from suite.manifests import at_their_word, document, submit
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "the DAG processor"
DEFENCE = "rendered files are made of literals, never of spliced text"
MUST = HELD
NEEDS = ()
undefended = at_their_word
ENDINGS = ("', x=planted(), y='", '", x=planted(), y="', '""", x=planted(), y="""', "\\', x=planted(), y=\\'")


def attack(place: Place) -> str:
    """Return the descriptions that have become code."""
    return ", ".join(
        text for text in ENDINGS if _is_code(submit(place, document(description=f"x{text}")).text)
    )


def _is_code(text: str) -> bool:
    try:
        found = ast.walk(ast.parse(text))
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Name) and node.id == "planted" for node in found)
