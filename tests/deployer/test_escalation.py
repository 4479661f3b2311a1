"""E2: nobody becomes more than a deployer with the deployer's policies, on any path that has been published.

Sources: Rhino Security Labs, "AWS IAM Privilege Escalation - Methods and Mitigation"; Bishop Fox, "IAM Vulnerable"; Datadog,
pathfinding.cloud. A path is the requests that it takes: it is closed if one of them is refused.
"""

import pytest

from orchestrator.local_cloud.identity import ACCOUNT_ID
from tests.deployer.policies import BOUNDARY, POLICIES, READER, allowing, judged

IAM = f"arn:aws:iam::{ACCOUNT_ID}:"
HERE = f"us-east-1:{ACCOUNT_ID}:"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OWN_BOUNDARY = f"{IAM}policy/platform-boundary-ci"
WRITTEN = f"{IAM}policy/iam-policy-permissions-boundary-x"
OURS = f"{IAM}role/iam-role-lambda-x"
THEIRS = f"{IAM}role/administrator"
SELF = f"{IAM}role/ci-deployer-ci"
FUNCTION = f"arn:aws:lambda:{HERE}function:"
TAGGED = {"aws:requesttag/platform": ["trading-analytics"], "aws:tagkeys": ["Platform"]}
BOUND = {"iam:permissionsboundary": [OWN_BOUNDARY]}
WIDE = {"iam:permissionsboundary": [WRITTEN]}


def passing(role, service):
    return ("iam:PassRole", role, {"iam:passedtoservice": [f"{service}.amazonaws.com"]})


def attached(kind, name, policy, **context):
    return (f"iam:Attach{kind.title()}Policy", f"{IAM}{kind}/{name}", {"iam:policyarn": [policy], **context})


# Path: the requests, the last one of which gives the power.
PATHS = {
    "new version of a policy of one's own": [("iam:CreatePolicyVersion", f"{IAM}policy/ci-deployer-identity-ci", {})],
    "older version of a policy": [("iam:SetDefaultPolicyVersion", f"{IAM}policy/iam-policy-x", {})],
    "new version of the boundary": [("iam:CreatePolicyVersion", OWN_BOUNDARY, {})],
    "older version of the boundary": [("iam:SetDefaultPolicyVersion", OWN_BOUNDARY, {})],
    "delete the boundary's policy": [("iam:DeletePolicy", OWN_BOUNDARY, {})],
    "delete a version of the boundary": [("iam:DeletePolicyVersion", OWN_BOUNDARY, {})],
    "access key of a user": [("iam:CreateAccessKey", f"{IAM}user/ann", {})],
    "password of a user": [("iam:CreateLoginProfile", f"{IAM}user/ann", {})],
    "new password of a user": [("iam:UpdateLoginProfile", f"{IAM}user/ann", {})],
    "second factor of a user": [("iam:DeactivateMFADevice", f"{IAM}user/ann", {})],
    "credentials of a user for a service": [("iam:CreateServiceSpecificCredential", f"{IAM}user/ann", {})],
    "new user": [("iam:CreateUser", f"{IAM}user/iam-user-x", {})],
    "member of a group": [("iam:AddUserToGroup", f"{IAM}group/administrators", {})],
    "policy of a user": [attached("user", "ann", ADMINISTRATOR)],
    "policy of a group": [attached("group", "staff", ADMINISTRATOR)],
    "inline policy of a user": [("iam:PutUserPolicy", f"{IAM}user/ann", {})],
    "inline policy of a group": [("iam:PutGroupPolicy", f"{IAM}group/staff", {})],
    "inline policy of a role": [("iam:PutRolePolicy", OURS, BOUND)],
    "inline policy of one's own role": [("iam:PutRolePolicy", SELF, {})],
    "administrator's policy for one's own role": [attached("role", "ci-deployer-ci", ADMINISTRATOR)],
    "administrator's policy for a role of the platform": [
        attached("role", "iam-role-lambda-x", ADMINISTRATOR, **BOUND)
    ],
    "policy for a role without boundary": [attached("role", "iam-role-lambda-x", f"{IAM}policy/iam-policy-x")],
    "policy for a role with a boundary of one's own": [
        attached("role", "iam-role-lambda-x", f"{IAM}policy/iam-policy-x", **WIDE)
    ],
    "role without boundary": [("iam:CreateRole", OURS, TAGGED)],
    "role with a boundary of one's own": [
        ("iam:CreatePolicy", WRITTEN, TAGGED),
        ("iam:CreateRole", OURS, TAGGED | WIDE),
    ],
    "role with an administrator's policy as boundary": [
        ("iam:CreateRole", OURS, TAGGED | {"iam:permissionsboundary": [ADMINISTRATOR]})
    ],
    "role of another name": [("iam:CreateRole", f"{IAM}role/x", TAGGED | BOUND)],
    "take the boundary from a role": [("iam:DeleteRolePermissionsBoundary", OURS, BOUND)],
    "take the boundary from a user": [("iam:DeleteUserPermissionsBoundary", f"{IAM}user/ann", BOUND)],
    "another boundary for a role": [("iam:PutRolePermissionsBoundary", OURS, WIDE)],
    "another boundary for one's own role": [("iam:PutRolePermissionsBoundary", SELF, BOUND)],
    "trust of an administrator's role": [("iam:UpdateAssumeRolePolicy", THEIRS, {})],
    "trust of one's own role": [("iam:UpdateAssumeRolePolicy", SELF, {})],
    "trust of a role without boundary": [("iam:UpdateAssumeRolePolicy", OURS, {})],
    "assume another role": [("sts:AssumeRole", THEIRS, {})],
    "another identity provider": [("iam:CreateOpenIDConnectProvider", f"{IAM}oidc-provider/evil.example", {})],
    "SAML provider": [("iam:UpdateSAMLProvider", f"{IAM}saml-provider/company", {})],
    "audience of the identity provider": [
        ("iam:AddClientIDToOpenIDConnectProvider", f"{IAM}oidc-provider/token.actions.githubusercontent.com", {})
    ],
    "function with an administrator's role": [
        passing(THEIRS, "lambda"),
        ("lambda:CreateFunction", f"{FUNCTION}lambda-x", TAGGED),
    ],
    "function with the deployer's role": [passing(SELF, "lambda")],
    "function with the role of another service": [passing(f"{IAM}role/iam-role-config-recorder-x", "lambda")],
    "code of somebody's function": [("lambda:UpdateFunctionCode", f"{FUNCTION}payroll", {})],
    "layer of somebody's function": [("lambda:UpdateFunctionConfiguration", f"{FUNCTION}payroll", {})],
    "permission to call somebody's function": [("lambda:AddPermission", f"{FUNCTION}payroll", {})],
    "call somebody's function": [("lambda:InvokeFunction", f"{FUNCTION}payroll", {})],
    "event source of somebody's function": [
        ("lambda:CreateEventSourceMapping", "*", {"lambda:functionarn": [f"{FUNCTION}payroll"]})
    ],
    "event source moved to somebody's function": [
        (
            "lambda:UpdateEventSourceMapping",
            f"arn:aws:lambda:{HERE}event-source-mapping:1",
            {"lambda:functionarn": [f"{FUNCTION}payroll"]},
        )
    ],
    "instance": [passing(OURS, "ec2"), ("ec2:RunInstances", f"arn:aws:ec2:{HERE}instance/*", TAGGED)],
    "profile of an instance": [("iam:AddRoleToInstanceProfile", f"{IAM}instance-profile/x", {}), passing(OURS, "ec2")],
    "other profile of an instance": [("ec2:AssociateIamInstanceProfile", f"arn:aws:ec2:{HERE}instance/i-1", {})],
    "start script of an instance": [("ec2:ModifyInstanceAttribute", f"arn:aws:ec2:{HERE}instance/i-1", {})],
    "key for an instance": [("ec2-instance-connect:SendSSHPublicKey", f"arn:aws:ec2:{HERE}instance/i-1", {})],
    "command on an instance": [("ssm:SendCommand", f"arn:aws:ec2:{HERE}instance/i-1", {})],
    "session on an instance": [("ssm:StartSession", f"arn:aws:ec2:{HERE}instance/i-1", {})],
    "stack": [
        passing(OURS, "cloudformation"),
        ("cloudformation:CreateStack", f"arn:aws:cloudformation:{HERE}stack/x/*", {}),
    ],
    "change of a stack": [("cloudformation:UpdateStack", f"arn:aws:cloudformation:{HERE}stack/x/1", {})],
    "endpoint of Glue": [passing(OURS, "glue"), ("glue:CreateDevEndpoint", "*", {})],
    "job of Glue": [passing(OURS, "glue"), ("glue:CreateJob", "*", {})],
    "pipeline": [passing(OURS, "datapipeline"), ("datapipeline:CreatePipeline", "*", {})],
    "notebook": [passing(OURS, "sagemaker"), ("sagemaker:CreateNotebookInstance", "*", {})],
    "somebody's notebook": [("sagemaker:CreatePresignedNotebookInstanceUrl", "*", {})],
    "build": [passing(OURS, "codebuild"), ("codebuild:CreateProject", "*", {})],
    "task": [passing(OURS, "ecs-tasks"), ("ecs:RegisterTaskDefinition", "*", {})],
    "state machine": [passing(OURS, "states"), ("states:CreateStateMachine", "*", {})],
    "schedule": [passing(OURS, "scheduler"), ("scheduler:CreateSchedule", "*", {})],
    "rule with a role": [passing(OURS, "events")],
    "service catalog, star": [passing(OURS, "codestar"), ("codestar:CreateProject", "*", {})],
    "grant of a key": [("kms:CreateGrant", f"arn:aws:kms:{HERE}key/1", {"kms:calleraccount": [ACCOUNT_ID]})],
    "policy of somebody's key": [("kms:PutKeyPolicy", f"arn:aws:kms:{HERE}key/1", {"kms:calleraccount": [ACCOUNT_ID]})],
    "somebody's key made ours": [
        ("kms:TagResource", f"arn:aws:kms:{HERE}key/1", TAGGED | {"kms:resourcealiases": ["alias/payroll"]})
    ],
    "policy of somebody's bucket": [("s3:PutBucketPolicy", "arn:aws:s3:::payroll", {})],
    "state of another tool": [("s3:PutObject", f"arn:aws:s3:::terraform-state-{ACCOUNT_ID}-us-east-1/other.json", {})],
    "policy of somebody's secret": [("secretsmanager:PutResourcePolicy", f"arn:aws:secretsmanager:{HERE}secret:x", {})],
    "somebody's secret": [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}secret:x", {})],
    "master secret": [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}secret:rds!cluster-1", {})],
    "password of somebody's database": [("rds:ModifyDBCluster", f"arn:aws:rds:{HERE}cluster:payroll", {})],
    "somebody's network made ours": [("ec2:CreateTags", f"arn:aws:ec2:{HERE}vpc/vpc-1", TAGGED)],
    "somebody's tagged group": [
        ("ec2:CreateTags", f"arn:aws:ec2:{HERE}security-group/sg-1", TAGGED | {"aws:resourcetag/platform": ["payroll"]})
    ],
    "rule of somebody's group": [
        ("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:{HERE}security-group/sg-1", {"ec2:region": ["us-east-1"]})
    ],
    "service-linked role of another service": [
        (
            "iam:CreateServiceLinkedRole",
            f"{IAM}role/aws-service-role/organizations.amazonaws.com/*",
            {"iam:awsservicename": ["organizations.amazonaws.com"]},
        )
    ],
    "delegation": [("iam:CreateDelegationRequest", f"{IAM}delegation-request/*", {})],
}

LEGITIMATE = {
    "role with the boundary": ("iam:CreateRole", OURS, TAGGED | BOUND),
    "policy of the platform": attached("role", "iam-role-lambda-x", f"{IAM}policy/iam-policy-lambda-x", **BOUND),
    "policy of AWS for AWS Config": attached(
        "role", "iam-role-config-recorder-x", "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole", **BOUND
    ),
    "function with its role": passing(OURS, "lambda"),
    "code of a function": ("lambda:UpdateFunctionCode", f"{FUNCTION}lambda-api-x", {}),
    "new key": ("kms:TagResource", f"arn:aws:kms:{HERE}key/*", TAGGED),
    "new network": ("ec2:CreateTags", f"arn:aws:ec2:{HERE}vpc/*", TAGGED | {"ec2:createaction": ["CreateVpc"]}),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("role", "files"), [("deployer", POLICIES), ("reader", READER)])
def test_e2_the_path_is_closed(path, role, files):
    assert not all(judged(files, *request).allowed for request in PATHS[path]), f"{role}: {path}"


@pytest.mark.parametrize("request_name", LEGITIMATE)
def test_e2_what_a_deployer_needs_stays_open(request_name):
    assert judged(POLICIES, *LEGITIMATE[request_name]).allowed


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateUser", f"{IAM}user/x"),
        ("iam:AttachRolePolicy", OURS),
        ("iam:PassRole", THEIRS),
        ("sts:AssumeRole", THEIRS),
        ("lambda:UpdateFunctionCode", f"{FUNCTION}lambda-api-x"),
        ("kms:PutKeyPolicy", f"arn:aws:kms:{HERE}key/1"),
        ("s3:GetObject", "arn:aws:s3:::payroll/a"),
        ("s3:GetObject", f"arn:aws:s3:::terraform-state-{ACCOUNT_ID}-us-east-1/x/kms/terraform.tfstate"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}secret:payroll"),
        ("ec2:RunInstances", f"arn:aws:ec2:{HERE}instance/*"),
    ],
)
def test_e2_a_role_of_the_platform_reaches_nothing_of_that_whatever_its_policies_say(action, resource):
    assert not allowing((BOUNDARY,), action, resource, {"aws:requestedregion": ["us-east-1"]})


def test_e2_paths_are_many():
    assert len(PATHS) >= 60
