"""The API over HTTP, through the local cloud's API Gateway (D7): what clients, browsers, docs/api and a fuzzer see."""

import gzip
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.functions.conftest import FUNCTIONS
from tests.functions.local_api import ORIGIN, local_api

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR:RuntimeWarning")]
DOCS = FUNCTIONS.parent / "docs" / "api"
HERE = Path(__file__).parent
DAY = "from=2026-01-31T00:00:00Z&to=2026-02-01T00:00:00Z"


@pytest.fixture(scope="module")
def api(market, deployed, gateway):
    """The served API."""
    settings, _ = gateway
    responses = {}
    for kind, status in settings["gateway_responses"].items():
        message = (
            settings["gateway_response_messages"]
            .get(kind, "$context.error.messageString")
            .strip('"')
            .replace("\\\\", "")
        )
        template = f'{{"message":{message},"requestId":"$context.requestId"}}'.replace('\\"', '"')
        given = {"responseTemplates": {"application/json": template}}
        responses[kind.strip('"')] = given | ({"statusCode": status.strip('"')} if status not in (None, "null") else {})
    with local_api(deployed, responses, market.database("api_reader")) as served:
        yield served


@pytest.fixture
def ask(api):
    """A function that sends a request; status, headers and body."""

    def send(path, method="GET", body=None, **headers):
        given = {"x-api-key": api.key} | {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(api.url + path, body, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return SimpleNamespace(status=error.code, headers=error.headers, body=error.read())

    return send


def test_d7_a_page_is_compressed_for_a_client_that_accepts_it(ask):
    path = f"/bars/AAPL?interval=1m&limit=1000&{DAY}"
    bare, small = ask(path), ask(path, accept_encoding="gzip, deflate, br")
    assert (bare.headers["content-encoding"], small.headers["content-encoding"]) == (None, "gzip")
    assert gzip.decompress(small.body) == bare.body
    assert len(small.body) < len(bare.body) / 4


def test_d7_a_page_that_the_client_has_is_304_and_head_answers_without_a_body(ask):
    path = f"/bars/AAPL?interval=5m&{DAY}"
    page, head = ask(path), ask(path, "HEAD")
    assert (page.status, head.status, head.body) == (200, 200, b"")
    assert head.headers["etag"] == page.headers["etag"]
    assert page.headers["cache-control"] == "private, max-age=60"
    again = ask(path, if_none_match=f'"other", {page.headers["etag"]}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", page.headers["etag"])
    assert ask(path.replace("5m", "15m"), if_none_match=page.headers["etag"]).status == 200


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://elsewhere.example", None), (None, None)])
def test_d7_only_a_listed_page_may_read_an_answer(ask, origin, allowed):
    headers = {"origin": origin} if origin else {}
    for path in ("/health", "/bars/AAPL?interval=2m", "/latest/NONE"):
        answer = ask(path, **headers)
        assert answer.headers["access-control-allow-origin"] == allowed
        assert "Origin" in (answer.headers["vary"] or "Origin")


def test_d7_a_slash_in_a_symbol_is_part_of_it(ask):
    answer = ask(f"/bars/EUR%2FUSD?interval=1d&{DAY}")
    assert (answer.status, json.loads(answer.body)["symbol"]) == (200, "EUR/USD")


def test_d7_an_export_is_downloaded_without_the_key(ask):
    wanted = {"symbol": "AAPL", "interval": "1m", "from": "2026-01-31T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
    answer = ask("/exports", "POST", json.dumps(wanted).encode(), content_type="application/json")
    assert answer.status == 201
    link = json.loads(answer.body)
    with urllib.request.urlopen(link["url"], timeout=30) as file:
        assert file.headers["content-disposition"].startswith('attachment; filename="AAPL-1m-20260131T000000Z')
        data = file.read()
    assert len(data) == link["bytes"]
    header, *rows = gzip.decompress(data).decode().splitlines()
    assert len(rows) == link["rows"]
    bars = json.loads(ask(f"/bars/AAPL?interval=1m&limit=1000&{DAY}").body)["bars"]
    shown = [{**bar, "trades": str(bar["trades"]), "final": str(bar["final"]).lower()} for bar in bars]
    assert [dict(zip(header.split(","), row.split(","), strict=True)) for row in rows] == shown


def test_d7_the_generated_client_is_that_of_the_document_and_typed():
    root = FUNCTIONS.parent
    subprocess.run([sys.executable, root / ".ci" / "api_client.py", "--check"], check=True, timeout=60)
    mypy = [
        Path(sys.executable).with_name("mypy"),
        "--strict",
        "--no-incremental",
        "--config-file=",
        DOCS / "client.py",
    ]
    checked = subprocess.run(mypy, capture_output=True, text=True, timeout=120, check=False)
    assert checked.returncode == 0, checked.stdout


def blocks(language):
    """Return the code blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def test_d7_the_clients_example_runs(api, environment):
    environment.syspath_prepend(str(DOCS))
    environment.setenv("API_URL", api.url)
    environment.setenv("API_KEY", api.key)
    (example,) = blocks("python")
    run = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": str(DOCS), "PATH": os.environ["PATH"], "API_URL": api.url, "API_KEY": api.key},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert re.search(r"^AAPL 1m: \d+ bars", run.stdout, re.MULTILINE)


def test_d7_the_examples_with_curl_answer_as_shown(api, tmp_path):
    shown = [block for block in blocks("console") if "curl" in block]
    assert shown
    for block in shown:
        for command, expected in commands(block):
            script = f'set -eu\nURL="$API_URL" KEY="$API_KEY"\n{command}'
            run = subprocess.run(
                ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "API_URL": api.url, "API_KEY": api.key},
            )  # fmt: skip
            assert run.returncode == 0, f"{command}: {run.stderr}"
            found = run.stdout.replace("\r", "").strip()
            wanted = ".*?".join(map(re.escape, expected.strip().split("...")))
            assert re.fullmatch(wanted, found, re.DOTALL), f"{command} answered\n{found}\nnot\n{expected}"


def commands(block):
    """Yield the commands of a console block with what it shows below them; a command goes on in lines that begin with blanks."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next((n for n, line in enumerate(lines) if n and not line.startswith(" ")), len(lines))
        yield "\n".join(lines[:end]), "\n".join(lines[end:])


def test_d7_schemathesis_finds_no_failure(api, tmp_path):
    """Send valid and invalid requests of every operation to the running API; each answer must be one of the document's."""
    run = subprocess.run(
        [
            Path(sys.executable).with_name("st"), "--config-file", HERE / "schemathesis.toml", "run", DOCS / "openapi.yaml", "--url", api.url, "--header", f"x-api-key: {api.key}",
            "--max-examples", "25", "--seed", "1", "--workers", "1", "--no-color", "--suppress-health-check", "all",
        ],
        capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
