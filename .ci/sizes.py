"""Prints the longest files and C functions; fails on a C function over 120 lines."""

import re
import subprocess
import sys
from pathlib import Path

HABIT = {".c": 400, ".h": 400, ".py": 300, ".pyx": 400, ".pxi": 400}


def functions(path: Path):
    """(lines, name) of every function: from the line that opens a body at column 0 to its end."""
    name, start = None, 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if name is None and re.match(r"[A-Za-z].*\{$", line) and "=" not in line:
            found = re.search(r"(\w+)\(", line)
            name, start = (found.group(1) if found else line.strip()), number
        elif name is not None and line.startswith("}"):
            yield number - start + 1, f"{path}: {name}"
            name = None


def main() -> int:
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)
    paths = [Path(name) for name in files.stdout.split()]
    sizes = [(len(p.read_text().splitlines()), p) for p in paths if p.suffix in HABIT]
    longest = sorted(f for p in paths if p.suffix == ".c" for f in functions(p))[::-1]
    for lines, path in sorted(sizes, key=lambda s: -s[0]):
        if lines > HABIT[path.suffix] and path.parts[0] != "tests":
            print(f"  {path}: {lines} lines (habit: {HABIT[path.suffix]})")
    for lines, name in longest[:5]:
        print(f"  {lines:4d} lines  {name}")
    return longest[0][0] > 120


sys.exit(main())
