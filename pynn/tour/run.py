"""The order of the chapters."""

from __future__ import annotations

import time

import pynn
from pynn.tour import activations, capacity, digits, neuron, xor
from pynn.tour.report import Options, Report

_CHAPTERS = (neuron.visit, activations.visit, xor.visit, capacity.visit, digits.visit)


def run(options: Options) -> None:
    """Walk through all chapters and print the table."""
    start = time.perf_counter()
    print('pynn tour: "Neural Networks: Teaching Machines to Think", chapter by chapter')
    print(f"pynn {pynn.__version__}, seed {options.seed}, {pynn.get_num_threads()} threads")
    report = Report(options)
    for visit in _CHAPTERS:
        visit(report)
    report.table()
    if report.files:
        print(f"\n{len(report.files)} plots in {options.out}:")
        print("  " + "  ".join(path.name for path in report.files))
    print(f"\nThe tour took {time.perf_counter() - start:.1f} s.")
