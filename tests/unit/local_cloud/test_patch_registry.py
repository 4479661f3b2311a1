import re
import shutil
import subprocess
import sys
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


def docs(*arguments):
    program = REPOSITORY / ".ci" / "local_cloud_docs.py"
    return subprocess.run([sys.executable, program, *arguments], check=False, capture_output=True, text=True)


def test_the_generated_tables_have_not_drifted():
    result = docs("--check")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_drifted_table_is_shown_and_repaired(page):
    page.write_text(page.read_text().replace("| sqs | `aws_sqs_queue.policy`", "| sqs | `aws_sqs_queue.rule`"))
    result = docs("--check", "--page", page)
    assert result.returncode == 1
    assert "+| sqs | `aws_sqs_queue.policy`" in result.stdout
    assert docs("--page", page).returncode == 0
    assert docs("--check", "--page", page).returncode == 0


def test_a_page_without_markers_is_an_error(page):
    page.write_text("# The local cloud\n")
    assert "must hold these two lines once each" in docs("--check", "--page", page).stderr
