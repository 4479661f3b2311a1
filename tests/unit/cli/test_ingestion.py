"""``platformctl ingest``: previews need no cloud, uploads a deployment; own maps are checked before anything is built (D5, C7)."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from tests.functions.vendor_files import FILES

REPOSITORY = Path(__file__).resolve().parents[3]
OWN = """
title = "Our desk"
documentation = "the desk's wiki"
checked = 2026-11-28
venue = "DESK"

[[layouts]]
columns = ["deal", "paper", "when", "rate", "lots"]

[layouts.fields]
trade_id = "deal"
symbol = "paper"
timestamp = "when"
price = "rate"
size = "lots"
"""


@pytest.fixture
def functions(tree):
    """The project with the platform's own functions."""
    for name in ("ingest", "market"):
        shutil.copytree(REPOSITORY / "functions" / name, tree.root / "functions" / name)
    (tree.root / "functions" / "functions.toml").write_text(
        '[functions.ingest]\npackages = ["market"]\nfolders = { own_sources = "../live/_sources" }\n'
    )


@pytest.fixture
def own(tree):
    def write(text, name="our-desk"):
        folder = tree.root / "live" / "_sources"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(text)

    return write


@pytest.fixture
def given(tmp_path):
    """Writes a file, and returns its path."""

    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def test_d5_a_preview_shows_counts_first_rows_and_reasons_without_any_cloud(platformctl, functions, given):
    rows = b"trade_id,symbol,timestamp,price,size\n1,A,2026-01-30T14:30:00Z,10.5,2\n2,A,2026-01-30T14:30:00Z,-1,2\n"
    result = platformctl("ingest", given("x.csv", rows), "--dry-run")
    assert (result.code, result.err) == (0, "")
    *lines, reason = result.out.split("\n\n")
    assert "\n\n".join(lines) == (
        "1 accepted, 1 rejected, 0 skipped\n"
        "A 1\n"
        "\n"
        "symbol  timestamp                       price  size  venue  trade_id  action\n"
        "A       2026-01-30T14:30:00.000000000Z   10.5     2         1         new"
    )
    assert " ".join(reason.split()) == (
        "line 3: price must be greater than 0; a map with negative_prices = true allows it, such as generic-negative"
    )
    assert platformctl.started == []


@pytest.mark.parametrize("file", FILES[:: len(FILES) // 3], ids=lambda file: file.layout)
def test_d5_a_preview_as_json_reads_a_vendors_file(platformctl, functions, given, file):
    result = platformctl("ingest", given(file.name, file.data), "--source", file.source, "--dry-run", "--json")
    found = json.loads(result.out)
    assert (found["accepted"], found["rejected"], found["refused"]) == (len(file.trades), 0, False)
    assert found["symbols"] == {file.symbol: len(file.trades)}
    assert found["first"][0]["symbol"] == file.symbol


def test_d5_a_file_that_would_be_refused_ends_with_1(platformctl, functions, given):
    result = platformctl("ingest", given("x.csv", b"px,qty\n1,2\n"), "--dry-run")
    assert result.code == 1
    assert "line 1: the header lacks trade_id, symbol, timestamp, price, size; it has px, qty" in result.out
    assert "The file would be refused, and end in the dead-letter queue." in result.out


def test_d5_symbol_and_day_come_from_options_where_a_file_names_none(platformctl, functions, given):
    file = given("messages.csv", b"34201.5,4,7,2,105000,-1\n")
    result = platformctl(
        "ingest", file, "--source", "lobster", "--symbol", "A", "--date", "2026-01-30", "--dry-run", "--json"
    )
    (trade,) = json.loads(result.out)["first"]
    assert (trade["symbol"], trade["timestamp"], trade["price"]) == ("A", "2026-01-30T14:30:01.500000000Z", "10.5")


def test_d5_own_maps_of_the_live_tree_are_used(platformctl, functions, own, given):
    own(OWN)
    result = platformctl(
        "ingest", given("x.csv", b"deal,paper,when,rate,lots\n1,A,2026-01-30T14:30:00Z,10.5,2\n"), "--dry-run", "--json"
    )
    (trade,) = json.loads(result.out)["first"]
    assert trade["venue"] == "DESK"


@pytest.mark.parametrize("line", ["build", "ingest {file} --dry-run", "ingest {file} --suffix pr42 --source our-desk"])
def test_d5_c7_a_mistake_in_an_own_map_is_named_before_anything_is_built(platformctl, functions, own, given, line):
    own(OWN.replace('price = "rate"', 'prize = "rate"'))
    result = platformctl(*line.format(file=given("x.csv", b"a\n")).split())
    assert result.code == 2
    assert "error: 2 mistakes in source maps" in result.err
    assert "live/_sources/our-desk.toml: layouts[0].fields.prize: not a key of a map. Did you mean price?" in result.err
    assert "live/_sources/our-desk.toml: layouts[0].fields.price: missing" in result.err
    assert "fix: docs/market-data-sources.md describes the keys of a map." in result.err
    assert not (platformctl.tree.root / ".platformctl" / "build").exists()


def test_d5_an_own_map_is_packaged_and_changes_the_package(platformctl, functions, own):
    before = json.loads(platformctl("build", "--json").out)["ingest"]
    own(OWN)
    after = json.loads(platformctl("build", "--json").out)["ingest"]
    assert before["hash"] != after["hash"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("--dry-run --source binanse", 'There is no source map "binanse". The maps are alpaca, binance, '),
        ("", "An upload needs --suffix."),
    ],
)
def test_c7_bad_input_is_named_with_its_fix(platformctl, functions, given, options, text):
    result = platformctl("ingest", given("x.csv", b""), *options.split())
    assert result.code == 2
    assert text in " ".join(result.err.split())
    assert "fix: " in result.err


def test_c7_a_file_that_does_not_exist_is_named(platformctl, functions):
    result = platformctl("ingest", "nowhere.csv", "--dry-run")
    assert (result.code, result.err) == (2, "error: No such file\nThere is no file nowhere.csv.\n")


def test_c7_a_project_without_functions_takes_no_market_data(platformctl, given):
    result = platformctl("ingest", given("x.csv", b""), "--dry-run")
    assert result.code == 2
    assert result.err.startswith("error: This project takes no market data\n")


class Bucket:
    """The client of S3; remembers what was uploaded, or refuses."""

    def __init__(self, error=None):
        self.uploaded, self.error = [], error

    def upload_file(self, path, bucket, key, *, ExtraArgs):  # noqa: N803 - boto3's name
        if self.error:
            raise self.error
        self.uploaded.append((Path(path).name, bucket, key, ExtraArgs))


@pytest.fixture
def bucket(world, monkeypatch):
    """The raw bucket of pr42."""
    made = Bucket()
    world.account.clients["s3"] = made
    monkeypatch.setattr(
        "orchestrator.cli.ingestion.outputs",
        lambda request, ports, operator: SimpleNamespace(
            units={"s3": {"bucket_names": {"raw-data": "raw-1-pr42"}}},
            deployment=SimpleNamespace(account=world.account, request=request),
        ),
    )
    return made


def test_d5_without_dry_run_the_file_goes_to_the_raw_bucket(platformctl, functions, bucket, given):
    result = platformctl(
        "ingest", given("page1.json", b"[]"), "--source", "coinbase", "--symbol", "BTC-USD", "--suffix", "pr42"
    )
    assert (result.code, result.out) == (0, "uploaded to s3://raw-1-pr42/incoming/coinbase/page1.json\n")
    assert bucket.uploaded == [
        ("page1.json", "raw-1-pr42", "incoming/coinbase/page1.json", {"Metadata": {"symbol": "BTC-USD"}})
    ]


def test_c7_a_refusal_of_aws_is_explained(platformctl, functions, bucket, given):
    bucket.error = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
    result = platformctl("ingest", given("x.csv", b""), "--suffix", "pr42", "--json")
    assert result.code == 1
    assert "Uploading x.csv" in result.err
