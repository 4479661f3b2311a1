"""B9: decisions beside those of an evaluator that nobody here wrote, recorded by ``.ci/iam_oracle.py``."""

import importlib.util
import json
from pathlib import Path

from orchestrator.local_cloud.iam.evaluate import AccessRequest, Principal, decide
from orchestrator.local_cloud.iam.policy import parse

FOLDER = Path(__file__).parent
RECORDED = json.loads((FOLDER / "oracle.json").read_text())
SPEC = importlib.util.spec_from_file_location("oracle_cases", FOLDER / "oracle_cases.py")
generator = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generator)


def policy(document, name):
    return None if document is None else parse(name, json.dumps(document))


def answer(case):
    arn, service = case["principal"], case["principal"] == generator.SERVICE
    role = generator.ROLE if arn == generator.SESSION else ""
    principal = Principal(arn=arn) if service else Principal(arn=arn, account=generator.ACCOUNT, role_arn=role)
    context = {
        key.lower(): tuple([value] if isinstance(value, str) else value) for key, value in case["context"].items()
    }
    decision = decide(
        AccessRequest(principal=principal, action=case["action"], resource=case["resource"], context=context),
        identity=[policy(one, "identity") for one in case["identity"]],
        boundary=policy(case["boundary"], "boundary"),
        session=policy(case["session"], "session"),
        resource=policy(case["on_resource"], "resource"),
    )
    return "A" if decision.allowed else "E" if decision.cause.startswith("with an explicit deny") else "I"


def granted_to(case, *principals):
    statements = (case["on_resource"] or {"Statement": []})["Statement"]
    return any(one["Effect"] == "Allow" and one["Principal"] in principals for one in statements)


def limited(case):
    return case["boundary"] is not None or case["session"] is not None


# Differences that AWS's documents settle: what the oracle says, what we say, whether a case is of that kind, and the document.
SETTLED = (
    (
        "A",
        "I",
        # "Permissions boundaries for IAM entities" lists the grants of a resource's policy that a boundary does not limit: to
        # a user, to a session, and with aws:PrincipalArn. A grant to everyone is none of them.
        lambda case: limited(case) and granted_to(case, "*", {"AWS": "*"}),
    ),
    (
        "I",
        "A",
        # The same page: neither boundary nor session policy limits a grant to the very session.
        lambda case: limited(case) and granted_to(case, {"AWS": generator.SESSION}),
    ),
    (
        "I",
        "AE",
        # "IAM JSON policy elements: Condition operators": with IfExists a missing key makes the condition true.
        lambda case: (
            "aws:TagKeys" not in case["context"]
            and "ForAnyValue" in json.dumps(case)
            and "IfExists" in json.dumps(case)
        ),
    ),
    (
        "I",
        "AE",
        # "Variables and tags": a variable without value matches nothing, so that a negated operator is true.
        lambda case: "aws:username" not in case["context"] and "${aws:username}" in json.dumps(case),
    ),
)


def settled(case, theirs, ours):
    return any(theirs == one and ours in other and applies(case) for one, other, applies in SETTLED)


def test_b9_decisions_are_those_of_an_independent_evaluator():
    answers = RECORDED["answers"]
    assert len(answers) >= 2000
    assert generator.digest(len(answers)) == RECORDED["cases"], "renew the answers with .ci/iam_oracle.py"
    different = [
        (number, theirs, ours, case)
        for number, (theirs, case) in enumerate(zip(answers, generator.cases(len(answers)), strict=True))
        if (ours := answer(case)) != theirs
    ]
    unsettled = [one for one in different if not settled(one[3], one[1], one[2])]
    assert unsettled == [], json.dumps(unsettled[0])
    # Few, so that the exceptions do not hide a defect; and the answers are of all kinds.
    assert len(different) < len(answers) / 50
    assert all(answers.count(kind) > len(answers) / 10 for kind in "AEI")
