"""Ten thousand generated hostile strings in every text field of a tenant and its manifest."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from pathlib import Path

from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, ROOT, Workshop

EXAMPLES = 10_000
TESTS = ROOT / "tests" / "render" / "hostile"
MAIN = "test_hostile_text_changes_nothing_and_arrives_unaltered"


def hostile(shop: Workshop) -> Iterator[Figure]:
    """Yield how many manifests full of hostile strings kept their structure and their texts."""
    examples = 400 if shop.quick else EXAMPLES
    shop.say(f"{examples} manifests of hostile text")
    report = shop.folder / "hostile.xml"
    environment = clean_environment(AERODROME_HOSTILE_EXAMPLES=str(examples))
    options = (
        "-q",
        "--timeout=0",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        "-o",
        "junit_family=xunit1",
    )
    done = run([PYTHON, "-m", "pytest", TESTS, *options], environment, ROOT)
    compared = _compared(report)
    details = {"compared": compared, "seconds": done.seconds, "cpu_seconds": done.cpu_seconds}
    what = "manifests with hostile strings in all text fields: structure and texts unchanged"
    yield Figure("hostile", what, "manifests", (compared[MAIN],), examples, "higher", details)


def _compared(report: Path) -> dict[str, int]:
    """Return test → the number of its examples whose texts were compared with what the task has."""
    return {
        case.attrib["name"]: int(found.attrib["value"])
        for case in Xml.parse(report).iter("testcase")
        for found in case.iter("property")
        if found.attrib["name"] == "compared"
    }
