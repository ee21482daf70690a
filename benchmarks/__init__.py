"""The benchmarks of `make bench`, most of them beside a named peer in the same run."""
