"""Small faults, one at a time, each of which the tests have to find: `make mutants` (docs/mutation.md)."""
