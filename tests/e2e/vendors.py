"""Files of vendors through a deployed platform: uploaded, and their bars read from the API."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from orchestrator.platform.highlights import reachable
from tests.functions.vendor_files import FILES

# No proxy: the local cloud's environment names one for AWS host names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def upload(project, suffix, folder):
    """Upload all files below the names of their maps: one with the command line, one in four as history, the others as they are delivered."""
    first, *others = FILES
    path = folder / first.name
    path.write_bytes(first.data)
    out, _ = project.run("ingest", str(path), "--source", first.source, "--suffix", suffix)
    bucket = project.outputs(suffix)["s3"]["bucket_names"]["raw-data"]
    assert out == f"uploaded to s3://{bucket}/incoming/{first.source}/{first.name}\n"
    for number, file in enumerate(others):
        key = f"{'incoming' if number % 4 else 'history'}/{file.source}/{file.name}"
        project.client("s3").put_object(Bucket=bucket, Key=key, Body=file.data, Metadata=file.metadata)


def backfill(project, suffix):
    """Bring in the files that were uploaded as history; they are in no bar before."""
    files = FILES[1::4]
    out, _ = project.run("backfill", "history/", "--suffix", suffix, "--rate", "600", "--json")
    found = json.loads(out)
    trades = sum(len(file.trades) for file in files)
    assert (found["found"], found["processed"], found["trades"], found["failed"]) == (
        len(files),
        len(files),
        trades,
        {},
    )
    out, _ = project.run("backfill", "history/", "--suffix", suffix)
    assert out.startswith("0 of 0 objects, ")


def minute_bars(project, suffix, *, patience=180):
    """Return the only minute bar of each symbol by the API, as soon as all are as expected, or after some time."""
    outputs = reachable(project.outputs(suffix), project.endpoint)
    url, key = outputs["apigw"]["api_url"], min(project.api_keys(suffix).values())
    deadline = time.monotonic() + patience
    while (
        found := {file.symbol: _bar(url, key, file) for file in FILES}
    ) != expected() and time.monotonic() < deadline:
        time.sleep(1)
    return found


def expected():
    """Return the bars that were worked out by hand."""
    return {file.symbol: file.bar for file in FILES}


def _bar(url, key, file):
    span = "interval=1m&from=2026-01-30T14:30:00Z&to=2026-01-30T14:31:00Z"
    request = urllib.request.Request(
        f"{url}/bars/{urllib.parse.quote(file.symbol, safe='')}?{span}", headers={"x-api-key": key}
    )
    try:
        with OPENER.open(request, timeout=35) as answer:
            bars = json.load(answer)["bars"]
    except urllib.error.HTTPError as error:
        with error:
            return f"status {error.code}"
    return {name: bars[0][name] for name in file.bar} if len(bars) == 1 else f"{len(bars)} bars"
