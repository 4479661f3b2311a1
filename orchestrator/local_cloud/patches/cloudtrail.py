"""CloudTrail: trails by name and by ARN."""

import json
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend
from moto.cloudtrail.responses import CloudTrailResponse

from orchestrator.local_cloud.patches.registry import Original, around, patch


@patch(
    service="cloudtrail",
    subject="aws_cloudtrail (destroy)",
    symptom="DeleteTrail accepts only names and ignores anything else: a trail deleted by its ARN stays",
    restores="a trail is deleted by name or ARN; one that does not exist is an error",
    upstream="issues/10107",
)
def delete_trail() -> None:
    @around(CloudTrailBackend, "delete_trail")
    def delete_trail(original: Original, self: Any, name: str) -> None:
        original(self, self.get_trail(name).trail_name)


@patch(
    service="cloudtrail",
    subject="aws_cloudtrail (a second one)",
    symptom="DescribeTrails ignores trailNameList and lists every trail: with two trails the provider finds none",
    restores="trailNameList selects by name or ARN; missing trails are left out",
    upstream=None,
)
def describe_trails() -> None:
    @around(CloudTrailResponse, "describe_trails")
    def describe_trails(original: Original, self: Any) -> str:
        answer = json.loads(original(self))
        wanted = self._get_param("trailNameList")
        if wanted:
            answer["trailList"] = [
                trail for trail in answer["trailList"] if trail["Name"] in wanted or trail["TrailARN"] in wanted
            ]
        return json.dumps(answer)
