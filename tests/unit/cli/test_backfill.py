"""``platformctl backfill``: what it prints, and how it ends (D8, C7); what it does is in ``tests/functions/test_backfill.py``."""

import io
import json

import pytest

from orchestrator.platform.backfill import receipt_key
from tests.fakes.aws_services import FakeServices, refused

OBJECTS = ({"Key": "history/a.csv", "ETag": '"1"', "Size": 1200}, {"Key": "history/b.csv", "ETag": '"2"', "Size": 34})
QUEUE = {"VisibilityTimeout": "30", "RedrivePolicy": '{"maxReceiveCount":5}'}


@pytest.fixture
def services(world):
    """A deployment with two objects; what is sent is read at once, and the second is refused."""
    for unit, outputs in {
        "s3": {"bucket_names": {"raw-data": "raw-1-pr42"}},
        "messaging": {
            "queue_urls": {name: f"https://queue/1/{name}" for name in ("ingest", "analytics")},
            "dead_letter_queue_names": {name: f"{name}-dead-letter" for name in ("ingest", "analytics")},
        },
    }.items():
        world.tree.write({f"modules/{unit}/main.tf": ""}).unit(unit)
        world.put(unit, outputs=outputs)
    world.register()
    receipts, sent = {}, []

    def send(*, QueueUrl, Entries):  # noqa: N803 - boto3's names
        assert QueueUrl == "https://queue/1/ingest"
        for entry in Entries:
            key = json.loads(entry["MessageBody"])["Records"][0]["s3"]["object"]["key"].replace("%2F", "/")
            etag = next(item["ETag"] for item in OBJECTS if item["Key"] == key)
            problem = "none of its rows is a trade" if key == "history/b.csv" else ""
            place = receipt_key(key, etag) + (".refused.json" if problem else ".json")
            receipts[place] = {"accepted": 7, "rejected": 1, "name": key, "problem": problem, "tag": f"{len(sent)}"}
            sent.append(key)
        return {"Successful": []}

    def listed(*, Prefix, **_):  # noqa: N803 - boto3's name
        below = ({"Key": key, "ETag": receipts[key]["tag"]} for key in receipts)
        return {"Contents": list(below) if Prefix.startswith("receipts/") else list(OBJECTS)}

    made = FakeServices(
        {
            "s3": {
                "list_objects_v2": listed,
                "get_object": lambda Key, **_: {"Body": io.BytesIO(json.dumps(receipts[Key]).encode())},  # noqa: N803
            },
            "sqs": {
                "get_queue_attributes": lambda AttributeNames, **_: {  # noqa: N803
                    "Attributes": {name: QUEUE.get(name, "0") for name in AttributeNames}
                },
                "send_message_batch": send,
            },
        }
    )
    for service in ("s3", "sqs"):
        world.account.clients[service] = made(service)
    return made


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("orchestrator.platform.backfill._TICK", 0)


def test_d8_it_ends_with_the_counts_and_names_what_failed(platformctl, services):
    result = platformctl("backfill", "history/", "--suffix", "pr42", "--rate", "60000")
    assert result.code == 1
    assert result.out == (
        "1 of 2 objects, 14 trades, 2 rows rejected, 1 objects failed\n"
        "failed  history/b.csv: none of its rows is a trade\n"
    )
    again = platformctl("backfill", "history/", "--suffix", "pr42", "--json")
    assert again.code == 1
    assert json.loads(again.out) == {
        "found": 2,
        "processed_before": 1,
        "bytes": 34,
        "processed": 0,
        "trades": 7,
        "rejected": 1,
        "failed": {"history/b.csv": "none of its rows is a trade"},
        "left": 0,
    }


def test_d8_a_dry_run_says_what_would_be_done_and_how_long_it_takes(platformctl, services):
    result = platformctl("backfill", "history/", "--suffix", "pr42", "--rate", "4", "--dry-run")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "2 objects with 1,234 bytes would be brought in, in about 30.0 s; 0 of 2 have been processed before\n"
    )
    assert "send_message_batch" not in services.changes


@pytest.mark.parametrize(
    ("prefix", "summary"), [("trades/", "Nothing is read from there"), ("history/", "No such deployment")]
)
def test_c7_bad_input_is_refused(platformctl, world, prefix, summary):
    result = platformctl("backfill", prefix, "--suffix", "pr42")
    assert result.code == 2
    assert result.err.startswith(f"error: {summary}\n")


def test_c7_a_refusal_of_aws_is_explained(platformctl, services):
    services.refusals["send_message_batch"] = [refused("AccessDenied")]
    result = platformctl("backfill", "history/", "--suffix", "pr42")
    assert result.code == 1
    assert "Backfilling history/ failed" in result.err


def test_d8_ctrl_c_ends_with_130_and_the_next_run_goes_on(platformctl, services):
    def interrupt(**_):
        raise KeyboardInterrupt

    read = services.answers["s3"]["get_object"]
    services.answers["s3"]["get_object"] = interrupt
    result = platformctl("backfill", "history/", "--suffix", "pr42")
    assert (result.code, result.out) == (130, "")
    services.answers["s3"]["get_object"] = read
    again = json.loads(platformctl("backfill", "history/", "--suffix", "pr42", "--json").out)
    assert again["processed_before"] + again["processed"] == 1
