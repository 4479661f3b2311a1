"""Every kind of name that can be misspelt gets the nearest one that exists (C7)."""

import pytest

VPC = 'dependency "vpc" {\n  config_path = "../vpc"\n}\n'
ROOT = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n  expose = true\n}\n'

CASES = {
    "block": ('dependancy "vpc" {\n}\n', "4:1: Block is not supported. No block", "dependency"),
    "nested block": ("terraform {\n  sorce {\n  }\n}\n", "2:3: Block is not supported. A terraform block has no block", "source"),
    "attribute of a block": (
        'dependency "vpc" {\n  config_path = "../vpc"\n  enabeld = true\n}\n',
        "6:3: Attribute is not supported. A dependency block has no attribute",
        "enabled",
    ),
    "attribute of a file": ("input = {}\n", "4:1: Attribute is not supported. No attribute", "inputs"),
    "function of Terraform": ('inputs = {\n  name = uper("a")\n}\n', "5:10: Call to unknown function. There is no function", "upper"),
    "function of Terragrunt": (
        "inputs = {\n  name = get_reop_root()\n}\n",
        "5:10: Call to unknown function. There is no function",
        "get_repo_root",
    ),
    "local": (
        'locals {\n  region = "x"\n}\ninputs = {\n  name = local.regoin\n}\n',
        "8:10: Unknown local. The file has no local",
        "region",
    ),
    "key of an object": (
        "locals {\n  a = { size = 1 }\n}\ninputs = {\n  name = local.a.sise\n}\n",
        "8:10: Unsupported attribute. There is no attribute",
        "size",
    ),
    "dependency": (f"{VPC}inputs = {{\n  name = dependency.vcp.outputs.id\n}}\n", "8:10: Unknown dependency. The unit has no", "vpc"),
    "output": (f"{VPC}inputs = {{\n  name = dependency.vpc.outputs.naems\n}}\n", "8:10: Unknown output. The module of unit", "names"),
    "unit": ('dependency "vpc" {\n  config_path = "../vcp"\n}\n', "5:17: Dependency on a unit that does not exist.", "vpc"),
    "include": (f"{ROOT}inputs = {{\n  name = include.rot.locals.region\n}}\n", "9:10: Unknown include. The file has no", "root"),
    "root of a reference": ("inputs = {\n  name = locals.x\n}\n", "5:10: Unknown reference. No name", "local"),
    "word of an attribute": (
        'include "root" {\n  path = find_in_parent_folders("root.hcl")\n  merge_strategy = "depe"\n}\n',
        "6:20: Value is not one of those allowed. merge_strategy cannot be",
        "deep",
    ),
}  # fmt: skip


@pytest.fixture
def app(tree):
    tree.write({"live/root.hcl": 'locals {\n  region = "a"\n}\n'})
    tree.unit("vpc")
    return lambda text, **more: tree.unit("app", text, **more)


@pytest.mark.parametrize("kind", CASES)
def test_c7_the_nearest_name_is_the_hint(app, kind):
    text, start, nearest = CASES[kind]
    if text.startswith("terraform"):
        found = app("").write({"live/dev/app/terragrunt.hcl": f"\n\n\n{text}"}).errors()
    else:
        found = app(text).errors()
    assert len(found) == 1
    assert found[0].startswith(f"live/dev/app/terragrunt.hcl:{start}")
    assert found[0].endswith(f'Did you mean "{nearest}"?')


def test_c7_a_misspelt_input_is_a_warning_with_the_nearest_variable(app):
    (found,) = app("inputs = {\n  nmae = 1\n}\n").warnings()
    assert found.endswith('declares no variable "nmae". Did you mean "name"?')


def test_c7_all_misspelt_names_of_a_file_are_found_at_once(app):
    text = f'{VPC}locals {{\n  size = 1\n}}\ninputs = {{\n  name = [local.sise, dependency.vpc.outputs.naems, uper("a")]\n}}\n'
    found = app(text).errors()
    assert [error.partition('Did you mean "')[2] for error in found] == ['size"?', 'names"?', 'upper"?']


NAME = "n" * 300


@pytest.mark.parametrize(
    "text",
    [
        f'dependency "vpc" {{\n  config_path = "../{NAME}"\n}}\n',
        f'dependencies {{\n  paths = ["../{NAME}"]\n}}\n',
        f'include "root" {{\n  path = "../{NAME}"\n}}\n',
        f'include "root" {{\n  path = find_in_parent_folders("{NAME}")\n}}\n',
        f'locals {{\n  a = read_terragrunt_config("{NAME}")\n}}\n',
        f'terraform {{\n  source = "../{NAME}"\n}}\n',
    ],
)
def test_c7_a_name_that_no_file_can_have_is_a_finding_with_its_place(app, text):
    (found,) = app("").write({"live/dev/app/terragrunt.hcl": text}).errors()
    assert found.startswith("live/dev/app/terragrunt.hcl:2:")
