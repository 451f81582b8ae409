"""Launch templates: they stand in moto, and are described here.

moto keeps back, without a token, what goes beyond the first page, and ignores the filters of
`DescribeLaunchTemplateVersions`; so it is asked for everything, and the rest is done here. It asks no image whether it
exists, unless its own switch `MOTO_ENABLE_AMI_VALIDATION` tells it to: the images are not in moto.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError
from playground.aws.filters import filtered, page, tag_dict
from playground.aws.policies import Ask

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

_WHICH = ("LaunchTemplateId", "LaunchTemplateName", "Versions", "MinVersion", "MaxVersion")
_PAGE_SIZES = range(1, 201)  # EC2 API, DescribeLaunchTemplateVersions
_ALL = 100_000


@dataclass(frozen=True)
class Template:
    """A launch template, as it is described."""

    id: str
    told: Mapping[str, Any]
    tags: dict[str, str]


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
    return [template.id for template in _templates(aws, account_id, region, {})]


@serves("ec2", "DescribeLaunchTemplates")
def describe_launch_templates(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:DescribeLaunchTemplates"))
    parameters = call.parameters
    _refuse_page_size(parameters.get("MaxResults"))
    asked = {name: parameters[name] for name in ("LaunchTemplateIds", "LaunchTemplateNames") if name in parameters}
    found = filtered(
        _templates(call.aws, call.account_id, call.region, asked), parameters.get("Filters", ()), _TEMPLATE_FILTERS
    )
    chosen, token = page(found, parameters)
    return {"LaunchTemplates": [template.told for template in chosen], "NextToken": token}


_TEMPLATE_FILTERS = {"launch-template-name": lambda template: template.told["LaunchTemplateName"]}


@serves("ec2", "DescribeLaunchTemplateVersions")
def describe_launch_template_versions(call: Call) -> dict[str, Any]:
    """Versions of one template, or of all of them `$Latest`, `$Default` or both; one that is both comes once."""
    call.authorize(Ask("ec2:DescribeLaunchTemplateVersions"))
    parameters = call.parameters
    _refuse_page_size(parameters.get("MaxResults"))
    asked = {name: parameters[name] for name in _WHICH if name in parameters}
    found = _versions(call.aws, call.account_id, call.region, asked)
    chosen, token = page(filtered(found, parameters.get("Filters", ()), _FILTERS), parameters)
    return {"LaunchTemplateVersions": [version.told for version in chosen], "NextToken": token}


def _refuse_page_size(limit: int | None) -> None:
    if limit is not None and limit not in _PAGE_SIZES:
        raise AwsError("InvalidParameterValue", f"Value ( {limit} ) for parameter maxResults is invalid.")


def _templates(aws: "StrictAws", account_id: str, region: str, asked: Mapping[str, Any]) -> list[Template]:
    client = aws.moto.client("ec2", region, account_id)
    with _in_motos_words():
        told = client.describe_launch_templates(**asked, MaxResults=_ALL)["LaunchTemplates"]
    return [Template(each["LaunchTemplateId"], each, tag_dict(each.get("Tags", ()))) for each in told]


def _versions(aws: "StrictAws", account_id: str, region: str, asked: Mapping[str, Any]) -> list[Version]:
    client = aws.moto.client("ec2", region, account_id)
    with _in_motos_words():
        told = client.describe_launch_template_versions(**asked, MaxResults=_ALL)["LaunchTemplateVersions"]
    by_id = {f"{each['LaunchTemplateId']} {each['VersionNumber']:06}": each for each in told}
    return [Version(id, each) for id, each in by_id.items()]  # noqa: A001


@contextmanager
def _in_motos_words() -> Iterator[None]:
    """Refuse what moto refuses, by its code and words."""
    try:
        yield
    except ClientError as refusal:
        error = refusal.response["Error"]
        raise AwsError(error["Code"], error["Message"]) from None


_FILTERS = {
    "image-id": lambda version: version.image_id,
    "instance-type": lambda version: version.told["LaunchTemplateData"].get("InstanceType", []),
    "is-default-version": lambda version: version.told["DefaultVersion"],
}
