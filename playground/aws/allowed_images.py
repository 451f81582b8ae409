"""Allowed AMIs: an account's own say, per region, about which foreign images exist for it.

Source: EC2 User Guide, "Control the discovery and use of AMIs in Amazon EC2 with Allowed AMIs".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from playground.aws.calls import Call, serves
from playground.aws.errors import NotServed
from playground.aws.policies import Ask, like

if TYPE_CHECKING:
    from playground.aws.images import Image

_SERVED = {
    "ImageProviders",
    "ImageNames",
    "MarketplaceProductCodes",
    "CreationDateCondition",
    "DeprecationTimeCondition",
}


@dataclass
class AllowedImages:
    """The setting of one account in one region. `state` is `disabled`, `audit-mode` or `enabled`."""

    state: str = "disabled"
    criteria: list[dict[str, Any]] = field(default_factory=list)
    managed_by: str = "account"


def allows(settings: AllowedImages, image: "Image", account_id: str, now: datetime) -> bool:
    """Say whether `account_id` may use the image. Own images always; otherwise any one criterion is enough."""
    return image.owner == account_id or any(_meets(criterion, image, now) for criterion in settings.criteria)


def _meets(criterion: dict[str, Any], image: "Image", now: datetime) -> bool:
    """Weigh one criterion: all its parameters must hold, and a parameter holds on any of its values."""

    def holds(parameter: str, wanted: Any) -> bool:
        match parameter:
            case "ImageProviders":
                return image.owner in wanted or image.owner_alias in wanted
            case "ImageNames":
                return any(like(pattern, image.name) for pattern in wanted)
            case "MarketplaceProductCodes":
                return bool(set(wanted) & set(image.product_codes))
            case "CreationDateCondition":
                return now - image.created <= timedelta(days=wanted["MaximumDaysSinceCreated"])
            case "DeprecationTimeCondition":
                since = timedelta(days=wanted["MaximumDaysSinceDeprecated"])
                return image.deprecation_time is None or now - image.deprecation_time <= since
            case _:
                raise NotServed(f"the Allowed AMIs criterion {parameter}")

    return all(holds(parameter, wanted) for parameter, wanted in criterion.items())


@serves("ec2", "GetAllowedImagesSettings")
def get_allowed_images_settings(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:GetAllowedImagesSettings"))
    settings = _settings(call)
    return {"State": settings.state, "ImageCriteria": settings.criteria, "ManagedBy": settings.managed_by}


@serves("ec2", "EnableAllowedImagesSettings")
def enable_allowed_images_settings(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:EnableAllowedImagesSettings"))
    settings = _settings(call)
    settings.state = call.parameters["AllowedImagesSettingsState"]
    return {"AllowedImagesSettingsState": settings.state}


@serves("ec2", "DisableAllowedImagesSettings")
def disable_allowed_images_settings(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:DisableAllowedImagesSettings"))
    _settings(call).state = "disabled"
    return {"AllowedImagesSettingsState": "disabled"}


@serves("ec2", "ReplaceImageCriteriaInAllowedImagesSettings")
def replace_image_criteria(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:ReplaceImageCriteriaInAllowedImagesSettings"))
    criteria = list(call.parameters.get("ImageCriteria", ()))
    for parameter in {parameter for criterion in criteria for parameter in criterion} - _SERVED:
        raise NotServed(f"the Allowed AMIs criterion {parameter}")
    _settings(call).criteria = criteria
    return {"ReturnValue": True}


def _settings(call: Call) -> AllowedImages:
    return call.aws.settings(call.account_id, call.region).allowed_images
