"""Measurements: `python -m bench` makes them all and writes docs/benchmarks.md. Numbers are never asserted in tests.

`--only promised` or `--works NAME,...` renews a part of the page, and leaves the rest as it was.

`promised` measures what users wait for, `own` what only the engine has. For the comparison with others, `compare` goes
through `works`: it starts each of `peers` as a `child` process, compares results, chooses settings, and gives all their
turns; `ratios` and `rounds` hold its arithmetic. `page` writes, and `reading` reads back what is
not measured anew.
"""
