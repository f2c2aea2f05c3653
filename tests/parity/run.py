"""python tests/parity/run.py NAME ...: compares operators and modules with PyTorch.

Names are op_db's (sort, nn.functional.conv2d) and modules' (nn.Conv2d); a trailing * matches
more.  -v prints every difference, not just the first three.
"""

from __future__ import annotations

import fnmatch
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from parity import modules, operators
from parity.extra import EXTRA
from parity.names import DEVIATIONS


def main(arguments: list[str]) -> int:
    verbose = "-v" in arguments
    wanted = [a for a in arguments if a != "-v"]
    failed = 0
    known = [*operators.OPS, *modules.MODULES, *(n for n in EXTRA if n not in modules.MODULES)]
    for pattern in wanted:
        names = fnmatch.filter(known, pattern)
        if not names:
            print(f"{pattern}: neither in op_db nor in module_db")
            failed += 1
        for name in names:
            is_module = name in modules.MODULES or name in EXTRA
            report = modules.check(name) if is_module else operators.check(name, DEVIATIONS)
            print(f"{name}: {dict(report)}")
            failed += bool(report.failures)
            for line in report.failures[: None if verbose else 3]:
                print("   ", line[:600])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
