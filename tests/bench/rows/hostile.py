"""Ten thousand generated hostile strings in every text field of a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, ROOT, Workshop

EXAMPLES = 10_000
TEST = ROOT / "tests" / "render" / "test_hostile_text.py"


def hostile(shop: Workshop) -> Iterator[Figure]:
    """Yield how many manifests full of hostile strings kept their structure and their texts."""
    examples = 100 if shop.quick else EXAMPLES
    shop.say(f"{examples} manifests of hostile text")
    environment = clean_environment(AERODROME_HOSTILE_EXAMPLES=str(examples))
    options = ("-q", "--timeout=0", "--hypothesis-show-statistics", "-p", "no:cacheprovider")
    done = run([PYTHON, "-m", "pytest", TEST, *options], environment, ROOT)
    passed = [int(number) for number in re.findall(r"(\d+) passing", done.output)]
    details = {"passing_examples": passed, "seconds": done.seconds, "cpu_seconds": done.cpu_seconds}
    what = "manifests with hostile strings in all text fields: structure and texts unchanged"
    yield Figure("hostile", what, "manifests", (max(passed, default=0),), examples, "higher", details)
