"""A person reads other tenants' file names and source in import errors."""

from suite.attack import HELD
from suite.people import own, shown
from suite.place import Place
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "import errors"
DEFENCE = "each statement of a request is confined to the person's tenants"
MUST = HELD
NEEDS = ("api",)
AIRFLOW = (67461,)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the person gets of the own tenant's."""
    return own(place, "/api/v2/importErrors")


def attack(place: Place) -> str:
    """Return what is got."""
    return shown(
        place,
        (
            "/api/v2/importErrors",
            "/api/v2/importErrors/{import_error_id}",
        ),
    )
