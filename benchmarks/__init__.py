"""Speed, as ratios against a peer or the vendor's own limit in the same run; `python -m benchmarks [NAME ...]`."""
