# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Renew the answers of @cloud-copilot/iam-simulate to the cases of ``tests/unit/local_cloud/iam/oracle_cases.py``.

Needs Node and npm; the package is installed into a temporary folder. Its engine is called directly: the function around it
removes the condition keys that it does not expect. One letter is kept for each case: A allowed, I implicitly denied, E
explicitly denied.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests/unit/local_cloud/iam"
sys.path.insert(0, str(FOLDER))

from oracle_cases import cases, digest  # noqa: E402 - found through the line above

PACKAGE = "@cloud-copilot/iam-simulate"
VERSION = "0.1.173"
COUNT = 2500
PROGRAM = """
import { readFileSync } from 'node:fs'
import { loadPolicy } from '@cloud-copilot/iam-policy'
const root = './node_modules/@cloud-copilot/iam-simulate/dist/esm/'
const { authorize } = await import(root + 'core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await import(root + 'request/request.js')
const { RequestContextImpl } = await import(root + 'requestContext.js')
const { DiscoveryContextKeyConstraints } = await import(root + 'context_keys/discoveryContextKeyConstraints.js')
const load = (document, name) => (document ? loadPolicy(document, { name }) : undefined)
const answers = JSON.parse(readFileSync(process.argv[2], 'utf8')).map((one) => {
  const request = new AwsRequestImpl(
    one.principal, { resource: one.resource, accountId: '123456789012' }, one.action,
    new RequestContextImpl(one.context), one.resource === '*')
  const { result } = authorize({
    request,
    sessionPolicy: load(one.session, 'session'),
    identityPolicies: one.identity.map((each, index) => load(each, 'identity' + index)),
    serviceControlPolicies: [], resourceControlPolicies: [],
    resourcePolicy: load(one.resource_policy, 'resource'),
    permissionBoundaries: one.boundary ? [load(one.boundary, 'boundary')] : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: 'Strict', discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints() },
  })
  return result[0]
})
console.log(answers.join(''))
"""


def main() -> int:
    """Ask the oracle and write its answers."""
    parser = argparse.ArgumentParser(description="Renew the answers of an independent IAM evaluator.")
    parser.add_argument("--modules", type=Path, help="a folder that has the package installed (default: install it)")
    options = parser.parse_args()
    given = []
    for case in cases(COUNT):
        one = dict(case)
        one["resource_policy"] = one.pop("on_resource")
        given.append(one)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.modules or Path(temporary)
        if options.modules is None:
            command = ["npm", "install", "--silent", "--prefix", str(folder), f"{PACKAGE}@{VERSION}"]
            subprocess.run(command, check=True)
        (Path(temporary) / "cases.json").write_text(json.dumps(given))
        program = folder / "oracle.mjs"
        program.write_text(PROGRAM)
        command = ["node", program.name, str(Path(temporary) / "cases.json")]
        answers = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    content = {"oracle": f"{PACKAGE} {VERSION}", "cases": digest(COUNT), "answers": answers}
    (FOLDER / "oracle.json").write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
