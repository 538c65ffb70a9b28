"""What goes wrong with large results."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class RefusedError(AirflowFailException):
    """The value or the reference is not acceptable: another attempt would end the same."""


class DamagedError(AirflowFailException):
    """What the store holds is not what was written: nothing of it was used."""


class StoreError(AirflowException):
    """The store does not serve: another attempt may be luckier."""
