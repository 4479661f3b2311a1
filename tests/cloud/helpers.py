"""What tests of functions, events and policies have in common."""

import io
import json
import zipfile

HERE = "us-east-1:123456789012"
# The name in signatures where it is not botocore's.
SIGNED_AS = {"cloudwatch": "monitoring"}
# Stands for a parameter that a request leaves out.
MISSING = object()


def statement(action, resource, *, effect="Allow", service=None, principal=None, condition=None, **more):
    """Build a policy statement, for a service or any other principal if one is given."""
    found = {"Effect": effect, "Action": action, "Resource": resource, **more}
    if service or principal:
        found["Principal"] = principal or {"Service": service}
    return found | ({"Condition": condition} if condition else {})


def document(*statements):
    """Build a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trail_policy(bucket):
    """Build the policy of a bucket for trails: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html."""
    arn, service = f"arn:aws:s3:::{bucket}", "cloudtrail.amazonaws.com"
    owned = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    return document(
        statement("s3:GetBucketAcl", arn, service=service),
        statement("s3:PutObject", f"{arn}/AWSLogs/123456789012/*", service=service, condition=owned),
    )


EVERYTHING = statement("*", "*")
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def archive(source):
    """Build the zip archive of a function whose handler.py is this."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("handler.py", source)
    return content.getvalue()
