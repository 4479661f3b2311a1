"""Text to syntax tree: files of attributes and blocks, single expressions, and templates.

A tree is never partial: a text with a syntax error yields no tree, but a ConfigurationError with every error found.
"""

import re
from collections.abc import Callable
from pathlib import Path

from orchestrator.diagnostics import Collector, ConfigurationError, Diagnostic, failure
from orchestrator.hcl import expression_parser, template_parser
from orchestrator.hcl.nodes import Attribute, Block, Body, Expression, File, Literal
from orchestrator.hcl.reader import END, IDENTIFIER, NEWLINE, Reader, SyntaxProblem
from orchestrator.hcl.scope import read_file

# What recovery looks at. It skips strings, comments and heredocs as a whole, because they may contain brackets.
_LANDMARK = re.compile(
    r'[()\[\]{}\n]|"(?:[^"\\\n]|\\.)*"?|\#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/|<<-?(?P<name>[^\W\d][\w-]*)\r?\n(?s:.*?)\n[ \t]*(?P=name)(?=\r?\n)'
)


def parse_file(path: Path) -> File:
    """Read and parse a file.

    Raises ConfigurationError if the file cannot be read or is not UTF-8; or every syntax error in it.
    """
    return parse_text(read_text(path), path)


def read_text(path: Path) -> str:
    """Read a configuration file; raises ConfigurationError if it cannot be read or is not UTF-8."""
    try:
        # Line breaks are kept as they are: a heredoc's text contains them.
        return read_file(path).decode("utf-8")
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise failure(None, "Configuration file cannot be read", f"{path} {reason}.") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise failure(
            None,
            "Configuration file is not UTF-8",
            f"{path} has bytes in line {line} that are not UTF-8.",
            "Save the file as UTF-8.",
        ) from error


def parse_text(text: str, path: Path) -> File:
    """Parse a text as if it stood in the file ``path``.

    Raises ConfigurationError: every syntax error; an attribute that is defined twice.
    """
    reader = Reader(text.removeprefix("\ufeff"), path, expression_parser.expression)
    problems = Collector()
    reader.resume(0)
    body = _body(reader, problems, 0, END)
    problems.raise_if_any()
    return File(source=reader.source, body=body)


def parse_expression(text: str, path: Path) -> Expression:
    """Parse one expression; it may be spread over several lines; raises ConfigurationError for a syntax error."""
    return _whole(Reader(text, path, expression_parser.expression), _only_expression)


def parse_template(text: str, path: Path) -> Expression:
    """Parse the text of a template file; raises ConfigurationError for a syntax error."""
    return _whole(Reader(text, path, expression_parser.expression), template_parser.bare)


def _whole(reader: Reader, parse: Callable[[Reader], Expression]) -> Expression:
    try:
        return parse(reader)
    except SyntaxProblem as problem:
        raise ConfigurationError([problem.diagnostic]) from None
    except RecursionError:
        raise ConfigurationError([_too_deep(reader)]) from None


def _only_expression(reader: Reader) -> Expression:
    reader.enter(0)
    found = reader.expression()
    if reader.kind != END:
        raise reader.unexpected("Extra characters after expression", "the end of the expression")
    return found


# Bodies


def _body(reader: Reader, problems: Collector, start: int, closer: str) -> Body:
    """Parse attributes and blocks up to the closing brace, or to the end of the file."""
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    while True:
        reader.skip_newlines()
        if reader.kind in (closer, END):
            break
        depth = reader.depth
        try:
            item = _item(reader, problems)
            _end_of_item(reader, item)
        except SyntaxProblem as problem:
            problems.add(problem.diagnostic)
            _recover(reader, problem, depth)
            continue
        except RecursionError:
            problems.add(_too_deep(reader))
            reader.resume(len(reader.text))
            break
        if isinstance(item, Block):
            blocks.append(item)
        elif item.name in attributes:
            problems.add(_defined_twice(item, attributes[item.name]))
        else:
            attributes[item.name] = item
    return Body(attributes=attributes, blocks=tuple(blocks), range=reader.range(start, reader.start))


def _item(reader: Reader, problems: Collector) -> Attribute | Block:
    start = reader.start
    if reader.kind == '"':
        raise reader.problem(
            start,
            reader.end,
            "Invalid argument name",
            "Names of arguments and types of blocks are written without quotes.",
        )
    name = reader.take_identifier("Argument or block definition required", "the name of an argument or a block")
    name_range = reader.range(start, reader.last_end)
    if reader.kind == "=":
        reader.advance()
        # Terraform reads the providers of a module call as a table of names.
        reader.dotted_keys = name == "providers" and reader.source.path.suffix == ".tf"
        expression = reader.expression()
        reader.dotted_keys = False
        return Attribute(
            name=name, expression=expression, name_range=name_range, range=reader.range(start, reader.last_end)
        )
    if reader.kind == ":":
        raise reader.unexpected("Missing equals sign", f'a "=" after the name of the argument {name}')
    labels: list[str] = []
    label_ranges = []
    while reader.kind in ('"', IDENTIFIER):
        label_start = reader.start
        labels.append(_label(reader))
        label_ranges.append(reader.range(label_start, reader.last_end))
    if reader.kind != "{":
        raise reader.unexpected(
            "Argument or block definition required",
            f'a "{{" and the body of the block {name}'
            if labels
            else f'a "=" and a value, or a "{{" and a body after {name}',
        )
    body = _block_body(reader, problems)
    return Block(
        type=name,
        labels=tuple(labels),
        body=body,
        type_range=name_range,
        label_ranges=tuple(label_ranges),
        range=reader.range(start, reader.last_end),
    )


def _label(reader: Reader) -> str:
    if reader.kind == IDENTIFIER:
        word = reader.word()
        reader.advance()
        return word
    start = reader.start
    found = template_parser.quoted(reader)
    if not isinstance(found, Literal) or not isinstance(found.value, str):
        raise reader.problem(
            start, reader.last_end, "Invalid block label", "The label of a block is plain text, without ${...}."
        )
    return found.value


def _block_body(reader: Reader, problems: Collector) -> Body:
    open_line = reader.position(reader.start).line
    start = reader.end
    reader.open(newlines=True)
    if reader.kind not in (NEWLINE, "}"):
        return _single_line_body(reader, start, open_line)
    body = _body(reader, problems, start, "}")
    if reader.kind == END and problems.found:
        # An open bracket may be the consequence of an earlier error.
        reader.leave()
        return body
    reader.close("}", "Unclosed block", f'a "}}" that closes the block which begins in line {open_line}')
    return body


def _single_line_body(reader: Reader, start: int, open_line: int) -> Body:
    """Parse ``{ name = value }``: one argument at most, and the brace in the same line."""
    summary = "Invalid single-line block"
    name_start = reader.start
    name = reader.take_identifier(summary, "the name of an argument")
    name_range = reader.range(name_start, reader.last_end)
    reader.take("=", summary, f'a "=" after {name}, because a block in one line holds no other block')
    expression = reader.expression()
    attribute = Attribute(
        name=name, expression=expression, name_range=name_range, range=reader.range(name_start, reader.last_end)
    )
    body = Body(attributes={name: attribute}, blocks=(), range=reader.range(start, reader.start))
    if reader.kind != "}":
        raise reader.unexpected(
            summary,
            f'a "}}" in line {open_line}, because a block in one line holds a single argument',
            "Write each argument on a line of its own.",
        )
    reader.close("}", summary, 'a "}"')
    return body


def _end_of_item(reader: Reader, item: Attribute | Block) -> None:
    if reader.kind in (NEWLINE, END):
        return
    what = f"the argument {item.name}" if isinstance(item, Attribute) else f"the block {item.type}"
    summary = (
        "Missing newline after argument" if isinstance(item, Attribute) else "Missing newline after block definition"
    )
    raise reader.unexpected(summary, f"a line break after {what}")


def _defined_twice(second: Attribute, first: Attribute) -> Diagnostic:
    return Diagnostic(
        summary="Attribute redefined",
        detail=f"The argument {second.name} was already set in line {first.name_range.start.line}.",
        hint="Each argument may be set only once: take one of them out.",
        range=second.name_range,
    )


def _too_deep(reader: Reader) -> Diagnostic:
    place = min(reader.start, len(reader.text))
    return Diagnostic(
        summary="Expression nested too deeply",
        detail="The brackets and operators here are nested deeper than can be read.",
        range=reader.range(place, place),
    )


def _recover(reader: Reader, problem: SyntaxProblem, depth: int) -> None:
    """Skip the faulty item: continue at the next line break or the end of the body, with all brackets closed.

    Where they are never closed nothing sensible can be said about the rest, and reading goes on at the end of the file.
    """
    open_brackets = reader.depth - depth
    for found in _LANDMARK.finditer(reader.text, problem.offset):
        character = found.group()
        if character in "([{":
            open_brackets += 1
        elif open_brackets > 0:
            open_brackets -= character in ")]}"
        elif character == "\n" or (character == "}" and depth > 0):
            reader.recover(found.start(), depth)
            return
    reader.recover(len(reader.text), depth)
