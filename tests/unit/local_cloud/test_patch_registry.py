import re
import runpy
import shutil
from pathlib import Path

import pytest

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.patches import patches
from orchestrator.local_cloud.patches.registry import add, around

REPOSITORY = Path(__file__).parents[3]


class Original:
    def method(self, x):
        return ("method", x)

    @staticmethod
    def static(x):
        return ("static", x)

    @property
    def attribute(self):
        return "attribute"


@pytest.fixture
def owner():
    return type("Owner", (), dict(vars(Original)))


def test_around_replaces_methods_static_methods_and_properties(owner):
    around(owner, "method")(lambda original, self, x: ("around", original(self, x)))
    around(owner, "static")(lambda original, x: ("around", original(x)))
    around(owner, "attribute")(lambda original, self: ("around", original(self)))
    assert owner().method(1) == ("around", ("method", 1))
    assert owner.static(2) == owner().static(2) == ("around", ("static", 2))
    assert owner().attribute == ("around", "attribute")


def test_around_refuses_what_is_not_there(owner):
    with pytest.raises(LocalCloudError) as raised:
        around(owner, "renamed")
    assert raised.value.detail.endswith("Owner has no renamed.")


def test_add_refuses_what_is_there(owner):
    add(owner, "new")(lambda self: 1)
    assert owner().new() == 1
    with pytest.raises(LocalCloudError) as raised:
        add(owner, "method")
    assert raised.value.detail.endswith("Owner has a method of its own by now.")


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: f"{patch.service}: {patch.subject}")
def test_every_patch_links_to_an_upstream_report_or_says_that_there_is_none(patch):
    assert patch.upstream is None or re.fullmatch(r"(issues|pull)/[1-9]\d*", patch.upstream)


@pytest.fixture
def page(tmp_path):
    return shutil.copyfile(REPOSITORY / "docs" / "local-cloud.md", tmp_path / "local-cloud.md")


@pytest.fixture(scope="module")
def docs():
    return runpy.run_path(str(REPOSITORY / ".ci" / "local_cloud_docs.py"))["main"]


def test_the_generated_tables_have_not_drifted(docs, capsys):
    assert (docs(["--check"]), capsys.readouterr()) == (0, ("", ""))


def test_a_drifted_table_is_shown_and_repaired(docs, page, capsys):
    page.write_text(page.read_text().replace("| sqs | `aws_sqs_queue.policy`", "| sqs | `aws_sqs_queue.rule`"))
    assert docs(["--check", "--page", str(page)]) == 1
    assert "+| sqs | `aws_sqs_queue.policy`" in capsys.readouterr().out
    assert docs(["--page", str(page)]) == 0
    assert docs(["--check", "--page", str(page)]) == 0


def test_a_page_without_markers_is_an_error(docs, page):
    page.write_text("# The local cloud\n")
    with pytest.raises(ValueError, match="must hold these two lines once each"):
        docs(["--check", "--page", str(page)])
