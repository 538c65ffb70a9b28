"""A person makes people and roles, or gives rights, by the login's own API: an editor, an admin with every right."""

from suite.attack import HELD
from suite.place import Place
from suite.rights import ADMINISTRATOR, ROLES, Target, requests, written
from suite.weakened import plain_airflow

FROM = "a tenant's user"
AGAINST = "people, roles and their rights"
DEFENCE = "the API of people and roles is closed to members of tenants, whatever rights their role was given"
MUST = HELD
NEEDS = ("api",)
undefended = plain_airflow


def harmless(place: Place) -> str:
    """Return what the platform's administrator changes by the same requests."""
    changed = written(place, ADMINISTRATOR, Target.made(place).person)
    missing = requests(place) - set(changed)
    assert not missing, f"nobody changes anything by {sorted(missing)}: what do these routes take?"
    return ", ".join(changed)


def attack(place: Place) -> str:
    """Return what is changed."""
    return ", ".join(f"{role}: {each}" for role in _roles(place) for each in _by(place, role))


def _by(place: Place, role: str) -> list[str]:
    person = Target.made(place, role).person
    return written(place, person, person)


def _roles(place: Place) -> tuple[str, ...]:
    return ROLES if place.open_api is None else (place.api.user,)
