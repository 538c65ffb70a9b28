"""Child program: verify a repository and publish what is fit; prints what was published and every problem."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from aerodrome import bundle
from aerodrome.verify import verify

root, target = Path(sys.argv[1]), Path(sys.argv[2])
made = verify(root, "local", progress=lambda _: None)
bundle.create(target)
bundle.publish(target, made.files, source="benchmark")
dags = [path for path in bundle.published_paths(target) if path.endswith(".py")]
print("\n" + json.dumps({"published": dags, "problems": [asdict(problem) for problem in made.problems]}))
