"""An account's defaults for new EBS volumes and copies, per region."""

from typing import Any

from playground.aws.calls import Call, serves
from playground.aws.keys import EBS_ALIAS
from playground.aws.policies import Ask


@serves("ec2", "GetEbsDefaultKmsKeyId")
def get_ebs_default_kms_key_id(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:GetEbsDefaultKmsKeyId"))
    return {"KmsKeyId": call.aws.settings(call.account_id, call.region).ebs_default_key or EBS_ALIAS}


@serves("ec2", "ModifyEbsDefaultKmsKeyId")
def modify_ebs_default_kms_key_id(call: Call) -> dict[str, Any]:
    """Takes any text: like CopyImage's, the key is looked at when it is used."""
    call.authorize(Ask("ec2:ModifyEbsDefaultKmsKeyId"))
    call.aws.settings(call.account_id, call.region).ebs_default_key = call.parameters["KmsKeyId"]
    return {"KmsKeyId": call.parameters["KmsKeyId"]}


@serves("ec2", "GetEbsEncryptionByDefault")
def get_ebs_encryption_by_default(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:GetEbsEncryptionByDefault"))
    enabled = call.aws.settings(call.account_id, call.region).encryption_by_default
    return {"EbsEncryptionByDefault": enabled, "SseType": "sse-kms" if enabled else "none"}


@serves("ec2", "EnableEbsEncryptionByDefault")
def enable_ebs_encryption_by_default(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:EnableEbsEncryptionByDefault"))
    call.aws.settings(call.account_id, call.region).encryption_by_default = True
    return {"EbsEncryptionByDefault": True}


@serves("ec2", "DisableEbsEncryptionByDefault")
def disable_ebs_encryption_by_default(call: Call) -> dict[str, Any]:
    call.authorize(Ask("ec2:DisableEbsEncryptionByDefault"))
    call.aws.settings(call.account_id, call.region).encryption_by_default = False
    return {"EbsEncryptionByDefault": False}
