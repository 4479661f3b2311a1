"""hcl fmt and hcl validate (C1, C7, C10)."""

import io
import json
import os
from types import SimpleNamespace

import pytest

UGLY = "locals {\na=1\n  bcd =  2\n}\n"
FINE = "locals {\n  a   = 1\n  bcd = 2\n}\n"


@pytest.fixture
def ugly(platformctl, monkeypatch):
    platformctl.tree.write(
        {
            "live/dev/env.hcl": UGLY,
            "live/common.hcl": UGLY,
            "live/dev/vpc/.terragrunt-cache/x/a.hcl": UGLY,
            "live/dev/.terraform.lock.hcl": UGLY,
            "live/vendor/a.hcl": UGLY,
            "modules/kms/x.tf": UGLY,
        }
    )
    # The fake tree is not formatted throughout.
    for file in (platformctl.tree.root / "live/dev").glob("*/terragrunt.hcl"):
        file.unlink()
    (platformctl.tree.root / "live/root.hcl").write_text("")
    monkeypatch.chdir(platformctl.tree.root / "live")
    return platformctl


def test_c10_fmt_formats_the_files_below_and_prints_which(ugly):
    (ugly.tree.root / "live/common.hcl").chmod(0o640)
    result = ugly("hcl", "fmt", "--exclude-dir", "vendor")
    assert (result.code, result.out, result.err) == (0, "common.hcl\ndev/env.hcl\n", "")
    live = ugly.tree.root / "live"
    assert [(live / name).read_text() for name in ("common.hcl", "dev/env.hcl")] == [FINE, FINE]
    assert (live / "common.hcl").stat().st_mode & 0o777 == 0o640
    for name in ("dev/vpc/.terragrunt-cache/x/a.hcl", "dev/.terraform.lock.hcl", "vendor/a.hcl", "../modules/kms/x.tf"):
        assert (live / name).read_text() == UGLY
    assert ugly("hcl", "fmt", "--check", "--exclude-dir=vendor").code == 0


def test_c10_fmt_check_and_diff_write_nothing_with_check(ugly):
    result = ugly("hcl", "fmt", "--check", "--diff", "--file", "common.hcl")
    assert result.code == 1
    assert "--- old/common.hcl\n+++ new/common.hcl\n" in result.out
    assert "-a=1\n-  bcd =  2\n+  a   = 1\n+  bcd = 2\n" in result.out
    assert (ugly.tree.root / "live/common.hcl").read_text() == UGLY


def test_c10_fmt_formats_standard_input(platformctl, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(UGLY.encode())))
    assert platformctl("hcl", "fmt", "--stdin").out == FINE


def test_c10_fmt_works_outside_of_a_project_and_shows_every_mistake(platformctl, nowhere, monkeypatch):
    monkeypatch.delenv("PLATFORMCTL_PROJECT")
    for name in ("a.hcl", "b.hcl"):
        (nowhere / name).write_text("broken")
    (nowhere / "c.hcl").write_text(UGLY)
    (nowhere / "d.hcl").write_bytes(b"\xff")
    result = platformctl("--working-dir", str(nowhere), "hcl", "fmt")
    assert (result.code, result.out) == (2, "c.hcl\n")
    assert all(os.fspath(nowhere / name) in result.err for name in ("a.hcl", "b.hcl", "d.hcl"))
    assert (nowhere / "c.hcl").read_text() == FINE


def test_c10_hcl_validate_gives_findings_as_json(platformctl):
    platformctl.tree.unit("docs", 'inputs = {\n  titel = "x"\n}\n').write({"live/dev/vpc/terragrunt.hcl": "broken"})
    result = platformctl("hcl", "validate", "--json")
    assert result.code == 2
    platformctl.tree.standard().unit("docs", 'inputs = {\n  titel = "x"\n}\n').unit("vpc")
    result = platformctl("hcl", "validate", "--json", "--inputs")
    found = json.loads(result.out)
    assert [(item["severity"], item["summary"]) for item in found] == [
        ("warning", "Input is not used"),
        ("error", "Input is missing"),
    ]
    assert found[0]["range"]["filename"].endswith("live/dev/docs/terragrunt.hcl")
    assert found[0]["range"]["start"]["line"] == 10
    assert found[0]["snippet"]["code"].strip().startswith("titel")
    assert platformctl("hcl", "validate", "--show-config-path").out == "live/dev/vpc/terragrunt.hcl\n"
    assert platformctl("hcl", "validate", "--json", "--filter", "docs").code == 0


def test_c10_hcl_validate_without_mistakes(platformctl):
    assert platformctl("hcl", "validate").out == "4 units, no mistakes found\n"
    assert (platformctl("hcl", "validate", "--json").out, platformctl.started) == ("[]\n", [])


def test_c10_render_takes_the_unit_of_the_working_directory(platformctl, monkeypatch):
    monkeypatch.chdir(platformctl.tree.root / "live/dev/vpc")
    assert json.loads(platformctl("render", "--json").out)["unit"] == "vpc"
    monkeypatch.chdir(platformctl.tree.root)
    assert "error: No unit here\n" in platformctl("render").err
