"""Run tests with the n-th fault of a module in it from its import on: PATH N TEST…"""

import sys
from pathlib import Path

import pytest

from tests.mutation.faults import list_mutants
from tests.mutation.planting import plant_before_import

path, number, *tests = sys.argv[1:]
plant_before_import(list_mutants(Path(path))[int(number)])
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--reuse-db", *tests]))
