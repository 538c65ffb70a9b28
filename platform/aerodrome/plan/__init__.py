"""What a deploy would change, as one reviewable document with one hash. Knows only the Target protocol."""

from aerodrome.plan.change import (
    OBSERVE,
    TENANT,
    Action,
    Change,
    Risk,
    Target,
    digest_of,
    digest_of_text,
    not_observable,
)
from aerodrome.plan.comparison import require_planned, require_same
from aerodrome.plan.document import Plan
from aerodrome.plan.drift import Drift, LastDeploy
from aerodrome.plan.making import apply_targets, make_plan
from aerodrome.plan.orphan import Orphan, taken_away
from aerodrome.plan.planned import Planned

__all__ = [
    "OBSERVE",
    "TENANT",
    "Action",
    "Change",
    "Drift",
    "LastDeploy",
    "Orphan",
    "Plan",
    "Planned",
    "Risk",
    "Target",
    "apply_targets",
    "digest_of",
    "digest_of_text",
    "make_plan",
    "not_observable",
    "require_planned",
    "require_same",
    "taken_away",
]
