"""Benchmarks: `python -m benchmarks.NAME [--json]`; README.md lists them with their last figures."""
