"""Why a login ends without a session, as the person may be told it."""

from __future__ import annotations

from http import HTTPStatus


class Refused(Exception):
    """A login that is not let in; *told* is for the person, *status* for the program that asked."""

    told = "Name or password is wrong."
    status = HTTPStatus.UNAUTHORIZED
    retry_seconds = 0


class WrongPassword(Refused):
    """Nobody has this name and this password; which of them is wrong is not told."""


class NoRole(Refused):
    """The person is who they say, and none of their groups has a role here."""

    told = (
        "You are known, but no group of yours has a role here: ask the owner of a tenant to add you to one."
    )
    status = HTTPStatus.FORBIDDEN


class ShutOut(Refused):
    """Somebody has deactivated the person's user here, whatever the directory says."""

    told = "Your user is deactivated here: ask who operates the platform."
    status = HTTPStatus.FORBIDDEN


class Unanswered(Refused):
    """Who knows people's passwords does not answer."""

    told = "The company's directory does not answer: nobody can log in now. Who is logged in stays so. Try again."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    retry_seconds = 30


class TooManyFailures(Refused):
    """There were too many wrong passwords of late."""

    told = "There were too many failed logins: wait a minute and try again."
    status = HTTPStatus.TOO_MANY_REQUESTS
    retry_seconds = 60
