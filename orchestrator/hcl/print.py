"""Values and expressions to canonical text, which Terraform reads as well as ``parse_expression`` does."""

import re
from collections.abc import Sequence
from decimal import Decimal

from orchestrator.hcl import nodes
from orchestrator.hcl.expression_parser import binary_level
from orchestrator.hcl.functions.conversion import number_text, to_string
from orchestrator.hcl.values import Sensitive, SetValue, Unknown, Value

_INDENT = "  "
_WIDTH = 100
_BARE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_KEYWORDS = ("for", "true", "false", "null")
_SPECIAL = re.compile(r'["\\]|[$%]\{|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "${": "$${", "%{": "%%{"}

# How strongly a text binds: operands of an operator need at least its own level, or parentheses.
_ANY = 0
_OPERAND = 1
_UNARY = 7
_PRIMARY = 8


def print_value(value: Value) -> str:
    """Return the HCL text of a value, over several lines where it is long.

    Unknown parts are printed as their expressions, secrets as ``sensitive(...)`` around the value itself: the text is
    for Terraform, not for people.
    """
    return _value(value, 0)


def print_expression(expression: nodes.Expression) -> str:
    """Return the HCL text of an expression, with no more parentheses than it needs."""
    return _expression(expression, 0, _ANY)


# Values


def _value(value: Value, depth: int, level: int = _ANY) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return to_string(value)
        case int() | Decimal():
            # A minus sign binds like an operator, and a point would run into the number.
            return _wrapped(number_text(value), _UNARY, level)
        case str():
            return f'"{_escaped(value)}"'
        case list():
            return _list([_value(item, depth + 1) for item in value], depth)
        case SetValue():
            return f"toset({_list([_value(item, depth + 1) for item in value], depth)})"
        case dict():
            return _object([(_key(key), _value(item, depth + 1)) for key, item in value.items()], depth)
        case Sensitive():
            return f"sensitive({_value(value.value, depth)})"
        case Unknown():
            return _expression(value.expression, depth, level)
    raise AssertionError(type(value))


def _list(items: Sequence[str], depth: int) -> str:
    line = ", ".join(items)
    if "\n" not in line and len(line) + depth * len(_INDENT) <= _WIDTH:
        return f"[{line}]"
    return _lines("[", [f"{item}," for item in items], "]", depth)


def _object(items: Sequence[tuple[str, str]], depth: int) -> str:
    return _lines("{", [f"{key} = {item}" for key, item in items], "}", depth) if items else "{}"


def _lines(opening: str, lines: Sequence[str], closing: str, depth: int) -> str:
    inner = _INDENT * (depth + 1)
    return "\n".join([opening, *(f"{inner}{line}" for line in lines), f"{_INDENT * depth}{closing}"])


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) and key not in _KEYWORDS else f'"{_escaped(key)}"'


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found.group()) or f"\\u{ord(found.group()):04x}", text)


def _wrapped(text: str, own: int, level: int) -> str:
    return f"({text})" if own < level else text


# Expressions


def _expression(node: nodes.Expression, depth: int, level: int) -> str:
    match node:
        case nodes.Literal():
            return _value(node.value, depth, level)
        case nodes.VariableExpression():
            return node.name
        case nodes.GetAttribute() | nodes.Index():
            # What follows a splat would become a part of it.
            of = _expression(node.of, depth, _PRIMARY)
            return (f"({of})" if isinstance(node.of, nodes.Splat) else of) + _step(node, depth)
        case nodes.Splat():
            of = _expression(node.of, depth, _PRIMARY)
            return (f"({of})" if isinstance(node.of, nodes.Splat) else of) + _star(node, depth)
        case nodes.Template():
            return f'"{_template(node, depth)}"'
        case nodes.TemplateIf() | nodes.TemplateFor():
            return f'"{_directive(node, depth)}"'
        case nodes.ListExpression():
            return _list([_expression(item, depth + 1, _ANY) for item in node.items], depth)
        case nodes.ObjectExpression():
            items = [
                (_key_expression(item.key, depth + 1), _expression(item.value, depth + 1, _ANY)) for item in node.items
            ]
            return _object(items, depth)
        case nodes.FunctionCall():
            arguments = ", ".join(_expression(argument, depth, _ANY) for argument in node.arguments)
            return f"{node.name}({arguments}{'...' if node.expand_final else ''})"
        case nodes.ForList() | nodes.ForObject():
            return _for(node, depth)
        case nodes.SplatItem():
            raise AssertionError("an element of a splat is printed by the splat")
    return _operation(node, depth, level)


def _operation(node: nodes.Unary | nodes.Binary | nodes.Conditional, depth: int, level: int) -> str:
    match node:
        case nodes.Unary():
            return _wrapped(f"{node.operator}{_expression(node.operand, depth, _UNARY)}", _UNARY, level)
        case nodes.Binary():
            own = binary_level(node.operator)
            left = _expression(node.left, depth, own)
            right = _expression(node.right, depth, own + 1)
            return _wrapped(f"{left} {node.operator} {right}", own, level)
        case nodes.Conditional():
            condition = _expression(node.condition, depth, _OPERAND)
            then = _expression(node.then, depth, _OPERAND)
            otherwise = _expression(node.otherwise, depth, _ANY)
            return _wrapped(f"{condition} ? {then} : {otherwise}", _ANY, level)


def _key_expression(key: nodes.Expression, depth: int) -> str:
    if isinstance(key, nodes.Literal) and isinstance(key.value, str):
        return _key(key.value)
    text = _expression(key, depth, _ANY)
    return text if isinstance(key, nodes.Template) else f"({text})"


def _step(node: nodes.GetAttribute | nodes.Index, depth: int) -> str:
    return f".{node.name}" if isinstance(node, nodes.GetAttribute) else f"[{_expression(node.key, depth, _ANY)}]"


def _star(node: nodes.Splat, depth: int) -> str:
    return ("[*]" if node.full else ".*") + _each(node.each, depth)


def _each(node: nodes.Expression, depth: int) -> str:
    """Return what stands behind the star, from the element on."""
    match node:
        case nodes.SplatItem():
            return ""
        case nodes.GetAttribute() | nodes.Index():
            return _each(node.of, depth) + _step(node, depth)
        case nodes.Splat():
            return _each(node.of, depth) + _star(node, depth)
    raise AssertionError(type(node))


def _for(node: nodes.ForList | nodes.ForObject, depth: int) -> str:
    names = node.value_name if node.key_name is None else f"{node.key_name}, {node.value_name}"
    head = f"for {names} in {_expression(node.collection, depth, _OPERAND)} : "
    condition = "" if node.condition is None else f" if {_expression(node.condition, depth, _OPERAND)}"
    if isinstance(node, nodes.ForList):
        return f"[{head}{_expression(node.result, depth, _ANY)}{condition}]"
    key = _expression(node.key_result, depth, _OPERAND)
    value = _expression(node.value_result, depth, _ANY)
    return f"{{{head}{key} => {value}{'...' if node.group else ''}{condition}}}"


# Templates


def _template(node: nodes.Template, depth: int) -> str:
    texts: list[str] = []
    for index, part in enumerate(node.parts):
        if isinstance(part, nodes.Literal) and isinstance(part.value, str):
            text = _escaped(part.value)
            is_last = index == len(node.parts) - 1
            if not is_last and text.endswith(("$", "%")):
                # Before an interpolation the sign would be read as the beginning of an escape.
                text = f'{text[:-1]}${{"{text[-1]}"}}'
            texts.append(text)
        elif isinstance(part, nodes.TemplateIf | nodes.TemplateFor):
            texts.append(_directive(part, depth))
        else:
            texts.append(f"${{{_expression(part, depth, _ANY)}}}")
    return "".join(texts)


def _directive(node: nodes.TemplateIf | nodes.TemplateFor, depth: int) -> str:
    if isinstance(node, nodes.TemplateFor):
        names = node.value_name if node.key_name is None else f"{node.key_name}, {node.value_name}"
        collection = _expression(node.collection, depth, _ANY)
        return f"%{{ for {names} in {collection} }}{_template(node.body, depth)}%{{ endfor }}"
    otherwise = f"%{{ else }}{_template(node.otherwise, depth)}" if node.otherwise.parts else ""
    condition = _expression(node.condition, depth, _ANY)
    return f"%{{ if {condition} }}{_template(node.then, depth)}{otherwise}%{{ endif }}"
