"""Expressions: operators by precedence, traversals, calls, collections and for expressions."""

from orchestrator.hcl import nodes, template_parser
from orchestrator.hcl.functions.conversion import parse_number
from orchestrator.hcl.reader import HEREDOC, IDENTIFIER, NEWLINE, NUMBER, Reader
from orchestrator.hcl.scope import FunctionError

# The weakest first; all of them group from the left.
_PRECEDENCE = {
    operator: level
    for level, operators in enumerate(
        (
            (nodes.BinaryOperator.OR,),
            (nodes.BinaryOperator.AND,),
            (nodes.BinaryOperator.EQUAL, nodes.BinaryOperator.NOT_EQUAL),
            (
                nodes.BinaryOperator.LESS,
                nodes.BinaryOperator.LESS_OR_EQUAL,
                nodes.BinaryOperator.GREATER,
                nodes.BinaryOperator.GREATER_OR_EQUAL,
            ),
            (nodes.BinaryOperator.ADD, nodes.BinaryOperator.SUBTRACT),
            (nodes.BinaryOperator.MULTIPLY, nodes.BinaryOperator.DIVIDE, nodes.BinaryOperator.MODULO),
        ),
        start=1,
    )
    for operator in operators
}
_LEVELS = {operator.value: (level, operator) for operator, level in _PRECEDENCE.items()}
_NO_OPERATOR = (0, nodes.BinaryOperator.OR)
_CONSTANTS = {"true": True, "false": False, "null": None}


def binary_level(operator: nodes.BinaryOperator) -> int:
    """Tell how strongly an operator binds; a higher number binds stronger."""
    return _PRECEDENCE[operator]


def expression(reader: Reader) -> nodes.Expression:
    start = reader.start
    condition = _binary(reader, 1)
    if reader.kind != "?":
        return condition
    reader.advance()
    then = expression(reader)
    reader.take(":", "Missing false expression in conditional", 'a ":" and the value for when the condition is false')
    otherwise = expression(reader)
    return nodes.Conditional(
        condition=condition, then=then, otherwise=otherwise, range=reader.range(start, reader.last_end)
    )


def _binary(reader: Reader, minimum: int) -> nodes.Expression:
    start = reader.start
    left = _unary(reader)
    while True:
        level, operator = _LEVELS.get(reader.kind, _NO_OPERATOR)
        if level < minimum:
            return left
        reader.advance()
        right = _binary(reader, level + 1)
        left = nodes.Binary(operator=operator, left=left, right=right, range=reader.range(start, reader.last_end))


def _unary(reader: Reader) -> nodes.Expression:
    start = reader.start
    kind = reader.kind
    if kind not in ("-", "!"):
        return _traversals(reader, _term(reader), start)
    reader.advance()
    operand = _unary(reader)
    return nodes.Unary(operator=nodes.UnaryOperator(kind), operand=operand, range=reader.range(start, reader.last_end))


def _term(reader: Reader) -> nodes.Expression:
    start = reader.start
    kind = reader.kind
    if kind == IDENTIFIER:
        return _identifier(reader)
    if kind == '"':
        return template_parser.quoted(reader)
    if kind == NUMBER:
        return _number(reader)
    if kind == "[":
        return _list(reader, start)
    if kind == "{":
        return _object(reader, start)
    if kind == "(":
        reader.open(newlines=False)
        inner = expression(reader)
        reader.close(")", "Unbalanced parentheses", 'a ")" that closes the parenthesis')
        return inner
    if kind == HEREDOC:
        return template_parser.heredoc(reader)
    raise reader.unexpected("Invalid expression", "the start of an expression")


def _number(reader: Reader) -> nodes.Literal:
    text = reader.word()
    if text.count(".") > 1:
        raise reader.problem(
            reader.start, reader.end, "Invalid number", f'"{text}" is not a number.', f'Write it as a string: "{text}".'
        )
    try:
        value = parse_number(text)
    except FunctionError as error:
        raise reader.problem(reader.start, reader.end, "Invalid number", error.message) from None
    reader.advance()
    return nodes.Literal(value=value, range=reader.range(reader.last_end - len(text), reader.last_end))


def _identifier(reader: Reader) -> nodes.Expression:
    start = reader.start
    name = reader.word()
    reader.advance()
    if reader.kind in ("(", "::"):
        while reader.kind == "::":
            reader.advance()
            name += "::" + reader.take_identifier("Missing function name", 'the rest of a function name after "::"')
        return _call(reader, name, start)
    place = reader.range(start, reader.last_end)
    if name in _CONSTANTS:
        return nodes.Literal(value=_CONSTANTS[name], range=place)
    return nodes.VariableExpression(name=name, range=place)


def _call(reader: Reader, name: str, start: int) -> nodes.FunctionCall:
    name_range = reader.range(start, reader.last_end)
    if reader.kind != "(":
        raise reader.unexpected("Missing open parenthesis", f'a "(" and the arguments of the function {name}')
    reader.open(newlines=False)
    arguments: list[nodes.Expression] = []
    expand = False
    while reader.kind != ")":
        arguments.append(expression(reader))
        if reader.kind == "...":
            expand = True
            reader.advance()
            break
        if reader.kind != ",":
            break
        reader.advance()
    after = 'a ")", because nothing may follow "..."' if expand else 'a "," or a ")" after an argument'
    reader.close(")", "Unterminated function call", f"{after} of the function {name}")
    return nodes.FunctionCall(
        name=name,
        arguments=tuple(arguments),
        expand_final=expand,
        name_range=name_range,
        range=reader.range(start, reader.last_end),
    )


# Traversals


def _traversals(reader: Reader, of: nodes.Expression, start: int) -> nodes.Expression:
    while True:
        if reader.kind == ".":
            of = _dot(reader, of, start)
        elif reader.kind == "[":
            of = _bracket(reader, of, start)
        else:
            return of


def _dot(reader: Reader, of: nodes.Expression, start: int) -> nodes.Expression:
    reader.advance()
    if reader.kind == IDENTIFIER:
        name = reader.word()
        reader.advance()
        return nodes.GetAttribute(of=of, name=name, range=reader.range(start, reader.last_end))
    if reader.kind == NUMBER:
        return _legacy_indexes(reader, of, start)
    if reader.kind == "*":
        star = reader.range(reader.start, reader.end)
        item_start = reader.start
        reader.advance()
        each: nodes.Expression = nodes.SplatItem(range=star)
        while reader.kind == ".":
            reader.advance()
            name = reader.take_identifier("Invalid attribute name", 'an attribute name after "."')
            each = nodes.GetAttribute(of=each, name=name, range=reader.range(item_start, reader.last_end))
        return nodes.Splat(of=of, each=each, full=False, range=reader.range(start, reader.last_end))
    raise reader.unexpected("Invalid attribute name", 'an attribute name after "."')


def _legacy_indexes(reader: Reader, of: nodes.Expression, start: int) -> nodes.Expression:
    # "a.0.1" arrives as the number 0.1.
    text = reader.word()
    digits_start = reader.start
    if not text.replace(".", "").isdigit():
        raise reader.unexpected("Invalid attribute name", 'an attribute name or an index after "."')
    for digits in text.split("."):
        place = reader.range(digits_start, digits_start + len(digits))
        of = nodes.Index(
            of=of,
            key=nodes.Literal(value=int(digits), range=place),
            range=reader.range(start, digits_start + len(digits)),
        )
        digits_start += len(digits) + 1
    reader.advance()
    return of


def _bracket(reader: Reader, of: nodes.Expression, start: int) -> nodes.Expression:
    reader.open(newlines=False)
    if reader.kind == "*":
        star_start = reader.start
        star = reader.range(star_start, reader.end)
        reader.advance()
        reader.close("]", "Missing close bracket on splat index", 'a "]" after "[*"')
        each = _traversals(reader, nodes.SplatItem(range=star), star_start)
        return nodes.Splat(of=of, each=each, full=True, range=reader.range(start, reader.last_end))
    key = expression(reader)
    reader.close("]", "Missing close bracket on index", 'a "]" after the index')
    return nodes.Index(of=of, key=key, range=reader.range(start, reader.last_end))


# Collections


def _list(reader: Reader, start: int) -> nodes.Expression:
    reader.open(newlines=False)
    if reader.at_word("for"):
        return _for(reader, start, is_object=False)
    items: list[nodes.Expression] = []
    while reader.kind != "]":
        items.append(expression(reader))
        if reader.kind != ",":
            break
        reader.advance()
    reader.close("]", "Missing item separator", 'a "," or a "]" after an item of the list')
    return nodes.ListExpression(items=tuple(items), range=reader.range(start, reader.last_end))


def _object(reader: Reader, start: int) -> nodes.Expression:
    # A for expression ignores line breaks, an object separates its items by them: look before deciding.
    reader.open(newlines=False)
    if reader.at_word("for"):
        return _for(reader, start, is_object=True)
    reader.set_newlines(significant=True)
    reader.skip_newlines()
    items: list[nodes.ObjectItem] = []
    while reader.kind != "}":
        items.append(_object_item(reader))
        if reader.kind not in (",", NEWLINE):
            break
        if reader.kind == ",":
            reader.advance()
        reader.skip_newlines()
    reader.close("}", "Missing attribute separator", 'a ",", a line break or a "}" after an item of the object')
    return nodes.ObjectExpression(items=tuple(items), range=reader.range(start, reader.last_end))


def _object_item(reader: Reader) -> nodes.ObjectItem:
    start = reader.start
    parenthesised = reader.kind == "("
    word = reader.word() if reader.kind == IDENTIFIER else ""
    key = expression(reader)
    if word and isinstance(key, nodes.VariableExpression | nodes.Literal):
        key = nodes.Literal(value=word, range=key.range)
    elif isinstance(key, nodes.GetAttribute) and not parenthesised:
        written = reader.text[start : reader.last_end]
        if not reader.dotted_keys:
            raise reader.problem(
                start,
                reader.last_end,
                "Ambiguous attribute key",
                f"The key {written} can be a reference or a name with dots in it.",
                f'Write ({written}) for the reference, or "{written}" for the name.',
            )
        key = nodes.Literal(value=written, range=key.range)
    if reader.kind not in ("=", ":"):
        raise reader.unexpected("Missing attribute value", 'a "=" and a value after the key of an object')
    reader.advance()
    return nodes.ObjectItem(key=key, value=expression(reader))


def _for(reader: Reader, start: int, *, is_object: bool) -> nodes.Expression:
    summary = "Invalid for expression"
    reader.advance()
    key_name, value_name = template_parser.for_names(reader, summary)
    collection = expression(reader)
    reader.take(":", summary, 'a ":" after the collection')
    result = expression(reader)
    value: nodes.Expression | None = None
    group = False
    if is_object:
        reader.take("=>", summary, 'a "=>" and a value, because a for expression in braces makes an object')
        value = expression(reader)
        if reader.kind == "...":
            group = True
            reader.advance()
    condition = None
    if reader.at_word("if"):
        reader.advance()
        condition = expression(reader)
    close = "}" if is_object else "]"
    reader.close(close, summary, f'an "if" or a "{close}" at the end of the for expression')
    place = reader.range(start, reader.last_end)
    if value is None:
        return nodes.ForList(
            key_name=key_name,
            value_name=value_name,
            collection=collection,
            result=result,
            condition=condition,
            range=place,
        )
    return nodes.ForObject(
        key_name=key_name,
        value_name=value_name,
        collection=collection,
        key_result=result,
        value_result=value,
        group=group,
        condition=condition,
        range=place,
    )
