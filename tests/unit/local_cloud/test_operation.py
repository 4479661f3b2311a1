import pytest

from orchestrator.local_cloud.operation import operation_of

SIGNED_S3 = "LOCALPLATFORMCTLFAKE%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"


@pytest.mark.parametrize(
    ("service", "changes", "label", "protocol"),
    [
        ("ec2", {"body": b"Action=CreateVpc&Version=2016-11-15"}, "ec2:CreateVpc", "ec2"),
        ("iam", {"body": b"Version=2010-05-08&Action=CreateRole"}, "iam:CreateRole", "query"),
        ("kms", {"HTTP_X_AMZ_TARGET": "TrentService.CreateKey"}, "kms:CreateKey", "json"),
        ("s3", {"method": "PUT", "path": "/bucket/key"}, "s3:PutObject", "s3"),
        ("s3", {"method": "HEAD", "path": "/bucket"}, "s3:HeadBucket", "s3"),
        (
            "s3",
            {
                "path": "/v20180820/configuration/publicAccessBlock",
                "method": "GET",
                "HTTP_X_AMZ_ACCOUNT_ID": "123456789012",
            },
            "s3control:GetPublicAccessBlock",
            "rest-xml",
        ),
        ("lambda", {"method": "GET", "path": "/2015-03-31/functions/f"}, "lambda:GetFunction", "rest-json"),
        (
            "monitoring",
            {"path": "/service/Granite/operation/PutMetricAlarm", "HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor"},
            "monitoring:PutMetricAlarm",
            "cbor",
        ),
        ("nosuchservice", {"method": "GET"}, "nosuchservice:?", "rest-json"),
        ("", {"method": "GET"}, "?:?", "s3"),
    ],
)
def test_tells_service_action_and_protocol(request_to, service, changes, label, protocol):
    operation = operation_of(request_to(service, **changes))
    assert (operation.label, operation.protocol) == (label, protocol)


def test_leaves_the_body_at_its_start(request_to):
    environ = request_to(body=b"Action=CreateVpc")
    operation_of(environ)
    assert environ["wsgi.input"].read() == b"Action=CreateVpc"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"QUERY_STRING": f"X-Amz-Credential={SIGNED_S3}"}, "LOCALPLATFORMCTLFAKE"),
        ({"QUERY_STRING": "AWSAccessKeyId=OLDSTYLE&Signature=x"}, "OLDSTYLE"),
        ({"HTTP_AUTHORIZATION": "AWS OLDSTYLE:signature"}, "OLDSTYLE"),
        ({}, ""),
    ],
)
def test_finds_the_key_of_other_signatures(request_to, changes, key):
    assert operation_of(request_to("", method="GET", **changes)).access_key_id == key
