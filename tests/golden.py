"""Writes golden/operators.json and golden/training.json anew: `python tests/golden.py`.

The hashes may change only together with a line in CHANGELOG.md (and, once it is 1, with
PN_NUMERICS_VERSION).  A hash of an operator that is new is added in the same way.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def write(name: str, hashes: dict[str, str]) -> None:
    import pynn

    path = FOLDER / f"{name}.json"
    old = json.loads(path.read_text())["hashes"] if path.exists() else {}
    changed = [key for key in hashes if old.get(key, hashes[key]) != hashes[key]]
    content = {"numerics": pynn.config()["numerics"], "hashes": dict(sorted(hashes.items()))}
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path.name}: {len(hashes)} hashes, {len(hashes.keys() - old.keys())} new, {changed=}")


def main() -> None:
    from hashing import Run, operator_hash
    from optable import OPS
    from test_determinism import CASES
    from test_determinism_training import TRAININGS

    from pynn import _debug

    run = Run(_debug.levels()[0], 1, False)
    assert OPS
    write("operators", {f"{op} {dtype}": operator_hash(op, dtype, run) for op, dtype in CASES})
    write("training", {name: train(run) for name, train in TRAININGS.items()})


if __name__ == "__main__":
    main()
