"""find, list and dag graph: the live tree in Terragrunt's words (C2, C10)."""

import json

import pytest


@pytest.fixture
def at(platformctl, monkeypatch):
    """Runs a command line in a folder of the project: at("live/dev", "find --dag")."""

    def call(folder, line):
        monkeypatch.chdir(platformctl.tree.root / folder)
        return platformctl(*line.split())

    return call


@pytest.mark.parametrize(
    ("folder", "line", "out"),
    [
        ("live/dev", "find", "api docs kms vpc"),
        ("live/dev", "find --dag", "docs kms vpc api"),
        ("live/dev", "find --as plan", "docs kms vpc api"),
        ("live/dev", "find --queue-construct-as destroy", "api vpc docs kms"),
        ("live/dev", "find --filter ...vpc", "api vpc"),
        ("live/dev", "find --filter ./v* --filter docs", "docs vpc"),
        ("live/dev", "find --filter type=stack", ""),
        ("live/dev/vpc", "find", "."),
        ("live/dev/vpc", "find --external", "../kms ."),
        ("live/dev/vpc", "find --filter {.}...", "../kms ."),
        ("live/dev/vpc", "find --filter {.}... --filter !external=true", "."),
        ("live", "find", "dev/api dev/docs dev/kms dev/vpc prod/api prod/docs prod/kms prod/vpc"),
        ("live", "find --dag", "dev/docs dev/kms prod/docs prod/kms dev/vpc prod/vpc dev/api prod/api"),
        ("live", "find --filter ./prod/** --filter !docs", "prod/api prod/kms prod/vpc"),
        ("live", "find --env prod", "prod/api prod/docs prod/kms prod/vpc"),
        (".", "find --filter vpc", "live/dev/vpc live/prod/vpc"),
        (".", "find --filter ./live/dev/*", "live/dev/api live/dev/docs live/dev/kms live/dev/vpc"),
        ("modules", "find --env dev --filter kms", "../live/dev/kms"),
    ],
)
def test_c10_find_prints_a_path_in_each_line(at, platformctl, folder, line, out):
    platformctl.tree.standard(environment="prod")
    result = at(folder, line)
    assert (result.code, result.out.split(), platformctl.started) == (0, out.split(), [])


def test_c10_find_as_json_has_the_sections_that_were_asked_for(at, platformctl):
    assert json.loads(at("live/dev", "find --json --filter vpc").out) == [{"type": "unit", "path": "vpc"}]
    platformctl.tree.write({"live/shared.txt": "x"}).unit("docs", 'locals {\n  text = file("../../shared.txt")\n}\n')
    found = json.loads(at("live/dev", "find --format json --dependencies --include --reading").out)
    assert [item["dependencies"] for item in found] == [["kms", "vpc"], [], [], ["kms"]]
    assert [item["reading"] for item in found] == [[], ["../shared.txt"], [], []]
    assert [item["include"] for item in found] == [{"root": "../root.hcl"}] * 4


def test_c10_find_shows_a_unit_that_a_change_removed(at, world):
    world.repository.changed["main"] = frozenset({world.tree.root / "live/dev/dns/terragrunt.hcl"})
    assert at("live/dev", "find --filter [main]").out == "dns\n"


def test_c10_stacks_are_found_with_the_units_that_they_generate(at, platformctl):
    platformctl.tree.write(
        {
            "live/dev/net/terragrunt.stack.hcl": 'unit "dns" {\n  source = "../../../catalog/dns"\n  path   = "dns"\n}\n',
            "catalog/dns/terragrunt.hcl": "",
            "catalog/dns/main.tf": "",
        }
    )
    assert at("live/dev", "find --filter ./net/**").out.split() == ["net", "net/.terragrunt-stack/dns"]
    assert json.loads(at("live/dev", "find --json --filter type=stack").out) == [{"type": "stack", "path": "net"}]
    assert at("live/dev", "list -l --filter dns").out.split()[2:] == ["unit", "net/.terragrunt-stack/dns"]


def test_c10_find_reports_mistakes_that_hide_the_graph(at, platformctl):
    platformctl.tree.write({"live/dev/vpc/terragrunt.hcl": "broken"})
    result = at("live/dev", "find")
    assert (result.code, result.out) == (2, "")
    assert "live/dev/vpc/terragrunt.hcl:1:7" in result.err


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("list --dag", "docs\nkms\nvpc\napi"),
        ("list --filter vpc...", "kms\nvpc"),
        ("list -l --filter vpc...", "Type  Path\nunit  kms\nunit  vpc"),
        (
            "list --long --dependencies",
            "Type  Path  Dependencies\nunit  api   kms, vpc\nunit  docs\nunit  kms\nunit  vpc   kms",
        ),
        ("list -T", ".\n├── api\n├── docs\n├── kms\n└── vpc"),
        (
            "list --tree --dag",
            ".\n├── docs\n└── kms\n    ├── vpc\n    │   └── api\n    └── api",
        ),
        ("list --format=dot --filter vpc...", 'digraph {\n  "kms";\n  "vpc";\n  "vpc" -> "kms";\n}'),
        (
            "dag graph",
            'digraph {\n  "docs";\n  "kms";\n  "vpc";\n  "api";\n  "vpc" -> "kms";\n  "api" -> "kms";\n  "api" -> "vpc";\n}',
        ),
    ],
)
def test_c10_list_shows_units_in_the_forms_of_terragrunt(at, platformctl, line, out):
    result = at("live/dev", line)
    assert (result.code, result.err, platformctl.started) == (0, "", [])
    assert "\n".join(text.rstrip() for text in result.out.splitlines()) == out


def test_c10_list_as_json_with_the_graph(at):
    found = json.loads(at("live/dev", "list --dag --json --dependencies --filter vpc...").out)
    assert found == [
        {"type": "unit", "path": "kms", "dependencies": []},
        {"type": "unit", "path": "vpc", "dependencies": ["kms"]},
    ]


def test_c10_folders_are_a_tree_and_what_a_unit_leads_to_is_drawn_once(at, platformctl):
    platformctl.tree.standard(environment="prod").unit(
        "web", 'dependencies {\n  paths = ["../api", "../vpc"]\n}\n', module="docs"
    )
    lines = at("live", "list --tree --env dev").out.splitlines()
    assert [line.rstrip() for line in lines] == [
        ".",
        "└── dev",
        *(
            f"    {sign} {name}"
            for sign, name in (("├──", "api"), ("├──", "docs"), ("├──", "kms"), ("├──", "vpc"), ("└──", "web"))
        ),
    ]
    text = at("live/dev", "list --tree --dag").out
    assert (text.count("web"), text.count("api  as above")) == (2, 1)


def test_a2_list_without_an_option_of_terragrunt_lists_deployments(at, world):
    world.register()
    assert at("live/dev", "list").out.startswith("SUFFIX")
    assert json.loads(at("live/dev", "list --json").out)[0]["suffix"] == "pr42"


def test_c10_list_in_a_tree_without_suffixes_lists_units(platformctl, nowhere, monkeypatch):
    monkeypatch.delenv("PLATFORMCTL_PROJECT")
    for name in ("b", "a/c"):
        (nowhere / name).mkdir(parents=True)
        (nowhere / name / "terragrunt.hcl").write_text("")
        (nowhere / name / "main.tf").write_text("")
    monkeypatch.chdir(nowhere)
    assert (platformctl("list").out, platformctl("find").out) == ("a/c\nb\n", "a/c\nb\n")
    assert [item["path"] for item in json.loads(platformctl("list", "--json").out)] == ["a/c", "b"]
    assert platformctl("dag", "graph").out == 'digraph {\n  "a/c";\n  "b";\n}\n'
