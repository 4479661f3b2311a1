"""``platformctl backfill`` with the function that it feeds: every object once, at the rate, whatever interrupts it (D6, D8)."""

import json
import time
from contextlib import suppress
from types import SimpleNamespace

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from market.sources import load_sources

from orchestrator.errors import PlatformctlError, UsageError
from orchestrator.platform.backfill import BackfillRequest, backfill, receipt_key
from tests.functions.conftest import queue_event

RAW, PROCESSED = "raw-data-1-demo", "processed-analytics-1-demo"
HEADER = "trade_id,symbol,timestamp,price,size\n"
ROW = "{},AAPL,2026-01-{:02}T14:30:00Z,101.5,3\n"
QUEUES = ("ingest", "analytics")


class Platform:
    """Buckets and queues of moto, and ``ingest``, which reads its queue whenever the backfill sleeps."""

    def __init__(self, ingest, context):
        self.s3, self.sqs = boto3.client("s3"), boto3.client("sqs")
        for bucket in (RAW, PROCESSED):
            self.s3.create_bucket(Bucket=bucket)
        self.urls = {}
        for name in QUEUES:
            dead = self.sqs.create_queue(QueueName=f"queue-{name}-dead-letter-demo")["QueueUrl"]
            redrive = json.dumps({"deadLetterTargetArn": self._arn(dead), "maxReceiveCount": 5})
            attributes = {"RedrivePolicy": redrive, "VisibilityTimeout": "1800"}
            queue = self.sqs.create_queue(QueueName=f"queue-{name}-demo", Attributes=attributes)["QueueUrl"]
            self.urls |= {name: queue, f"{name}-dead": dead}
        self.ingest, self.context = ingest, context
        self.now = time.time()
        self.read, self.flights, self.per_second = [], [], []
        self.reads = True

    def _arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def put(self, key, text=None, **arguments):
        body = HEADER + ROW.format("t1", 5) if text is None else text
        self.s3.put_object(Bucket=RAW, Key=key, Body=body.encode(), **arguments)

    def sleep(self, seconds):
        self.now += seconds
        messages = []
        while self.reads and (
            page := self.sqs.receive_message(QueueUrl=self.urls["ingest"], MaxNumberOfMessages=10).get("Messages")
        ):
            messages += page
        self.per_second.append(len(messages))
        for message in messages:
            # A failure is an exception or an answer; the queue would try again.
            with suppress(BatchProcessingError, RuntimeError):
                self.ingest.handler.handler(queue_event(message["Body"]), self.context)
            self.read += [record["s3"]["object"]["key"] for record in json.loads(message["Body"])["Records"]]
            self.sqs.delete_message(QueueUrl=self.urls["ingest"], ReceiptHandle=message["ReceiptHandle"])

    @property
    def deployed(self):
        units = {
            "s3": {"bucket_names": {"raw-data": RAW}},
            "messaging": {
                "queue_urls": {name: self.urls[name] for name in QUEUES},
                "dead_letter_queue_names": {name: f"queue-{name}-dead-letter-demo" for name in QUEUES},
            },
        }
        account = SimpleNamespace(client=boto3.client)
        return SimpleNamespace(units=units, deployment=SimpleNamespace(account=account, request=None))

    def run(self, prefix="history/", *, rate=60_000, again=False, dry_run=False, most=1000):
        """Run a backfill for at most so many steps; returns the last progress."""
        request = BackfillRequest(prefix=prefix, rate=rate, again=again)
        last = None
        for _, last in zip(
            range(most),
            backfill(self.deployed, request, dry_run=dry_run, clock=lambda: self.now, sleep=self.sleep),
            strict=False,
        ):
            self.flights.append(last.in_flight)
        return last

    def trades(self):
        return self.s3.list_objects_v2(Bucket=PROCESSED).get("KeyCount")


@pytest.fixture
def platform(load, aws, environment, context):
    environment.setenv("RAW_BUCKET", RAW)
    environment.setenv("PROCESSED_BUCKET", PROCESSED)
    return Platform(load("ingest"), context)


def test_d8_every_object_below_the_prefix_is_brought_in_once_and_a_second_run_finds_nothing_to_do(platform):
    for number in range(1, 24):
        platform.put(
            f"history/generic/{number:02}.csv", HEADER + ROW.format(1, number) + ROW.format(2, number) + "bad\n"
        )
    platform.put("history/generic/")
    platform.put("history/other key+ä.csv")
    platform.put("elsewhere/x.csv")
    done = platform.run()
    assert (done.found, done.known, done.done, done.trades, done.rejected) == (24, 0, 24, 47, 23)
    assert (done.failed, done.left, done.finished) == ({}, 0, True)
    assert len(platform.read) == len(set(platform.read)) == 24
    again = platform.run()
    assert (again.found, again.known, again.done, again.left) == (24, 24, 0, 0)
    assert len(platform.read) == 24


def test_d8_only_what_changed_since_is_read_and_with_again_everything(platform):
    platform.put("incoming/a.csv")
    platform.put("incoming/b.csv")
    platform.run("incoming/")
    platform.put("incoming/b.csv", HEADER + ROW.format("t2", 6))
    assert (platform.run("incoming/").done, platform.read[2:]) == (1, ["incoming%2Fb.csv"])
    everything = platform.run("incoming/", again=True)
    assert (everything.known, everything.done, everything.trades) == (0, 2, 2)
    assert platform.trades() == 3, "the same objects were written again, not others"


def test_d8_the_rate_bounds_what_is_sent_and_what_is_in_flight(platform):
    for number in range(12):
        platform.put(f"history/{number:02}.csv")
    platform.run(rate=120)
    assert max(platform.per_second) <= 3
    assert 5 <= len([number for number in platform.per_second if number]) <= 7
    platform.reads = False
    assert platform.run(rate=60, again=True, most=6).in_flight == 5
    platform.sleep = lambda _seconds: setattr(platform, "now", platform.now + 600)
    assert platform.run(rate=2, again=True, most=6).in_flight == max(platform.flights[-6:]) == 2


def test_d8_it_waits_while_analytics_is_behind(platform, environment):
    environment.setattr("orchestrator.platform.backfill._BACKLOG", 5)
    for name in "ab":
        platform.put(f"history/{name}.csv")
    request = BackfillRequest(prefix="history/", rate=60)
    run = backfill(platform.deployed, request, clock=lambda: platform.now, sleep=platform.sleep)
    next(run)
    first = next(run)
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(6)]
    platform.sqs.send_message_batch(QueueUrl=platform.urls["analytics"], Entries=entries)
    waiting = [next(run) for _ in range(5)]
    assert (first.in_flight, {(one.done, one.in_flight, one.left) for one in waiting}) == (1, {(1, 0, 1)})
    (message,) = platform.sqs.receive_message(QueueUrl=platform.urls["analytics"])["Messages"]
    platform.sqs.delete_message(QueueUrl=platform.urls["analytics"], ReceiptHandle=message["ReceiptHandle"])
    assert [next(run).done for _ in range(3)] == [1, 2, 2]
    assert not next(run).finished, "the bars of what was sent are still to come"
    platform.sqs.purge_queue(QueueUrl=platform.urls["analytics"])
    assert next(run).finished


def test_d8_an_interrupted_run_goes_on_where_it_stopped(platform):
    for number in range(20):
        platform.put(f"history/{number:02}.csv")
    stopped = platform.run(rate=120, most=6)
    assert 0 < stopped.done < 20
    rest = platform.run(rate=120)
    assert (rest.known, rest.done, rest.left) == (20 - rest.done, rest.done, 0)
    assert set(platform.read) == {f"history%2F{number:02}.csv" for number in range(20)}
    assert len(platform.read) <= 20 + stopped.in_flight
    assert platform.trades() == 20


def test_d5_d8_refused_objects_are_named_with_their_reason(platform):
    platform.put("history/good.csv")
    platform.put("history/bad.csv", "px,qty\n1,2\n")
    done = platform.run()
    assert (done.done, done.left, list(done.failed)) == (1, 0, ["history/bad.csv"])
    assert "the header lacks trade_id" in done.failed["history/bad.csv"]
    again = platform.run()
    assert (again.known, again.done, list(again.failed)) == (1, 0, ["history/bad.csv"]), (
        "it is tried until it is mended"
    )
    platform.put("history/bad.csv")
    mended = platform.run()
    assert (mended.known, mended.done, mended.failed) == (1, 1, {})
    assert platform.run().known == 2


def test_d5_d8_what_was_refused_comes_in_once_a_map_of_ones_own_knows_it(platform, tmp_path, environment):
    platform.put("history/desk/a.csv", "deal,paper,at,px,qty\n1,A,2026-01-30T14:30:00Z,1,2\n")
    assert list(platform.run().failed) == ["history/desk/a.csv"]
    fields = {"trade_id": "deal", "symbol": "paper", "timestamp": "at", "price": "px", "size": "qty"}
    (tmp_path / "desk.toml").write_text(
        'title = "x"\ndocumentation = "x"\nchecked = 2026-11-28\n[[layouts]]\n'
        f"columns = {list(fields.values())}\n[layouts.fields]\n"
        + "".join(f'{name} = "{column}"\n' for name, column in fields.items())
    )
    known = load_sources(tmp_path)
    environment.setattr(platform.ingest.handler, "sources", lambda: known)
    done = platform.run()
    assert (done.known, done.done, done.trades, done.failed) == (0, 1, 1, {})
    assert platform.run().known == 1


def test_d8_dead_letters_are_named_and_stay_where_they_are(platform):
    for name in "ab":
        platform.put(f"history/{name}.csv")
    body = json.dumps({"Records": [{"s3": {"bucket": {"name": RAW}, "object": {"key": "history%2Fa.csv"}}}]})
    platform.sqs.send_message(QueueUrl=platform.urls["ingest-dead"], MessageBody="not from here")
    real, platform.reads = platform.ingest.handler.handler, True

    def crash_on_a(event, context):
        if "a.csv" not in event["Records"][0]["body"]:
            return real(event, context)
        platform.sqs.send_message(QueueUrl=platform.urls["ingest-dead"], MessageBody=body)
        raise RuntimeError("out of memory")

    platform.ingest.handler.handler = crash_on_a
    done = platform.run()
    assert done.failed == {
        "history/a.csv": "no attempt to read it succeeded; its message is in the dead-letter queue of ingest"
    }
    assert done.done == 1
    attributes = platform.sqs.get_queue_attributes(QueueUrl=platform.urls["ingest-dead"], AttributeNames=["All"])
    numbers = [attributes["Attributes"][f"ApproximateNumberOfMessages{state}"] for state in ("", "NotVisible")]
    assert sum(map(int, numbers)) == 2


def test_d8_an_object_whose_trades_became_dead_letters_of_analytics_is_named(platform):
    platform.put("history/a.csv")
    request = BackfillRequest(prefix="history/", rate=60)
    run = backfill(platform.deployed, request, clock=lambda: platform.now, sleep=platform.sleep)
    next(run)
    assert next(run).in_flight == 1
    platform.sleep(0)
    (written,) = platform.s3.list_objects_v2(Bucket=PROCESSED)["Contents"]
    body = json.dumps({"Records": [{"s3": {"bucket": {"name": PROCESSED}, "object": {"key": written["Key"]}}}]})
    platform.sqs.send_message(QueueUrl=platform.urls["analytics-dead"], MessageBody=body)
    last = list(run)[-1]
    assert (last.finished, last.done) == (True, 0)
    assert "dead-letter queue of analytics" in last.failed["history/a.csv"]


def test_d8_what_nobody_answers_is_given_up_after_all_attempts_of_the_queue(platform):
    platform.put("history/a.csv")
    platform.reads = False
    start = platform.now
    original, platform.sleep = platform.sleep, lambda seconds: original(seconds * 600)
    done = platform.run()
    assert (list(done.failed), done.finished) == (["history/a.csv"], True)
    assert platform.now - start == pytest.approx(6 * 1800, abs=1300)


def test_d8_a_dry_run_sends_nothing(platform):
    platform.put("history/a.csv")
    seen = platform.run(dry_run=True)
    assert (seen.found, seen.left, seen.size) == (1, 1, len(HEADER + ROW.format("t1", 5)))
    platform.sleep(1)
    assert platform.read == []


def test_d8_a_message_that_sqs_refuses_ends_the_run_with_what_to_do(platform, environment):
    platform.put("history/a.csv")
    real = boto3.client

    def client(service):
        made = real(service)
        if service == "sqs":
            failed = {"Id": "0", "SenderFault": False, "Code": "ThrottlingException", "Message": "slow"}
            made.send_message_batch = lambda **_: {"Failed": [failed]}
        return made

    environment.setattr(boto3, "client", client)
    with pytest.raises(PlatformctlError) as caught:
        platform.run()
    assert (caught.value.detail, caught.value.hint) == (
        "SQS refused a message: ThrottlingException: slow",
        "Run the command again: it goes on where it stopped.",
    )


@pytest.mark.parametrize("prefix", ["", "trades/", "quarantine/x", "/history/"])
def test_c7_a_prefix_that_is_not_read_is_refused(prefix):
    with pytest.raises(UsageError) as caught:
        BackfillRequest(prefix=prefix, rate=1)
    assert "Copy the files below history/" in caught.value.hint


@pytest.mark.parametrize("key", ["history/a.csv", "history/" + "ä" * 500])
def test_d8_the_function_and_the_command_agree_about_the_place_of_a_receipt(load, key):
    place = load("ingest").logic.receipt_key(key, '"etag-1"')
    assert place == receipt_key(key, '"etag-1"') + ".json"
    assert place.startswith("receipts/history/")
    assert len(place.encode()) <= 1024


def test_d8_a_file_that_is_too_large_for_one_call_has_a_receipt_with_the_reason(platform):
    left = iter([300_000, 290_000, 14_999, 14_000, 14_000])
    platform.context.get_remaining_time_in_millis = lambda: next(left)
    platform.put("history/large.csv", HEADER + "".join(ROW.format(number, 1) for number in range(5000)))
    assert "split it into smaller objects" in platform.run().failed["history/large.csv"]
