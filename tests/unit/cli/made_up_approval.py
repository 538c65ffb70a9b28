"""Asks for the approval of a plan that never was; run by test_approval.py."""

import sys

from aerodrome.cli.approval import approved
from aerodrome.errors import AerodromeError
from aerodrome.plan import Change, Plan

LOST = (
    Change("release", "delete", "namespace gone", "its tenant is gone", "data", False, "namespace", "gone"),
    Change("release", "delete", "volume results", "nobody wants it", "data", False, "volume", "results"),
)
ROLE = Change("roles", "update", "role x", "differs", "access")

plan = Plan("prod", {"lost": (*LOST, ROLE), "role": (ROLE,), "nothing": ()}[sys.argv[1]])
try:
    print("approved", *sorted(approved(plan, yes="--yes" in sys.argv, confirm=sys.argv[2])))
except AerodromeError as refused:
    print(refused)
    sys.exit(refused.exit_code)
