"""Speed and weight, measured: `python -m benchmarks --help`."""
