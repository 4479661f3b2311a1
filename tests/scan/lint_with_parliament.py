"""Reads policies as JSON ({place: document}), writes parliament's findings; run by the scanners' own Python, which has parliament."""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import parliament  # noqa: E402 - its import warns of setuptools


def main() -> None:
    found = []
    for place, document in json.load(sys.stdin).items():
        for finding in parliament.analyze_policy_string(json.dumps(document)).findings:
            parliament.enhance_finding(finding)
            about = {"place": place, "issue": finding.issue, "title": finding.title}
            found.append(about | {"detail": str(finding.detail), "location": str(finding.location)})
    json.dump(found, sys.stdout)


main()
