"""Functions over dates and times."""

from datetime import UTC, datetime, timedelta
from itertools import count

from orchestrator.hcl.functions import terraform_functions


def test_one_instant_for_all_functions_of_a_run(tmp_path):
    ticks = count()

    def clock() -> datetime:
        return datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC) + timedelta(seconds=next(ticks))

    functions = terraform_functions(tmp_path, now=clock)
    instants = {functions[name].call() for name in ("timestamp", "plantimestamp", "timestamp")}
    assert instants == {"2026-03-04T05:06:07Z"}
    assert terraform_functions(tmp_path, now=clock)["timestamp"].call() == "2026-03-04T05:06:08Z"
