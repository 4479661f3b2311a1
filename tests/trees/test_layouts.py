"""C10: any tree of units, whatever its folders, backends and lock files are."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.trees.conftest import MODULE

ABOVE = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'
LOCAL_STATES = """
remote_state {
  backend = "local"
  generate = {
    path      = "backend.tf"
    if_exists = "overwrite"
  }
  config = { path = "${get_parent_terragrunt_dir()}/states/${path_relative_to_include()}.tfstate" }
}
"""


def unit(name, *, source="", above=ABOVE, reads=""):
    """Write a unit that calls the one module, and reads the id of the unit in ``reads``, a path from its folder."""
    terraform = f'terraform {{\n  source = "{source}"\n}}\n' if source else ""
    edge = f'dependency "other" {{\n  config_path = "{reads}"\n}}\n' if reads else ""
    value = ", reads = dependency.other.outputs.id" if reads else ""
    return f'{above}{terraform}{edge}inputs = {{ name = "{name}"{value} }}\n'


def source(depth):
    return f"{'../' * depth}modules//thing"


TREES = {
    "units at the top of the repository": {
        "root.hcl": LOCAL_STATES,
        "vpc/terragrunt.hcl": unit("vpc", source=source(1)),
        "app/terragrunt.hcl": unit("app", source=source(1), reads="../vpc"),
    },
    "account, region and environment": {
        "root.hcl": LOCAL_STATES,
        "prod/us-east-1/prod/vpc/terragrunt.hcl": unit("vpc", source=source(4)),
        "prod/us-east-1/prod/app/terragrunt.hcl": unit("app", source=source(4), reads="../vpc"),
    },
    "live with a root.hcl that reads no suffix": {
        "live/root.hcl": LOCAL_STATES,
        "live/qa/vpc/terragrunt.hcl": unit("vpc", source=source(3)),
        "live/qa/app/terragrunt.hcl": unit("app", source=source(3), reads="../vpc"),
    },
    "a root file that is named like a unit's": {
        "terragrunt.hcl": LOCAL_STATES,
        "vpc/terragrunt.hcl": unit("vpc", source=source(1), above=ABOVE.replace('"root.hcl"', "")),
        "app/terragrunt.hcl": unit("app", source=source(1), above=ABOVE.replace('"root.hcl"', ""), reads="../vpc"),
    },
    "no root file, states beside the units": {
        "vpc/terragrunt.hcl": unit("vpc", source=source(1), above=""),
        "app/terragrunt.hcl": unit("app", source=source(1), above="", reads="../vpc"),
    },
    "modules inside of the units": {
        "root.hcl": LOCAL_STATES,
        "vpc/terragrunt.hcl": unit("vpc"),
        "vpc/main.tf": MODULE,
        "app/terragrunt.hcl": unit("app", reads="../vpc"),
        "app/main.tf": MODULE,
    },
    "a relative path of a local backend without a generated file": {
        "root.hcl": 'remote_state {\n  backend = "local"\n  config = { path = "here.tfstate" }\n}\n',
        "vpc/terragrunt.hcl": unit("vpc", source=source(1)),
        "app/terragrunt.hcl": unit("app", source=source(1), reads="../vpc"),
    },
    "a backend that the modules' own files configure": {
        "vpc/terragrunt.hcl": unit("vpc", above=""),
        "vpc/main.tf": MODULE + 'terraform {\n  backend "local" {\n    path = "own.tfstate"\n  }\n}\n',
        "app/terragrunt.hcl": unit("app", source=source(1), above="", reads="../vpc"),
    },
}


@pytest.mark.parametrize("files", TREES.values(), ids=TREES)
def test_c10_a_layout_lives_its_life(repository, files):
    repository.write({"modules/thing/main.tf": MODULE, **files})
    found = repository.life()
    app = next(outputs for name, outputs in found.items() if name.endswith("app"))
    assert app == {"id": "id of app", "reads": "id of vpc"}
    assert len(found) == 2


def test_c10_states_lie_beside_the_unit_and_stay_when_workspaces_go(repository):
    repository.write({"modules/thing/main.tf": MODULE, "vpc/terragrunt.hcl": unit("vpc", source=source(1), above="")})
    repository.succeed("up", "--yes")
    state = json.loads((repository.top / "vpc/terraform.tfstate").read_text())
    assert state["outputs"]["id"]["value"] == "id of vpc"
    assert repository.run("plan", "--detailed-exitcode").code == 0


def test_c10_a_folder_is_worked_on_and_what_lies_outside_is_read(repository):
    repository.write(
        {
            "root.hcl": LOCAL_STATES,
            "modules/thing/main.tf": MODULE,
            "shared/vpc/terragrunt.hcl": unit("vpc", source=source(2)),
            "prod/app/terragrunt.hcl": unit("app", source=source(2), reads="../../shared/vpc"),
            "prod/web/terragrunt.hcl": unit("web", source=source(2), reads="../app"),
        }
    )
    early = repository.run("plan", at="prod")
    assert early.code == 2
    assert '"app" reads outputs of "../shared/vpc", which has no state yet.' in early.err
    repository.succeed("up", "--yes", at="shared")
    repository.succeed("up", "--yes", at="prod")
    assert repository.succeed("outputs", "--json", "--working-dir", "prod").json == {
        "app": {"id": "id of app", "reads": "id of vpc"},
        "web": {"id": "id of web", "reads": "id of app"},
    }
    assert repository.run("plan", "--detailed-exitcode", at="prod/app").code == 0, "a unit's own folder"
    repository.succeed("destroy", "--yes", at="prod")
    assert list(repository.succeed("outputs", "--json").json) == ["shared/vpc"]
    repository.succeed("destroy", "--yes")


def test_c7_what_needs_a_register_is_refused_with_the_reason(repository):
    repository.write({"modules/thing/main.tf": MODULE, "vpc/terragrunt.hcl": unit("vpc", source=source(1), above="")})
    for command in ("reap", "recover"):
        refused = repository.run(command)
        assert (refused.code, refused.err.splitlines()[0]) == (2, "error: The tree has no register of deployments")


def test_c7_a_working_directory_without_units(repository):
    assert "there is no terragrunt.hcl at any depth" in repository.run("plan").err
    assert "no-such is not a folder" in repository.run("plan", "--working-dir", "no-such").err


def test_c10_a_unit_without_a_provider_of_others_gets_no_lock_file(repository):
    """Terraform's own provider is in no lock file."""
    repository.write({"modules/thing/main.tf": MODULE, "vpc/terragrunt.hcl": unit("vpc", source=source(1), above="")})
    repository.succeed("up", "--yes")
    assert not (repository.top / "vpc/.terraform.lock.hcl").exists()


class _States(BaseHTTPRequestHandler):
    """Terraform's http backend: GET, POST and DELETE a state, LOCK and UNLOCK it."""

    def _answer(self):
        states, calls = self.server.states, self.server.calls
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        calls.append(self.command)
        path = self.path.split("?")[0]
        if self.command == "POST":
            states[path] = body
        found = states.get(path, b"") if self.command == "GET" else b""
        self.send_response(200 if found or self.command != "GET" else 404)
        self.send_header("Content-Length", str(len(found)))
        self.end_headers()
        self.wfile.write(found)

    do_GET = do_POST = do_LOCK = do_UNLOCK = _answer  # noqa: N815 - http.server's names

    def log_message(self, *arguments):
        pass


@pytest.fixture
def http_states():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _States)
    server.states, server.calls = {}, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("generate", [True, False], ids=["a generated file", "settings for init"])
def test_c10_states_in_a_backend_that_only_terraform_reads(repository, http_states, generate):
    address = f"http://127.0.0.1:{http_states.server_port}/${{path_relative_to_include()}}"
    written = 'generate = { path = "backend.tf", if_exists = "overwrite" }' if generate else ""
    root = f"""
        remote_state {{
          backend = "http"
          {written}
          config = {{
            address        = "{address}"
            lock_address   = "{address}"
            unlock_address = "{address}"
          }}
        }}
    """
    module = MODULE if generate else MODULE + 'terraform {\n  backend "http" {}\n}\n'
    repository.write(
        {
            "root.hcl": root,
            "modules/thing/main.tf": module,
            "vpc/terragrunt.hcl": unit("vpc", source=source(1)),
            "app/terragrunt.hcl": unit("app", source=source(1), reads="../vpc"),
        }
    )
    assert repository.life()["app"] == {"id": "id of app", "reads": "id of vpc"}
    assert sorted(http_states.states) == ["/app", "/vpc"]
    assert {"LOCK", "UNLOCK"} <= set(http_states.calls)
