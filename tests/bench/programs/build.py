"""Child program: load, policy and render of a repository in a cold process."""

import json
import sys
from pathlib import Path

from aerodrome.pipeline import build

root, runtimes, cache = sys.argv[1:]
made = build(Path(root), "local", runtimes=json.loads(runtimes), cache=Path(cache) if cache else None)
print(json.dumps({"dags": len(made.dags), "problems": [str(problem) for problem in made.problems]}))
