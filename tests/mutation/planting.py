"""Putting a fault into a module that is loaded, or that is to be."""

import gc
import importlib.machinery
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from tests.mutation.faults import Mutant


def plant(mutant: Mutant) -> None:
    """Put it into the loaded module: another body for each of its functions, other values for its constants."""
    loaded = [one for one in list(sys.modules.values()) if getattr(one, "__file__", None) == str(mutant.path)]
    if not loaded:  # a page, say, which the first request imports
        plant_before_import(mutant)
        return
    [module] = loaded
    code = compile(mutant.tree(), str(mutant.path), "exec")
    if mutant.function:
        bodies = {(one.co_qualname, one.co_firstlineno): one for one in _codes(code)}
        for function in _functions_of(module):
            old = function.__code__
            function.__code__ = bodies.get((old.co_qualname, old.co_firstlineno), old)
        return
    faulty = ModuleType(module.__name__)
    faulty.__dict__["__file__"] = module.__file__
    exec(code, faulty.__dict__)
    for name, value in list(vars(module).items()):
        if name.isupper():
            _replace(name, value, vars(faulty)[name])
    for function in _functions_of(module):
        twin = vars(faulty).get(function.__name__)
        if isinstance(twin, FunctionType) and twin.__qualname__ == function.__qualname__:
            function.__defaults__, function.__kwdefaults__ = twin.__defaults__, twin.__kwdefaults__


def _replace(name: str, old: object, new: object) -> None:
    """In the module and in all that have imported it by this name."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is old:
            setattr(module, name, new)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _functions_of(module: ModuleType) -> list[FunctionType]:
    """Also those that a decorator has wrapped, which no name of the module leads to."""
    return [
        one
        for one in gc.get_objects()
        if type(one) is FunctionType and one.__code__.co_filename == module.__file__
    ]


def plant_before_import(mutant: Mutant) -> None:
    """Have the module read with its fault when it is imported."""
    path, tree = str(mutant.path), mutant.tree()
    read = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader, name):
        return compile(tree, path, "exec") if loader.path == path else read(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
