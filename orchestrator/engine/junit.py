"""Writes a report as JUnit XML, for Jenkins, GitLab and GitHub's reporters: one test case for each unit.

Two schemas are in use, Ant's and Jenkins'; the file is valid against both.
"""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from orchestrator.engine.report import Report, UnitReport
from orchestrator.model.status import Status

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, such as the colours in Terraform's errors."""

_SKIPPED = {
    Status.CANCELLED: "cancelled: the run was stopped before this unit was done",
    Status.PENDING: "not started: the run ended before",
}


def junit_of(report: Report) -> str:
    root = Element("testsuites")
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": _clean(f"platformctl {report.command} {report.suffix}"),
            "package": "platformctl",
            "id": "0",
            "hostname": _clean(report.target),
            # Ant's schema takes no time zone here; it is UTC.
            "timestamp": f"{report.started:%Y-%m-%dT%H:%M:%S}",
            "time": f"{report.seconds:.3f}",
            "tests": str(len(report.units)),
            "failures": str(report.count(Status.FAILED)),
            "errors": str(report.count(Status.RUNNING)),
            "skipped": str(sum(report.count(status) for status in (Status.SKIPPED, *_SKIPPED))),
        },
    )
    properties = SubElement(suite, "properties")
    for name in ("run", "environment", "target", "result"):
        SubElement(properties, "property", {"name": name, "value": _clean(str(getattr(report, name)))})
    for unit in report.units:
        _add_case(suite, report, unit)
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_case(suite: Element, report: Report, unit: UnitReport) -> None:
    case = SubElement(
        suite,
        "testcase",
        {
            "classname": _clean(f"platformctl.{report.environment}"),
            "name": _clean(unit.name),
            "time": f"{unit.seconds:.3f}",
        },
    )
    match unit.status:
        case Status.FAILED:
            error = unit.error or "no error was reported"
            failure = SubElement(
                case, "failure", {"message": _clean(error.splitlines()[0]), "type": f"{report.command} failed"}
            )
            failure.text = _clean(f"{error}\nlog: {unit.log}" if unit.log else error)
        case Status.RUNNING:
            SubElement(case, "error", {"message": "the run ended in the middle of this unit", "type": "unfinished"})
        case Status.SKIPPED:
            SubElement(case, "skipped", {"message": _clean(f'skipped, because "{unit.cause}" failed')})
        case Status.CANCELLED | Status.PENDING:
            SubElement(case, "skipped", {"message": _SKIPPED[unit.status]})


def _clean(text: str) -> str:
    return _ILLEGAL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
