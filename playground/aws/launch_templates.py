"""Launch templates: they stand in moto, and are described here.

moto ignores the filters of `DescribeLaunchTemplateVersions` and keeps back, without a token, what goes beyond the first
page; so it is asked for everything, and the rest is done here. It asks no image whether it exists, unless its own
switch `MOTO_ENABLE_AMI_VALIDATION` tells it to: the images are not in moto.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError
from playground.aws.filters import filtered, page
from playground.aws.policies import Ask

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

_WHICH = ("LaunchTemplateId", "LaunchTemplateName", "Versions", "MinVersion", "MaxVersion")
_PAGE_SIZES = range(1, 201)  # EC2 API, DescribeLaunchTemplateVersions
_ALL = 100_000


@dataclass(frozen=True)
class Version:
    """One version of a launch template, as it is described."""

    id: str
    told: Mapping[str, Any]
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def image_id(self) -> str:
        return str(self.told["LaunchTemplateData"].get("ImageId", ""))


def latest_versions(aws: "StrictAws", account_id: str, region: str, template_id: str, depth: int) -> list[Version]:
    """List the `depth` most recent versions of a template."""
    asked = {"LaunchTemplateId": template_id}
    return sorted(_versions(aws, account_id, region, asked), key=lambda version: version.id, reverse=True)[:depth]


def template_ids(aws: "StrictAws", account_id: str, region: str) -> list[str]:
    """Name the templates of an account. Without moto there are none."""
    if not aws.moto_is_in_use:
        return []
    told = aws.moto.client("ec2", region, account_id).describe_launch_templates(MaxResults=_ALL)
    return [template["LaunchTemplateId"] for template in told["LaunchTemplates"]]


@serves("ec2", "DescribeLaunchTemplateVersions")
def describe_launch_template_versions(call: Call) -> dict[str, Any]:
    """Versions of one template, or of all of them `$Latest`, `$Default` or both; one that is both comes once."""
    call.authorize(Ask("ec2:DescribeLaunchTemplateVersions"))
    parameters = call.parameters
    limit = parameters.get("MaxResults")
    if limit is not None and limit not in _PAGE_SIZES:
        raise AwsError("InvalidParameterValue", f"Value ( {limit} ) for parameter maxResults is invalid.")
    asked = {name: parameters[name] for name in _WHICH if name in parameters}
    found = _versions(call.aws, call.account_id, call.region, asked)
    chosen, token = page(filtered(found, parameters.get("Filters", ()), _FILTERS), parameters)
    return {"LaunchTemplateVersions": [version.told for version in chosen], "NextToken": token}


def _versions(aws: "StrictAws", account_id: str, region: str, asked: Mapping[str, Any]) -> list[Version]:
    client = aws.moto.client("ec2", region, account_id)
    try:
        told = client.describe_launch_template_versions(**asked, MaxResults=_ALL)["LaunchTemplateVersions"]
    except ClientError as refusal:
        error = refusal.response["Error"]
        raise AwsError(error["Code"], error["Message"]) from None
    by_id = {f"{each['LaunchTemplateId']} {each['VersionNumber']:06}": each for each in told}
    return [Version(id, each) for id, each in by_id.items()]  # noqa: A001


_FILTERS = {
    "image-id": lambda version: version.image_id,
    "instance-type": lambda version: version.told["LaunchTemplateData"].get("InstanceType", []),
    "is-default-version": lambda version: version.told["DefaultVersion"],
}
