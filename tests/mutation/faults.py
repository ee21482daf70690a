"""The small faults that are put into a module: of its Python, and of the SQL in its texts."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

TURNED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
OTHER_FUNCTION = {"min": "max", "max": "min", "any": "all", "all": "any"}
# A step of a chain that can be left out: what is asked for is then more, or in another order.
LEFT_OUT = {"counted", "visible_to", "in_order", "filter", "exclude", "distinct", "order_by", "reverse",
            "strip", "lower", "upper"}  # fmt: skip
NARROWING = {"filter", "exclude", "get"}
NOT_TURNED = {"strict"}  # of zip: it guards what cannot be

IS_SQL = re.compile(
    r"\b(SELECT|FROM|WHERE|AND|OR|CASE|HAVING|GROUP BY|FILTER|TRUE)\b|count\(|sum\(|min\(|max\(|[<>]="
)
SQL_FAULTS = tuple(
    (re.compile(pattern), other)
    for pattern, other in (
        (r"\bDISTINCT ", ""), (r"\bAND\b", "OR"), (r"\bOR\b", "AND"), (r"\bmin\(", "max("), (r"\bmax\(", "min("),
        (r"<=", "<"), (r">=", ">"), (r"<>", "="), (r"(?<![<>=-])<(?![=>])", "<="), (r"(?<![<>=-])>(?!=)", ">="),
        (r"(?<![<>!:=])=(?!=)", "<>"), (r"\bIS NULL\b", "IS NOT NULL"), (r"\bIS NOT NULL\b", "IS NULL"),
        (r"\bNOT EXISTS\b", "EXISTS"), (r"\bAND NOT\b", "AND"), (r"\bLEFT JOIN\b", "JOIN"),
        (r"\bUNION ALL\b", "UNION"), (r"\bEXCEPT ALL\b", "EXCEPT"), (r" \+ ", " - "), (r" - ", " + "),
        (r"'[a-z_]+'", "'other'"), (r"\bDESC\b", ""), (r"\bTRUE\b", "FALSE"),
        (r"(?<![\w'(-])\d+(?![\w'-])", lambda found: str(int(found[0]) + 1)),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module with one fault in it."""

    path: Path
    source: str = field(repr=False)
    function: str  # in which it is; empty at the top of the module
    lines: frozenset[int]  # of the statement that holds it; of a constant, of those that use it
    fault: str  # before → after
    ordinal: int  # of those of the function that read the same
    old: ast.AST
    new: ast.AST

    @property
    def name(self) -> str:
        """By which docs/mutation.md explains one that nothing finds; no other fault of the module has it."""
        ordinal = f" #{self.ordinal}" if self.ordinal > 1 else ""
        return f"{self.path.stem}.{self.function or 'module'}: {self.fault}{ordinal}"

    def tree(self) -> ast.Module:
        """The whole module, to be compiled."""
        return _with(self.source, self.old, self.new)


def list_mutants(path: Path) -> list[Mutant]:
    """Every fault of a module, in the order of its text."""
    source = path.read_text()
    tree = ast.parse(source)
    used: dict[str, set[int]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id].add(node.lineno)
    seen: Counter[tuple[str, str]] = Counter()
    mutants = []
    for node, function, lines, names in _walk(tree):
        through = frozenset(lines).union(*(used[name] for name in names))
        for fault, new in _faults(node):
            seen[function, fault] += 1
            mutants.append(Mutant(path, source, function, through, fault, seen[function, fault], node, new))
    return mutants


def _walk(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Iterable[int], list[str]]]:
    """Each node that can be at fault, the function that it is in (empty: at the top), the lines of its statement,
    and the constants that it is a part of.
    """
    for statement in tree.body:
        names = [one.id for one in getattr(statement, "targets", []) if isinstance(one, ast.Name)]
        names += [statement.target.id] if isinstance(statement, ast.AnnAssign) else []
        yield from ((*found, names) for found in _walk_statement(statement))


def _walk_statement(
    node: ast.AST, function: str = "", lines: Iterable[int] = (), is_table: bool = False
) -> Iterator[tuple[ast.AST, str, Iterable[int]]]:
    """is_table: a tuple that is a table of its own; of any other the length is known where it is used."""
    if isinstance(node, ast.stmt):
        last = node.body[0].lineno - 1 if getattr(node, "body", None) else node.end_lineno
        lines = range(node.lineno, max(node.lineno, last or 0) + 1)
    if is_table or not isinstance(node, ast.Tuple):
        yield node, function, lines
    if isinstance(node, ast.FunctionDef):
        # What stands before the body is read at import, as what is at the top is.
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            yield from _walk_statement(default, "", lines)
    for child in _children(node):
        inner = function or node.name if isinstance(node, ast.FunctionDef) else function
        table = node.iter if isinstance(node, ast.For) else not function and getattr(node, "value", None)
        yield from _walk_statement(child, inner, lines, child is table)


def _children(node: ast.AST) -> list[ast.AST]:
    """Those that run: no annotation, decorator or docstring."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [child for child in node.body if not _is_docstring(child)]
    if isinstance(node, ast.keyword) and node.arg in NOT_TURNED:
        return []
    return [
        child
        for name, value in ast.iter_fields(node)
        if name != "annotation"
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, ast.AST) and not _is_docstring(child)
    ]


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _with(source: str, old: ast.AST, new: ast.AST) -> ast.Module:
    """The module with one node for another; nodes are told apart by where they stand."""
    tree = ast.parse(source)
    here = _place(old)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            children = value if isinstance(value, list) else [value]
            for place, child in enumerate(children):
                if type(child) is type(old) and _place(child) == here and ast.dump(child) == ast.dump(old):
                    if isinstance(value, list):
                        value[place] = new
                    else:
                        setattr(parent, name, new)
                    return ast.fix_missing_locations(tree)
    raise LookupError(ast.dump(old))


def _place(node: ast.AST) -> tuple:
    return tuple(getattr(node, name, None) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"))


def _faults(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may be wrong with a node: how it reads, and the node instead."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for fault, text in _sql_faults(node.value):
            yield fault, ast.copy_location(ast.Constant(text), node)
        return
    for new in _variants(node):
        yield _say(node, new), ast.copy_location(deepcopy(new), node)


def _say(node: ast.AST, new: ast.AST) -> str:
    if isinstance(node, ast.Set | ast.Tuple):
        pairs = zip(node.elts, new.elts, strict=False)
        gone = next((one for one, left in pairs if ast.dump(one) != ast.dump(left)), node.elts[-1])
        return f"{_print(node)[:50]} → without {_print(gone)[:50]}"
    return f"{_print(node)} → {_print(new)}"


def _print(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return re.sub(r"\s+", " ", ast.unparse(node))[:110]


def _sql_faults(text: str) -> Iterator[tuple[str, str]]:
    if not IS_SQL.search(text):
        return
    for pattern, other in SQL_FAULTS:
        for match in pattern.finditer(text):
            new = match.expand(other) if isinstance(other, str) else other(match)
            before, after = text[max(0, match.start() - 30) : match.start()], text[match.end() : match.end() + 30]
            around = [re.sub(r"\s+", " ", part) for part in (before, after)]
            yield (
                f"{around[0]}{match[0]}{around[1]} → {new.strip() or 'nothing'}",
                text[: match.start()] + new + text[match.end() :],
            )


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Compare() | ast.BinOp() | ast.AugAssign():
            yield from _other_operators(node)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BoolOp(values=values):
            rests = [values[:place] + values[place + 1 :] for place in range(len(values))]
            yield from (rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest) for rest in rests)
        case ast.If() | ast.IfExp() if not isinstance(node.test, ast.Compare | ast.UnaryOp | ast.BoolOp):
            new = deepcopy(node)
            new.test = ast.UnaryOp(ast.Not(), new.test)
            yield new
        case ast.comprehension():
            yield from _without_one(node, "ifs")
        case ast.Set(elts=[_, _, *_]) | ast.Tuple(elts=[_, _, *_], ctx=ast.Load()):
            yield from _without_one(node, "elts")
        case ast.Call():
            yield from _other_calls(node)
    if isinstance(node, ast.Raise | ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass()


def _without_one(node: ast.AST, name: str) -> Iterator[ast.AST]:
    for place in range(len(getattr(node, name))):
        new = deepcopy(node)
        del getattr(new, name)[place]
        yield new


def _other_operators(node: ast.Compare | ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    new = deepcopy(node)
    if isinstance(new, ast.Compare):
        for place, operator in enumerate(node.ops):
            new = deepcopy(node)
            new.ops[place] = TURNED[type(operator)]()
            yield new
    elif type(node.op) in TURNED and not (isinstance(node, ast.BinOp) and _is_text(node.left, node.right)):
        new.op = TURNED[type(node.op)]()
        yield new


def _is_text(*nodes: ast.AST) -> bool:
    return any(isinstance(n, ast.JoinedStr) or isinstance(getattr(n, "value", None), str | bytes) for n in nodes)


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    match node.func:
        case ast.Name(id=name) if name in OTHER_FUNCTION:
            yield ast.Call(ast.Name(OTHER_FUNCTION[name], ast.Load()), node.args, node.keywords)
        case ast.Name(id="sorted"):
            yield ast.Call(ast.Name("list", ast.Load()), node.args, [])
        case ast.Attribute(value=before, attr=name):
            if name in LEFT_OUT:
                yield before
            if name in NARROWING and len(node.keywords) > 1:
                for place in range(len(node.keywords)):
                    yield ast.Call(node.func, node.args, node.keywords[:place] + node.keywords[place + 1 :])
