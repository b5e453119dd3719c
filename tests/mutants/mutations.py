"""The changes: of one node of a function's syntax tree each."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import CodeType

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    #: Of the function, as in ``_Refund.move``.
    function: str
    line: int
    before: str
    after: str
    #: In a condition that leads to a refusal, or the refusal itself.
    is_guard: bool
    #: With this the change is found again in the same source: place of the node, and which of its changes.
    node: int
    choice: int
    #: Among equal changes of the function, counted from 1.
    turn: int = 1

    @property
    def name(self) -> str:
        """Survives a change of the lines above it."""
        turn = f" ({self.turn})" if self.turn > 1 else ""
        return f"{self.function}: {self.before} -> {self.after}{turn}"


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a module's functions, in the order of its lines."""
    tree = ast.parse(source)
    functions, guards = _functions(tree), _guards(tree)
    found = []
    for place, node in enumerate(ast.walk(tree)):
        if (function := functions.get(node)) is None:
            continue
        for choice, changed in enumerate(_changes(node)):
            line = (node.target if isinstance(node, ast.comprehension) else node).lineno
            found.append(Mutant(function, line, _text(node), _text(changed), node in guards, place, choice))
    seen: Counter[str] = Counter()
    counted = []
    for mutant in sorted(found, key=lambda mutant: (mutant.line, mutant.node, mutant.choice)):
        seen[mutant.name] += 1
        counted.append(replace(mutant, turn=seen[mutant.name]))
    return counted


def code_of(source: str, mutant: Mutant, *, filename: str) -> CodeType:
    """The compiled code of the mutant's function."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    target = nodes[mutant.node]
    changed = list(_changes(target))[mutant.choice]
    for parent in nodes:
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, changed)
            elif isinstance(value, list) and any(item is target for item in value):
                place = next(at for at, item in enumerate(value) if item is target)
                value[place] = changed
    module = compile(ast.fix_missing_locations(tree), filename, "exec")
    return next(code for code in _codes(module) if code.co_qualname == mutant.function)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _text(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]


# What belongs where -------------------------------------------------------------------------
def _functions(tree: ast.Module) -> dict[ast.AST, str]:
    """Nodes that may be changed, with the function whose body they stand in: no types, no docstrings."""
    found: dict[ast.AST, str] = {}
    outer = [(node, "") for node in tree.body]
    outer += [(node, f"{parent.name}.") for parent in tree.body if isinstance(parent, ast.ClassDef)
              for node in parent.body]  # fmt: skip
    for function, prefix in outer:
        if isinstance(function, ast.FunctionDef):
            for statement in function.body:
                if not _is_docstring(statement):
                    found |= dict.fromkeys(_without_types(statement), f"{prefix}{function.name}")
    return found


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _without_types(node: ast.AST) -> Iterator[ast.AST]:
    # What an assertion says is for mypy; it never decides anything.
    if isinstance(node, ast.Assert):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "format_spec"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _without_types(child)


def _guards(tree: ast.Module) -> set[ast.AST]:
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            found.add(node)
        elif isinstance(node, ast.If) and any(isinstance(inner, ast.Raise) for inner in node.body):
            found.update([node, *ast.walk(node.test)])
            found.update(inner for inner in node.body if isinstance(inner, ast.Raise))
    return found


# Changes ------------------------------------------------------------------------------------
def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    return _other_statements(node) if isinstance(node, ast.stmt) else _other_expressions(node)


def _other_expressions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left=left, ops=operators, comparators=right):
            for place, operator in enumerate(operators):
                other = COMPARISONS[type(operator)]()
                yield ast.Compare(left, [*operators[:place], other, *operators[place + 1 :]], right)
        case ast.BoolOp(op=operator, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
            for place in range(len(values)):
                rest = values[:place] + values[place + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
            yield ast.BinOp(left, ARITHMETIC[type(operator)](), right)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.comprehension(target=target, iter=iterable, ifs=[_]):
            yield ast.comprehension(target, iterable, [], 0)


def _other_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.If(body=body, orelse=orelse):
            yield ast.If(ast.Constant(False), body, orelse)
            # A refusal of everything is noticed by whoever tries anything.
            if not any(isinstance(inner, ast.Raise) for inner in body):
                yield ast.If(ast.Constant(True), body, orelse)
        case ast.AugAssign(target=target, op=operator, value=value) if type(operator) in ARITHMETIC:
            yield ast.AugAssign(target, ARITHMETIC[type(operator)](), value)
        case ast.Raise() | ast.Expr(value=ast.Call()) | ast.Continue():
            yield ast.Pass()
        case ast.Return(value=ast.AST() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
