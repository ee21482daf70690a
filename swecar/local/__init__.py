"""The demonstration on one machine, and the embedded servers that tests and benchmarks also use."""
