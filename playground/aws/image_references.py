"""What refers to an image in the caller's account: instances, launch templates and parameters.

After the EC2 API reference, DescribeImageReferences, and the EC2 User Guide, "Identify your resources referencing
specified AMIs". Recipes of Image Builder can be asked for; nobody makes any here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.aws import images, launch_templates
from playground.aws.calls import Call, serves
from playground.aws.errors import AwsError
from playground.aws.filters import page
from playground.aws.policies import Ask

_CALLED_VIA = {"aws:CalledVia": ["ec2-images.amazonaws.com"]}
_NEEDED = {
    "ec2:Instance": ["ec2:DescribeInstances"],
    "ec2:LaunchTemplate": ["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"],
    "ssm:Parameter": ["ssm:DescribeParameters", "ssm:GetParameters"],
    "imagebuilder:ImageRecipe": ["imagebuilder:ListImageRecipes"],
    "imagebuilder:ContainerRecipe": ["imagebuilder:ListContainerRecipes", "imagebuilder:GetContainerRecipe"],
}
_DEPTHS = range(1, 10_001)
_USUAL_DEPTH = 10

Options = Mapping[str, list[str]]


@dataclass(frozen=True)
class Reference:
    """One resource that refers to one image."""

    image_id: str
    resource_type: str
    arn: str
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.image_id} {self.resource_type} {self.arn}"


@serves("ec2", "DescribeImageReferences")
def describe_image_references(call: Call) -> dict[str, Any]:
    """The caller's own resources that refer to the images; whether these exist, or are its own, is not asked."""
    types = _types_asked(call)
    # EC2 looks with the caller's own rights. Which it needs is documented, but not which of them for which type.
    looks = (Ask(action, context=_CALLED_VIA) for each in types for action in _NEEDED[each])
    call.authorize(Ask("ec2:DescribeImageReferences"), *looks)
    wanted = call.parameters["ImageIds"]
    for image_id in wanted:
        images.refuse_malformed(image_id)
    found = {
        reference.id: reference
        for resource_type, options in types.items()
        for reference in _LOOKS[resource_type](call, options)
        if reference.image_id in wanted
    }
    chosen, token = page(found.values(), call.parameters)
    told = [{"ImageId": each.image_id, "ResourceType": each.resource_type, "Arn": each.arn} for each in chosen]
    return {"ImageReferences": told, "NextToken": token}


def _types_asked(call: Call) -> dict[str, Options]:
    """Return the types to look at, each with its options; those given along with "all types" go before the usual."""
    parameters = call.parameters
    asked: dict[str, Options] = {each: {} for each in _LOOKS} if parameters.get("IncludeAllResourceTypes") else {}
    for each in parameters.get("ResourceTypes", ()):
        options = each.get("ResourceTypeOptions", ())
        asked[each["ResourceType"]] = {option["OptionName"]: option["OptionValues"] for option in options}
    if not asked:  # that it is refused is documented, the code is not
        raise AwsError("MissingParameter", "Either IncludeAllResourceTypes or ResourceTypes must be specified.")
    return asked


def _instances(call: Call, options: Options) -> Iterator[Reference]:
    states = options.get("state-name")
    for instance in call.aws.instances.values():
        is_mine = (instance.owner, instance.region) == (call.account_id, call.region)
        if is_mine and (states is None or instance.state in states):
            yield Reference(instance.image_id, "ec2:Instance", instance.arn)


def _launch_templates(call: Call, options: Options) -> Iterator[Reference]:
    (said,) = options.get("version-depth", [str(_USUAL_DEPTH)])
    if not said.isdigit() or int(said) not in _DEPTHS:
        raise AwsError("InvalidParameterValue", f"Value ({said}) for version-depth is invalid.")
    where = call.aws, call.account_id, call.region
    for template_id in launch_templates.template_ids(*where):
        arn = f"arn:aws:ec2:{call.region}:{call.account_id}:launch-template/{template_id}"
        for version in launch_templates.latest_versions(*where, template_id, int(said)):
            yield Reference(version.image_id, "ec2:LaunchTemplate", arn)


def _parameters(call: Call, _: Options) -> Iterator[Reference]:
    """Look at parameters of the data type for images alone [inferred]."""
    if call.aws.moto_is_in_use:
        ssm = call.aws.moto.client("ssm", call.region, call.account_id)
        for told in ssm.get_paginator("describe_parameters").paginate():
            for each in told["Parameters"]:
                if each.get("DataType") == "aws:ec2:image":
                    parameter = ssm.get_parameter(Name=each["Name"])["Parameter"]
                    yield Reference(parameter["Value"], "ssm:Parameter", parameter["ARN"])


def _none(_: Call, __: Options) -> Iterator[Reference]:
    return iter(())


_LOOKS: dict[str, Callable[[Call, Options], Iterator[Reference]]] = {
    "ec2:Instance": _instances,
    "ec2:LaunchTemplate": _launch_templates,
    "ssm:Parameter": _parameters,
    "imagebuilder:ImageRecipe": _none,
    "imagebuilder:ContainerRecipe": _none,
}
