"""A template reads another tenant's connection, variable or result."""

from suite.attack import HELD
from suite.manifests import at_their_word, granted, task
from suite.place import Place

FROM = "a tenant's manifest"
AGAINST = "connections, variables, XComs"
DEFENCE = "templates know no conn, var, ti, task or dag"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(place, task("http.request", {"connection": "api", "endpoint": "{{ ds }}"}), "ds")


def attack(place: Place) -> str:
    """Return what of it stands in the rendered DAG."""
    ways = ("{{ conn.beta.password }}", "{{ var.value.beta }}", "{{ ti.xcom_pull(dag_id='beta.gives') }}")
    asked = (task("http.request", {"connection": "api", "endpoint": way}) for way in ways)
    return "".join(granted(place, each, "beta") for each in asked)
