"""Source maps: how the files of a vendor become trades, as data.

A map is a TOML file. docs/market-data-sources.md describes every key. A file is checked as a whole, and all its mistakes are
reported together.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from market.conditions import CTA, UTP
from market.sources.numbers import parse_decimal

BUILT_IN = Path(__file__).parent / "maps"
TAPES: Mapping[str, Mapping[str, str]] = {"cta": CTA, "utp": UTP}
NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
DELIMITERS = (",", ";", "\t", "|")
FILE, METADATA, DOCUMENT, KEY, LINE = "@file.", "@meta.", "@doc.", "@key", "@line"
_REFERENCE = re.compile(r"@file\.(symbol|date|venue)|@meta\.[a-z][a-z-]*|@doc\.\w+|@key|@line|[^@].*")


class MapError(ValueError):
    """A map has mistakes; the text lists all of them, a line each."""


class Format(StrEnum):
    """The shape of a file."""

    DELIMITED = "delimited"
    JSON = "json"


class Header(StrEnum):
    """Whether the first line names the columns."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class Unit(StrEnum):
    """How a timestamp is written.

    ``epoch`` is a number since 1970 whose size says its unit; ``midnight`` seconds since midnight; ``clock`` HHMMSS and a fraction.
    """

    ISO = "iso"
    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"
    EPOCH = "epoch"
    MIDNIGHT = "midnight"
    CLOCK = "clock"


class Disposition(StrEnum):
    """What a row does: an action of a trade, or nothing."""

    NEW = "new"
    CORRECT = "correct"
    CANCEL = "cancel"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A text: of the first reference that has a value, or of several joined.

    Attributes:
        references: columns, or ``@file.``, ``@meta.``, ``@doc.``, ``@key`` and ``@line``.
        join: several references make up the value; those without one are left out.
        match: its first group is the value.
        replace: characters of the source to those of the platform.
        count: number the rows that have the same value, since the source has no identifier of its own.

    """

    references: tuple[str, ...]
    value: str = ""
    join: str | None = None
    prefix: str = ""
    match: re.Pattern[str] | None = None
    replace: Mapping[str, str] = field(default_factory=dict)
    upper: bool = False
    count: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """A price or a size.

    Attributes:
        scale: the number is multiplied by it.
        whole_only: the scale is for numbers without a decimal point; others are not scaled.

    """

    references: tuple[str, ...]
    scale: Decimal | None = None
    whole_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeField:
    """A timestamp.

    Attributes:
        units: one for numbers, ``iso`` for texts, or both.
        date: references of the day, for times of day.

    """

    references: tuple[str, ...]
    units: tuple[Unit, ...]
    date: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SideField:
    """The side of the aggressor, by the value of the column; other values say nothing."""

    references: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionField:
    """Corrections: a value of the column to what its row does, and to its revision if it has one of its own."""

    references: tuple[str, ...]
    values: Mapping[str, tuple[Disposition, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsField:
    """Sale conditions: a list, or a text with one code between separators, or one per character if there is none.

    Attributes:
        values: the names of codes; a code without a name is kept as it is.
        tape: references whose value says which tape's codes these are, for ``tapes``.

    """

    references: tuple[str, ...]
    separator: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    tape: tuple[str, ...] = ()
    tapes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One layout of a source's files.

    Attributes:
        columns: the columns or keys that a row has, in the order of the vendor's documentation; those of rows without a header.
        records: the path to the rows of a JSON document.
        file: found in the name of a file; its groups are ``@file.symbol`` and so on.
        held: the rows of a document need what stands behind them.
        zone: of times without an offset; its day is the trading date. UTC if there is none.
        keep: rows that are trades, by the values of columns; other rows are skipped.
        ignore: lines or JSON documents without trades, such as trailers and heartbeats, by the values of their columns or keys.
        recognise: files may be recognised by their columns; else the source has to be named.
        canonical: the columns have the platform's own names, the optional ones included.

    """

    name: str
    format: Format
    columns: tuple[str, ...]
    trade_id: TextField
    symbol: TextField
    timestamp: TimeField
    price: NumberField
    size: NumberField
    venue: TextField | None = None
    sequence: TextField | None = None
    conditions: ConditionsField | None = None
    action: ActionField | None = None
    side: SideField | None = None
    zone: ZoneInfo | None = None
    header: Header = Header.REQUIRED
    delimiter: str | None = None
    decimal_comma: bool = False
    negative_prices: bool = False
    records: tuple[str, ...] = ()
    held: bool = False
    file: re.Pattern[str] | None = None
    keep: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ignore: Mapping[str, frozenset[str]] = field(default_factory=dict)
    recognise: bool = True
    canonical: bool = False

    def likeness(self, row: Iterable[Any]) -> tuple[int, int]:
        """Return how well a header or a row fits: how many of its columns the layout has, then how few more it has.

        The values of a JSON array have no names; each counts as a column.
        """
        known = len(row) if isinstance(row, list) else len(set(self.columns).intersection(row))
        return known, -len(self.columns)

    @property
    def needed(self) -> frozenset[str]:
        """The columns without which no row is a trade."""
        fields = (self.trade_id, self.timestamp, self.price, self.size, self.symbol)
        # Without these nothing would say which rows are trades, and all would be skipped.
        names = set(self.keep)
        for item in fields:
            joined = isinstance(item, TextField) and item.join is not None
            inside = [name for name in item.references if not name.startswith("@")]
            # Of alternatives, none is indispensable.
            if joined or len(item.references) == 1:
                names.update(inside)
        return frozenset(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A vendor's layouts."""

    name: str
    title: str
    documentation: str
    layouts: tuple[Layout, ...]


def load_sources(own: Path | None = None) -> dict[str, Source]:
    """Read the maps of the platform and those of a folder; one of the folder replaces one of the platform that has its name.

    Raises:
        MapError: a map has mistakes.

    """
    found: dict[str, Source] = {}
    problems: list[str] = []
    for folder in (BUILT_IN, own):
        for file in sorted(folder.glob("*.toml")) if folder is not None else ():
            try:
                found[file.stem] = read_source(file)
            except MapError as error:
                problems.append(str(error))
    if problems:
        raise MapError("\n".join(problems))
    return found


def read_source(file: Path) -> Source:
    """Read one map.

    Raises:
        MapError: it has mistakes.

    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{file.name}: not TOML: {error}") from None
    reader = _Reader(place=file.name, problems=[])
    if not NAME.fullmatch(file.stem):
        reader.problem("", "the name of the file must be lower-case letters, digits and hyphens")
    source = reader.source(file.stem, document)
    if reader.problems or source is None:
        raise MapError("\n".join(reader.problems))
    return source


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads tables and collects the mistakes in them."""

    place: str
    problems: list[str]

    def problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self.place}: {f'{key}: ' if key else ''}{text}")

    def source(self, name: str, document: Mapping[str, Any]) -> Source | None:
        self.known(document, "", ("title", "documentation", "checked", "venue", "layouts"))
        title, documentation = self._text(document, "", "title"), self._text(document, "", "documentation")
        checked = document.get("checked")
        if not isinstance(checked, date):
            self.problem("checked", "must be the day on which the documentation was read, such as 2026-11-28")
        tables = document.get("layouts")
        if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
            self.problem("layouts", "there must be at least one [[layouts]]")
            return None
        layouts = [
            self.layout(f"layouts[{number}]", {"venue": document.get("venue")} | table | {"records": path})
            for number, table in enumerate(tables)
            for path in _alternatives(table.get("records", ""))
        ]
        read = tuple(layout for layout in layouts if layout is not None)
        return Source(name=name, title=title, documentation=documentation, layouts=read)

    def layout(self, key: str, table: Mapping[str, Any]) -> Layout | None:
        known = (
            *(
                "name",
                "format",
                "columns",
                "header",
                "delimiter",
                "decimal_comma",
                "negative_prices",
                "records",
                "held",
            ),
            *("file", "keep", "ignore", "recognise", "canonical", "venue", "zone", "fields"),
        )
        self.known(table, key, known)
        before = len(self.problems)
        shape = self._choice(Format, table.get("format", "delimited"), f"{key}.format") or Format.DELIMITED
        fold: Callable[[str], str] = str.casefold if shape is Format.DELIMITED else str
        fields = table.get("fields")
        if not isinstance(fields, dict):
            self.problem(
                f"{key}.fields", "missing: it says which columns are trade_id, symbol, timestamp, price and size"
            )
            return None
        names = (
            "trade_id",
            "symbol",
            "timestamp",
            "price",
            "size",
            "venue",
            "sequence",
            "conditions",
            "action",
            "side",
        )
        self.known(fields, f"{key}.fields", names)
        parts = _Fields(reader=self, key=f"{key}.fields", table=fields, fold=fold)
        delimiter = table.get("delimiter")
        if delimiter is not None and delimiter not in DELIMITERS:
            self.problem(f"{key}.delimiter", f"must be one of {', '.join(map(repr, DELIMITERS))}, not {delimiter!r}")
        trade_id, symbol = parts.text("trade_id"), parts.text("symbol")
        timestamp, price, size = parts.time("timestamp"), parts.number("price"), parts.number("size")
        venue = parts.text("venue") if "venue" in fields else self._venue(key, table.get("venue"))
        columns = tuple(fold(name) for name in self._texts(table.get("columns", []), f"{key}.columns"))
        header = self._choice(Header, table.get("header", "required"), f"{key}.header") or Header.REQUIRED
        if header is not Header.REQUIRED and not columns:
            self.problem(f"{key}.columns", "missing: rows without a header need the names of their columns")
        for flag in ("decimal_comma", "negative_prices", "held", "recognise", "canonical"):
            if not isinstance(table.get(flag, False), bool):
                self.problem(f"{key}.{flag}", "must be true or false")
        optional = {
            "sequence": parts.text("sequence") if "sequence" in fields else None,
            "conditions": parts.conditions() if "conditions" in fields else None,
            "action": parts.action() if "action" in fields else None,
            "side": parts.side() if "side" in fields else None,
            "zone": self._zone(table.get("zone"), f"{key}.zone"),
        }
        file = self.pattern(table.get("file"), f"{key}.file")
        keep = self._values(table.get("keep", {}), f"{key}.keep", fold)
        ignore = self._values(table.get("ignore", {}), f"{key}.ignore", fold)
        records = self._path(table.get("records", ""), f"{key}.records")
        if timestamp is not None and {Unit.MIDNIGHT, Unit.CLOCK} & set(timestamp.units) and optional["zone"] is None:
            self.problem(
                f"{key}.zone", "missing: a time of day needs the time zone of its venue, such as America/New_York"
            )
        if trade_id is None or symbol is None or timestamp is None or price is None or size is None:
            return None
        if len(self.problems) > before:
            return None
        return Layout(
            name=str(table.get("name", "trades")),
            format=shape,
            columns=columns,
            trade_id=trade_id,
            symbol=symbol,
            timestamp=timestamp,
            price=price,
            size=size,
            venue=venue,
            header=header,
            delimiter=delimiter,
            decimal_comma=table.get("decimal_comma", False),
            negative_prices=table.get("negative_prices", False),
            records=records,
            held=table.get("held", False),
            file=file,
            keep=keep,
            ignore=ignore,
            recognise=table.get("recognise", True),
            canonical=table.get("canonical", False),
            **optional,  # type: ignore[arg-type]  # each under its own type
        )

    def references(self, value: Any, key: str, fold: Callable[[str], str]) -> tuple[str, ...]:
        found = []
        for name in [value] if isinstance(value, str) else self._texts(value, key):
            if not _REFERENCE.fullmatch(name):
                self.problem(
                    key,
                    f"{name!r} is neither a column nor one of @file.symbol, @file.date, @file.venue, @meta.NAME, @doc.NAME, @key, @line",
                )
            found.append(name if name.startswith("@") else fold(name))
        if not found:
            self.problem(key, "must name a column")
        return tuple(found)

    def pattern(self, value: Any, key: str) -> re.Pattern[str] | None:
        if value is None:
            return None
        try:
            return re.compile(value)
        except (re.error, TypeError) as error:
            self.problem(key, f"not a regular expression: {error}")
            return None

    def _venue(self, key: str, value: Any) -> TextField | None:
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            self.problem(f"{key}.venue", "must be a text")
            return None
        return TextField(references=(), value=value)

    def _zone(self, value: Any, key: str) -> ZoneInfo | None:
        if value is None:
            return None
        try:
            return ZoneInfo(str(value))
        except (KeyError, ValueError, OSError):
            self.problem(key, f"{value!r} is no time zone such as America/New_York")
            return None

    def _values(self, table: Any, key: str, fold: Callable[[str], str]) -> dict[str, frozenset[str]]:
        if not isinstance(table, dict):
            self.problem(key, "must be a table of columns and their values")
            return {}
        return {
            name if name.startswith("@") else fold(name): frozenset(self._texts(values, f"{key}.{name}"))
            for name, values in table.items()
        }

    def _path(self, value: Any, key: str) -> tuple[str, ...]:
        """Split ``result.*[]`` into its steps."""
        if not isinstance(value, str) or not re.fullmatch(r"(\[\])?([\w*]+(\[\])?(\.[\w*]+(\[\])?)*)?", value):
            self.problem(key, f'{value!r} is no path such as "data[]", "result.list[]" or "trades.*[]"')
            return ()
        return tuple(re.findall(r"[\w*]+|\[\]", value))

    def _text(self, table: Mapping[str, Any], key: str, name: str) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value:
            self.problem(f"{key}.{name}" if key else name, "missing: it must be a text")
            return ""
        return value

    def _texts(self, value: Any, key: str) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(key, "must be a list of texts")
            return []
        return value

    def _choice(self, kind: type[Any], value: Any, key: str) -> Any:
        names = [str(member) for member in kind]
        if value not in names:
            self.problem(key, f"must be one of {', '.join(names)}, not {value!r}{_suggestion(str(value), names)}")
            return None
        return kind(value)

    def units(self, value: Any, key: str) -> tuple[Unit, ...]:
        found = [
            self._choice(Unit, item, key) for item in ([value] if isinstance(value, str) else self._texts(value, key))
        ]
        return tuple(unit for unit in found if unit is not None)

    def disposition(self, value: Any, key: str) -> tuple[Disposition, int | None]:
        name, _, revision = str(value).partition(" ")
        known = self._choice(Disposition, name, key)
        if revision and not re.fullmatch(r"\d{1,9}", revision):
            self.problem(key, f"the revision after {name} must be a number, not {revision!r}")
            revision = ""
        return known or Disposition.SKIP, int(revision) if revision else None

    def known(self, table: Mapping[str, Any], key: str, names: tuple[str, ...]) -> None:
        for name in table:
            if name not in names:
                self.problem(f"{key}.{name}" if key else name, f"not a key of a map{_suggestion(name, list(names))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """Reads the table that says which columns are the fields of a trade."""

    reader: _Reader
    key: str
    table: Mapping[str, Any]
    fold: Callable[[str], str]

    def text(self, name: str) -> TextField | None:
        table = self._table(
            name, ("column", "columns", "join", "prefix", "match", "replace", "upper", "count", "value")
        )
        if table is None:
            return None
        key = f"{self.key}.{name}"
        join = table.get("join", ":" if "columns" in table else None)
        if "value" in table:
            return TextField(references=(), value=str(table["value"]))
        return TextField(
            references=self._references(table, key),
            join=join if join is None else str(join),
            prefix=str(table.get("prefix", "")),
            match=self.reader.pattern(table.get("match"), f"{key}.match"),
            replace=self._names(table.get("replace", {}), f"{key}.replace"),
            upper=table.get("upper") is True,
            count=table.get("count") is True,
        )

    def number(self, name: str) -> NumberField | None:
        table = self._table(name, ("column", "scale", "whole_only"))
        if table is None:
            return None
        key, scale = f"{self.key}.{name}", None
        if "scale" in table:
            scale = parse_decimal(table["scale"])
            if scale is None or scale <= 0:
                self.reader.problem(
                    f"{key}.scale", f'must be a text with a number above 0, such as "0.0001", not {table["scale"]!r}'
                )
        return NumberField(
            references=self._references(table, key), scale=scale, whole_only=table.get("whole_only") is True
        )

    def time(self, name: str) -> TimeField | None:
        table = self._table(name, ("column", "unit", "date"))
        if table is None:
            return None
        key = f"{self.key}.{name}"
        units = self.reader.units(table.get("unit", "iso"), f"{key}.unit")
        days = self.reader.references(table["date"], f"{key}.date", self.fold) if "date" in table else ()
        if {Unit.MIDNIGHT, Unit.CLOCK} & set(units) and not days:
            self.reader.problem(f"{key}.date", 'missing: a time of day needs its day, such as "@file.date"')
        return TimeField(references=self._references(table, key), units=units, date=days)

    def conditions(self) -> ConditionsField | None:
        table = self._table("conditions", ("column", "separator", "values", "tape", "tapes"))
        if table is None:
            return None
        key, tapes = f"{self.key}.conditions", {}
        for value, name in self._names(table.get("tapes", {}), f"{key}.tapes").items():
            if name in TAPES:
                tapes[value] = TAPES[name]
            else:
                self.reader.problem(f"{key}.tapes.{value}", f"must be one of {', '.join(TAPES)}, not {name!r}")
        return ConditionsField(
            references=self._references(table, key),
            separator=str(table.get("separator", "")),
            values=self._names(table.get("values", {}), f"{key}.values"),
            tape=self.reader.references(table["tape"], f"{key}.tape", self.fold) if "tape" in table else (),
            tapes=tapes,
        )

    def side(self) -> SideField | None:
        table = self._table("side", ("column", "values"))
        if table is None:
            return None
        key = f"{self.key}.side"
        values = self._names(table.get("values", {"buy": "buy", "sell": "sell"}), f"{key}.values")
        for value, name in values.items():
            if name not in {"buy", "sell"}:
                self.reader.problem(
                    f"{key}.values.{value}", f"must be buy or sell, the side of the aggressor, not {name!r}"
                )
        return SideField(references=self._references(table, key), values=values)

    def _names(self, table: Any, key: str) -> dict[str, str]:
        if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
            self.reader.problem(key, "must be a table of texts")
            return {}
        return table

    def action(self) -> ActionField | None:
        table = self._table("action", ("column", "values"))
        if table is None:
            return None
        key, values = f"{self.key}.action", table.get("values")
        if not isinstance(values, dict) or not values:
            self.reader.problem(f"{key}.values", 'missing: a table such as { "00" = "new", "08" = "cancel 1" }')
            return None
        return ActionField(
            references=self._references(table, key),
            values={name: self.reader.disposition(value, f"{key}.values.{name}") for name, value in values.items()},
        )

    def _table(self, name: str, known: tuple[str, ...]) -> Mapping[str, Any] | None:
        value = self.table.get(name)
        if value is None:
            self.reader.problem(f"{self.key}.{name}", "missing")
            return None
        if isinstance(value, dict):
            self.reader.known(value, f"{self.key}.{name}", known)
            return value
        return {"column": value}

    def _references(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        return self.reader.references(table.get("columns", table.get("column", [])), key, self.fold)


def _alternatives(value: Any) -> list[Any]:
    """Return what a list has, which stands for one layout each; else the value itself."""
    return value if isinstance(value, list) and value else [value]


def _suggestion(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f". Did you mean {close[0]}?" if close else ""


def columns_of(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the fields of a trade with the columns that a source calls them."""
    for layout in source.layouts:
        for name in ("trade_id", "symbol", "timestamp", "price", "size"):
            item = getattr(layout, name)
            # What is put together of several columns is not called like any of them.
            if isinstance(item, TextField) and (item.count or item.join is not None):
                continue
            yield from ((name, reference) for reference in item.references if not reference.startswith("@"))
