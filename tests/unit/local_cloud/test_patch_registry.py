from pathlib import Path

import pytest

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.patches import PATCHES
from orchestrator.local_cloud.patches.registry import add, around

DOCS = Path(__file__).parents[3] / "docs" / "local-cloud.md"


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


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: f"{patch.service}: {patch.subject}")
def test_every_patch_is_in_the_docs(patch):
    row = f"| {patch.service} | `{patch.subject}` | {patch.symptom} | {patch.restores} |"
    assert row in DOCS.read_text(encoding="utf-8"), f"Add this row to the table of patches in {DOCS.name}:\n{row}"
