"""Measurements: `python -m bench` runs them all and writes docs/benchmarks.md. Numbers are never asserted in tests."""
