"""A person uses the token of the web interface at the execution API, and a task its token at the REST API."""

from suite.attack import HELD
from suite.place import Place
from suite.tasks import token
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "the execution API, the REST API"
DEFENCE = "tokens have an audience"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def attack(place: Place) -> str:
    """Return what is answered; without defences a person's own token reads both tenants by the REST API."""
    server = place.api.server
    both = (
        place.api.ask("GET", "/execution/dags/beta.daily"),
        server.client.get(
            f"{server.url}/api/v2/dags/beta.daily", headers={"Authorization": f"Bearer {token(place)}"}
        ),
        place.api.ask("GET", "/api/v2/dags/beta.daily"),
    )
    return ", ".join(str(answer.url) for answer in both if answer.is_success)
