"""Workspaces on disk: links, generated files, inputs; and nothing ever written into modules/ (C8)."""

import hashlib
import json
import stat

import pytest

from orchestrator.adapters.workspaces import Workspace, Workspaces, write_private
from orchestrator.config import IfExists, compose
from orchestrator.config.generated import SIGNATURE
from orchestrator.errors import UsageError
from orchestrator.hcl.values import Sensitive, SetValue
from tests.fakes.errors import error_of


@pytest.fixture
def modules(tmp_path):
    folder = tmp_path / "modules"
    for name, text in {
        "vpc/main.tf": "# vpc",
        "vpc/files/policy.json": "{}",
        "shared/tags/main.tf": "# tags",
        "vpc/.terraform.lock.hcl": "theirs",
        "vpc/terraform.tfstate": "theirs",
        "vpc/.terraform/x": "theirs",
        "vpc/examples/main.tf": "# example",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def prepare(tmp_path, modules, unit_of):
    workspaces = Workspaces(root=tmp_path / "work")

    def make(*generated, name="vpc", subdirectory="vpc", root=modules):
        unit = unit_of(name, generated=generated)
        return workspaces.prepare(name, compose(unit, root=root, subdirectory=subdirectory)).folder

    make.root = workspaces.root
    return make


def contents(folder):
    """Everything below a folder, links as links, so that any change to it shows."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}"
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(autouse=True)
def untouched(modules):
    """Nothing that a test does may leave a trace in the modules."""
    before = contents(modules)
    yield
    after = contents(modules)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    assert changed == [], "the workspace wrote into the module's folder"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_workspace_links_the_module_file_by_file(prepare, modules):
    folder = prepare()
    assert names(folder) == ["files", "main.tf"], "what Terraform keeps beside a module stays there"
    assert (folder / "main.tf").readlink() == modules / "vpc/main.tf"
    assert (folder / "files/policy.json").read_text() == "{}"


def test_sibling_modules_are_where_the_source_says(prepare):
    """modules//vpc can use ../shared/tags, as it could where it lies."""
    folder = prepare()
    assert (folder / "../shared/tags/main.tf").read_text() == "# tags"
    nested = prepare(name="tags", subdirectory="shared/tags")
    assert (nested / "../../vpc/main.tf").read_text() == "# vpc"


def test_a_module_without_a_subdirectory(prepare, modules):
    assert names(prepare(root=modules / "vpc", subdirectory="")) == ["files", "main.tf"]


def test_units_have_folders_of_their_own_readable_by_their_owner_only(prepare):
    folder = prepare(name="data/vpc")
    assert folder == prepare.root / "data__vpc" / "vpc"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_links_to_what_is_gone_are_removed_and_new_files_appear(prepare, tmp_path, unit_of):
    module = tmp_path / "other"
    module.mkdir()
    (module / "old.tf").write_text("")
    folder = prepare(root=module, subdirectory="")
    (module / "old.tf").unlink()
    (module / "new.tf").write_text("")
    assert prepare(root=module, subdirectory="") == folder
    assert names(folder) == ["new.tf"]


def test_what_terraform_and_others_put_there_stays(prepare):
    folder = prepare()
    (folder / ".terraform").mkdir()
    (folder / "terraform.tfstate").write_text("backend")
    prepare()
    assert (folder / ".terraform").is_dir()
    assert (folder / "terraform.tfstate").read_text() == "backend"


def test_a_link_to_another_place_is_put_right(prepare, modules):
    folder = prepare()
    (folder / "main.tf").unlink()
    (folder / "main.tf").symlink_to(modules / "shared/tags/main.tf")
    prepare()
    assert (folder / "main.tf").read_text() == "# vpc"


def test_the_subdirectory_of_a_source_may_change(prepare, modules):
    """source = "modules//vpc" becomes "modules//shared/tags", and back."""
    prepare()
    folder = prepare(subdirectory="shared/tags")
    assert (folder / "main.tf").read_text() == "# tags"
    assert (folder / "../../vpc/main.tf").read_text() == "# vpc"
    assert (prepare() / "main.tf").read_text() == "# vpc"


def test_the_subdirectory_of_a_source_may_become_deeper(prepare):
    prepare(subdirectory="shared")
    assert (prepare(subdirectory="shared/tags") / "main.tf").read_text() == "# tags"


def test_a_link_that_nobody_recorded_does_not_lead_into_the_module(prepare, modules):
    """A run that was killed while it made links leaves links without a record."""
    base = prepare.root / "vpc"
    base.mkdir(parents=True)
    (base / "vpc").symlink_to(modules / "vpc")
    assert (prepare() / "main.tf").read_text() == "# vpc"


def test_a_module_that_does_not_exist_is_refused(prepare, modules):
    error = error_of(lambda: prepare(subdirectory="nope"), UsageError)
    assert (error.summary, error.detail) == ("Module not found", f"There is no folder {modules}/nope.")


@pytest.mark.parametrize("if_exists", list(IfExists))
def test_a_generated_file_where_the_module_has_none(prepare, file_of, if_exists):
    folder = prepare(file_of("provider.tf", "# one", if_exists))
    assert (folder / "provider.tf").read_text() == "# one"
    prepare(file_of("provider.tf", "# two", if_exists))
    assert (folder / "provider.tf").read_text() == "# two", "our own file of an earlier run is no conflict"
    assert stat.S_IMODE((folder / "provider.tf").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("if_exists", "theirs", "expected"),
    [
        (IfExists.OVERWRITE, "# theirs", "# ours"),
        (IfExists.SKIP, "# theirs", "# theirs"),
        (IfExists.OVERWRITE_TERRAGRUNT, f"# {SIGNATURE}\n", "# ours"),
        (IfExists.OVERWRITE_TERRAGRUNT, "# theirs", None),
        (IfExists.ERROR, "# theirs", None),
        (IfExists.ERROR, f"# {SIGNATURE}\n", None),
    ],
)
def test_c1_a_generated_file_of_the_same_name_as_one_of_the_module(
    prepare, tmp_path, file_of, if_exists, theirs, expected
):
    module = tmp_path / "theirs"
    module.mkdir()
    (module / "provider.tf").write_text(theirs)
    generated = file_of("provider.tf", "# ours", if_exists)
    for _ in range(2):  # the second run finds what the first one left
        if expected is None:
            error = error_of(lambda: prepare(generated, root=module, subdirectory=""))
            assert (error.summary, error.detail) == (
                "A generated file collides with one of the module's own",
                f'Unit "vpc" generates provider.tf, and its module has a file of that name (if_exists = "{if_exists}").',
            )
        else:
            assert (prepare(generated, root=module, subdirectory="") / "provider.tf").read_text() == expected
    assert (module / "provider.tf").read_text() == theirs


def test_a_generated_file_in_a_folder_of_its_own(prepare, file_of):
    folder = prepare(file_of("more/provider.tf", "# ours"))
    assert (folder / "more/provider.tf").read_text() == "# ours"


@pytest.mark.parametrize("name", ["files/new.tf", "files/policy.json"])
def test_a_generated_file_in_a_folder_of_the_modules_is_not_written_into_the_module(prepare, file_of, name):
    folder = prepare(file_of(name, "# ours", IfExists.OVERWRITE))
    assert (folder / name).read_text() == "# ours"


def test_a_file_that_is_generated_no_more_goes_away(prepare, file_of):
    """Else a renamed generate block leaves two provider blocks, which Terraform refuses."""
    folder = prepare(file_of("provider.tf", "# ours"))
    prepare(file_of("providers.tf", "# ours"))
    assert names(folder) == ["files", "main.tf", "providers.tf"]


def test_c8_inputs_are_for_the_owner_only_and_taken_away(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    workspace = Workspace(folder=folder)
    workspace.write_inputs({"password": Sensitive("hunter2"), "zones": SetValue(("a", "b")), "none": None})
    file = folder / "platformctl.auto.tfvars.json"
    assert json.loads(file.read_text()) == {"password": "hunter2", "zones": ["a", "b"], "none": None}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    workspace.remove_inputs()
    workspace.remove_inputs()
    assert list(folder.iterdir()) == []


def test_c8_a_private_file_is_private_from_the_start_and_replaces_an_open_one(tmp_path):
    file = tmp_path / "private" / "secret"
    file.parent.mkdir()
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)
    assert list(file.parent.iterdir()) == [file]


def test_removing_workspaces_leaves_the_modules(prepare):
    prepare()
    Workspaces(root=prepare.root).remove()
    assert not prepare.root.exists()
    Workspaces(root=prepare.root).remove()
