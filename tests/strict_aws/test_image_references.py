"""What refers to an image: instances, launch templates, parameters; and Auto Scaling, which has to be asked itself.

Rules without another source are the EC2 API reference's, DescribeImageReferences and DescribeLaunchTemplateVersions.
"""

from typing import Any

import pytest

from playground.aws import Account, StrictAws
from playground.company import target_policy
from tests.strict_aws.rules import INFERRED, READ, refused, rule
from tests.strict_aws.targets import OWNER, REGION, TARGET, session

ALL = {"IncludeAllResourceTypes": True}
NO_ONES = "ami-0123456789abcdef0"


class Speaking:
    """An account's clients."""

    def __init__(self, account: Account, region: str = REGION) -> None:
        made = session(**account.user(f"admin-{region}").for_boto())
        self.id = account.id
        self.ec2, self.ssm = made.client("ec2", region), made.client("ssm", region)
        self.autoscaling = made.client("autoscaling", region)

    def template(self, name: str, *image_ids: str) -> str:
        """Make a launch template with a version for each image, and return its id."""
        first, *others = ({"ImageId": image_id, "InstanceType": "t3.micro"} for image_id in image_ids)
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=first)
        template_id = str(made["LaunchTemplate"]["LaunchTemplateId"])
        for data in others:
            self.ec2.create_launch_template_version(LaunchTemplateId=template_id, LaunchTemplateData=data)
        return template_id

    def references(self, *image_ids: str, **how: Any) -> list[tuple[str, str]]:
        told = self.ec2.describe_image_references(ImageIds=list(image_ids), **(how or ALL))["ImageReferences"]
        return [(each["ResourceType"], each["Arn"].rpartition("/")[2]) for each in told]

    def versions(self, **how: Any) -> list[tuple[str, int, str]]:
        told = self.ec2.describe_launch_template_versions(**how)["LaunchTemplateVersions"]
        return [(v["LaunchTemplateName"], v["VersionNumber"], v["LaunchTemplateData"]["ImageId"]) for v in told]


@pytest.fixture
def owner(aws: StrictAws) -> Speaking:
    return Speaking(aws.account(OWNER))


@pytest.fixture
def image(aws: StrictAws) -> str:
    return aws.account(OWNER).image(REGION)


def only(resource_type: str, **options: str) -> dict[str, Any]:
    named = [{"OptionName": name.replace("_", "-"), "OptionValues": [value]} for name, value in options.items()]
    return {"ResourceType": resource_type, "ResourceTypeOptions": named}


@rule("2.5", READ)
def test_instances_templates_and_parameters_refer_to_an_image(aws: StrictAws, owner: Speaking, image: str) -> None:
    instance = aws.account(OWNER).instance(REGION, image)
    template = owner.template("web", image)
    owner.template("other", NO_ONES)
    owner.ssm.put_parameter(Name="/golden", Value=image, Type="String", DataType="aws:ec2:image")
    told = owner.ec2.describe_image_references(ImageIds=[image], **ALL)["ImageReferences"]
    assert told == [
        {
            "ImageId": image,
            "ResourceType": "ec2:Instance",
            "Arn": f"arn:aws:ec2:{REGION}:{OWNER}:instance/{instance}",
        },
        {
            "ImageId": image,
            "ResourceType": "ec2:LaunchTemplate",
            "Arn": f"arn:aws:ec2:{REGION}:{OWNER}:launch-template/{template}",
        },
        {"ImageId": image, "ResourceType": "ssm:Parameter", "Arn": f"arn:aws:ssm:{REGION}:{OWNER}:parameter/golden"},
    ]


@rule("2.5", READ)
def test_each_account_sees_its_own_in_one_region(aws: StrictAws, owner: Speaking, image: str) -> None:
    target, elsewhere = Speaking(aws.account(TARGET)), Speaking(aws.account(OWNER), "us-east-1")
    aws.share(image, TARGET)
    theirs = target.template("theirs", image)
    assert target.references(image) == [("ec2:LaunchTemplate", theirs)]
    assert owner.references(image) == elsewhere.references(image) == []


@rule("2.5", READ)
def test_what_is_looked_at_can_be_narrowed(aws: StrictAws, owner: Speaking, image: str) -> None:
    running = aws.account(OWNER).instance(REGION, image)
    stopped = aws.account(OWNER).instance(REGION, image, state="stopped")
    template = owner.template("web", image, NO_ONES)
    latest_only = only("ec2:LaunchTemplate", version_depth="1")
    assert set(owner.references(image, ResourceTypes=[only("ec2:Instance")])) == {
        ("ec2:Instance", running),
        ("ec2:Instance", stopped),
    }
    narrowed = [only("ec2:Instance", state_name="running"), latest_only]
    assert owner.references(image, ResourceTypes=narrowed) == [("ec2:Instance", running)]
    assert owner.references(NO_ONES, ResourceTypes=narrowed) == [("ec2:LaunchTemplate", template)]
    assert ("ec2:LaunchTemplate", template) in owner.references(image)
    assert ("ec2:LaunchTemplate", template) not in owner.references(image, **ALL, ResourceTypes=[latest_only])
    assert owner.references(image, ResourceTypes=[only("imagebuilder:ImageRecipe")]) == []


@rule("2.5", READ)
def test_ten_versions_are_looked_at_if_nobody_says_more(owner: Speaking, image: str) -> None:
    template = owner.template("web", image, *([NO_ONES] * 10))
    assert owner.references(image) == []
    deep = [only("ec2:LaunchTemplate", version_depth="11")]
    assert owner.references(image, ResourceTypes=deep) == [("ec2:LaunchTemplate", template)]
    with refused("InvalidParameterValue"):
        owner.references(image, ResourceTypes=[only("ec2:LaunchTemplate", version_depth="10001")])


@rule("2.5", READ)
def test_ten_images_a_call(owner: Speaking, image: str) -> None:
    with refused("InvalidParameterValue"):
        owner.references(*[f"ami-{number:017x}" for number in range(11)])
    with refused("InvalidAMIID.Malformed"):
        owner.references("image-1")
    with refused("MissingParameter"):
        owner.references(image, IncludeAllResourceTypes=False)


@rule("2.5", READ)
@pytest.mark.parametrize("lacking", [None, "ec2:DescribeInstances", "ssm:GetParameters"])
def test_ec2_looks_with_the_callers_own_rights(aws: StrictAws, image: str, lacking: str | None) -> None:
    """EC2 User Guide, "Identify your resources referencing specified AMIs", "Required IAM permissions"."""
    (looking,) = (each for each in target_policy(OWNER)["Statement"] if each["Sid"] == "LetEc2SeeWhatUsesCopies")
    looking = {**looking, "Action": [action for action in looking["Action"] if action != lacking]}
    asking = {"Effect": "Allow", "Action": "ec2:DescribeImageReferences", "Resource": "*"}
    user = aws.account(OWNER).user("looker", {"Version": "2012-10-17", "Statement": [asking, looking]})
    ec2 = session(**user.for_boto()).client("ec2", REGION)
    if lacking is None:
        assert ec2.describe_image_references(ImageIds=[image], **ALL)["ImageReferences"] == []
    else:
        with refused("UnauthorizedOperation", lacking):
            ec2.describe_image_references(ImageIds=[image], **ALL)
    with refused("UnauthorizedOperation"):
        ec2.describe_instances()


@rule("2.5", READ)
def test_pages_of_references(aws: StrictAws, owner: Speaking, image: str) -> None:
    made = {aws.account(OWNER).instance(REGION, image) for _ in range(12)}
    paginator = owner.ec2.get_paginator("describe_image_references")
    pages = list(paginator.paginate(ImageIds=[image], **ALL, PaginationConfig={"PageSize": 5}))
    assert [len(page["ImageReferences"]) for page in pages] == [5, 5, 2]
    assert {each["Arn"].rpartition("/")[2] for page in pages for each in page["ImageReferences"]} == made


@rule("2.5", INFERRED)
def test_an_image_that_is_gone_can_still_be_referred_to(aws: StrictAws, owner: Speaking, image: str) -> None:
    instance = aws.account(OWNER).instance(REGION, image)
    owner.ec2.deregister_image(ImageId=image)
    assert owner.references(image) == [("ec2:Instance", instance)]


def test_without_anything_in_moto_it_is_not_asked(aws: StrictAws, owner: Speaking, image: str) -> None:
    aws.faults.throttle("DescribeImageReferences")
    assert owner.references(image) == []
    assert not aws.moto_is_in_use
    assert len(aws.journal.calls("DescribeImageReferences", outcome="ok")) == 1


@rule("2.5", READ)
def test_the_latest_and_default_versions_of_all_templates(owner: Speaking, image: str) -> None:
    """Without an id or a name. A version that is both comes once [inferred]."""
    owner.template("one", image)
    owner.template("two", image, NO_ONES, NO_ONES)
    both = owner.versions(Versions=["$Latest", "$Default"])
    assert sorted(both) == [("one", 1, image), ("two", 1, image), ("two", 3, NO_ONES)]
    assert sorted(owner.versions(Versions=["$Latest"])) == [("one", 1, image), ("two", 3, NO_ONES)]
    by_image = [{"Name": "image-id", "Values": [NO_ONES]}]
    assert owner.versions(Versions=["$Latest", "$Default"], Filters=by_image) == [("two", 3, NO_ONES)]
    with refused("InvalidParameterValue"):
        owner.versions(Versions=["1"])


@rule("2.5", READ)
def test_the_versions_of_one_template(owner: Speaking, image: str) -> None:
    template = owner.template("web", image, NO_ONES)
    for which in ({"LaunchTemplateId": template}, {"LaunchTemplateName": "web"}):
        assert owner.versions(**which) == [("web", 1, image), ("web", 2, NO_ONES)]
        assert owner.versions(**which, Versions=["$Latest"]) == [("web", 2, NO_ONES)]
        assert owner.versions(**which, MinVersion="2") == [("web", 2, NO_ONES)]
    with refused("InvalidLaunchTemplateId.NotFound"):
        owner.versions(LaunchTemplateId="lt-0123456789abcdef0")


@rule("2.5", READ)
def test_pages_of_versions(owner: Speaking, image: str) -> None:
    """moto keeps back what is not on the first page."""
    for number in range(17):
        owner.template(f"web-{number}", image)
    assert len(owner.versions(Versions=["$Latest"])) == 17
    paginator = owner.ec2.get_paginator("describe_launch_template_versions")
    pages = list(paginator.paginate(Versions=["$Latest"], PaginationConfig={"PageSize": 10}))
    assert [len(page["LaunchTemplateVersions"]) for page in pages] == [10, 7]
    templates = owner.ec2.get_paginator("describe_launch_templates")
    names = [
        [each["LaunchTemplateName"] for each in page["LaunchTemplates"]]
        for page in templates.paginate(PaginationConfig={"PageSize": 10})
    ]
    assert [len(each) for each in names] == [10, 7]
    with refused("InvalidParameterValue"):
        owner.versions(Versions=["$Latest"], MaxResults=201)


@rule("2.5", READ)
def test_templates_by_name_and_tag(owner: Speaking, image: str) -> None:
    """EC2 API reference, DescribeLaunchTemplates."""
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "base"}]}]
    owner.ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": image}, TagSpecifications=tags
    )
    owner.template("other", image)

    def names(**how: Any) -> list[str]:
        told = owner.ec2.describe_launch_templates(**how)["LaunchTemplates"]
        return [each["LaunchTemplateName"] for each in told]

    assert names(LaunchTemplateNames=["web"]) == names(Filters=[{"Name": "tag:team", "Values": ["base"]}]) == ["web"]
    assert names(Filters=[{"Name": "launch-template-name", "Values": ["oth*"]}]) == ["other"]
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        names(LaunchTemplateNames=["nobody-has-it"])


@rule("2.5", READ)
def test_auto_scaling_tells_what_it_launches(owner: Speaking, image: str) -> None:
    """Of an image that only the strict AWS knows: moto does not ask for it (`MOTO_ENABLE_AMI_VALIDATION` is off)."""
    template, scaling = owner.template("web", image), owner.autoscaling
    scaling.create_launch_configuration(LaunchConfigurationName="old", ImageId=image, InstanceType="t3.micro")
    (configuration,) = scaling.describe_launch_configurations()["LaunchConfigurations"]
    assert configuration["ImageId"] == image
    specification = {"LaunchTemplateId": template, "Version": "$Latest"}
    ways: dict[str, dict[str, Any]] = {
        "configured": {"LaunchConfigurationName": "old"},
        "mixed": {
            "MixedInstancesPolicy": {
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": specification,
                    "Overrides": [{"InstanceType": "t3.small", "ImageId": NO_ONES}],
                }
            }
        },
        "plain": {"LaunchTemplate": specification},
    }
    for name, way in ways.items():
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=0, MaxSize=2, AvailabilityZones=[f"{REGION}a"], **way
        )
    groups = {
        each["AutoScalingGroupName"]: each for each in scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    }
    assert groups["configured"]["LaunchConfigurationName"] == "old"
    assert groups["plain"]["LaunchTemplate"] == {**specification, "LaunchTemplateName": "web"}
    mixed = groups["mixed"]["MixedInstancesPolicy"]["LaunchTemplate"]
    assert mixed["LaunchTemplateSpecification"]["LaunchTemplateId"] == template
    assert mixed["Overrides"] == [{"InstanceType": "t3.small", "ImageId": NO_ONES}]
    assert owner.references(NO_ONES) == [], "EC2 doesn't look into groups"


@rule("2.5", READ)
@pytest.mark.parametrize("lacking", ["DescribeAutoScalingGroups", "DescribeLaunchConfigurations"])
def test_auto_scaling_tells_only_who_may_look(aws: StrictAws, lacking: str) -> None:
    """Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2 Auto Scaling"."""
    denied = {"Effect": "Deny", "Action": f"autoscaling:{lacking}", "Resource": "*"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    user = aws.account(OWNER).user("looker", {"Version": "2012-10-17", "Statement": [everything, denied]})
    scaling = session(**user.for_boto()).client("autoscaling", REGION)
    looks = {
        "DescribeAutoScalingGroups": scaling.describe_auto_scaling_groups,
        "DescribeLaunchConfigurations": scaling.describe_launch_configurations,
    }
    with refused("AccessDenied", f"autoscaling:{lacking}"):
        looks.pop(lacking)()
    for look in looks.values():
        look()
