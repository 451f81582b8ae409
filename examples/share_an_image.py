"""Share an image with another account without the bot, follow its copy until it is verified, and take the share back.

It needs AWS credentials that may assume both roles (`deploy/iam`), and nothing else. What it did is in the plan file:

    python -m examples.share_an_image share ami-… --plan plan.json --source-role … --target-role … …
    python -m examples.share_an_image take-back --plan plan.json --source-role … …

`docs/aws-ops.md` goes through it.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from aws_ops.accounts import Accounts
from aws_ops.changes import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyUse,
    Change,
    CopyImage,
    Grant,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    WithdrawKeyUse,
)
from aws_ops.copies import CopyState, CopyStatus, faults_of, find_copy, start_copy, watch
from aws_ops.entries import entries_of
from aws_ops.errors import AwsBusy, AwsOpsError, KeyPolicyContested, NotYetVisible
from aws_ops.facts import Role, SourceAccount, TargetAccount
from aws_ops.held import read_held
from aws_ops.ids import (
    ImageId,
    KeyArn,
    PrincipalArn,
    Region,
    account_of,
    parse_image_id,
    parse_role_arn,
    region_of,
)
from aws_ops.key_policy import allow_use, withdraw_use
from aws_ops.keys import can_use, change_key_policy
from aws_ops.permissions import (
    add_create_volume_permission,
    add_launch_permission,
    remove_create_volume_permission,
    remove_launch_permission,
)
from aws_ops.plan import Plan, Refused, dump, load, plan_share
from aws_ops.reading import read_facts
from aws_ops.request import Mode, ShareRequest
from aws_ops.revocation import plan_revocation

Pause = Callable[[float], object]
"""Waits for so many seconds."""

_T = TypeVar("_T")


class GaveUp(Exception):
    """AWS didn't come round in time, or what it made isn't right; says what."""


# Sharing --------------------------------------------------------------------------------------------------------------


def plan_for(accounts: Accounts, source: SourceAccount, target: TargetAccount, image_id: ImageId) -> Plan | Refused:
    request = ShareRequest((image_id,), Mode.COPY, (target,), tuple(target.keys))
    facts = read_facts(accounts, [source], request)
    return plan_share(request, [source], facts)


def give(accounts: Accounts, source: SourceAccount, change: Change) -> None:
    match change:
        case AllowKeyUse(key_arn=key_arn):
            kms = accounts.kms_once(source.role, region_of(key_arn))
            edit = partial(allow_use, users=change.users)
            change_key_policy(kms, key_arn, edit, before_write=partial(keep_policy, key_arn))
        case AddCreateVolumePermission():
            ec2 = accounts.ec2(source.role, change.region)
            add_create_volume_permission(ec2, change.snapshot_id, change.accounts)
        case AddLaunchPermission():
            ec2 = accounts.ec2(source.role, change.region)
            add_launch_permission(ec2, change.image_id, change.launchers)


def wait_for_keys(accounts: Accounts, target: TargetAccount, order: CopyImage, pause: Pause) -> None:
    for key in order.source_key_arns:
        kms = accounts.kms(target.role, region_of(key))
        for _ in range(180):
            if can_use(kms, key):
                break
            pause(5)
        else:
            raise GaveUp(f"{target.role.arn} may not use {key}: see that its own IAM policy allows it, too")


def copy(accounts: Accounts, target: TargetAccount, order: CopyImage, token: str, pause: Pause) -> CopyStatus:
    ec2 = accounts.ec2(target.role, order.region)
    image_id = find_copy(ec2, token) or start_copy(ec2, order, client_token=token, delivery=token)
    while True:
        status = watch(ec2, [image_id]).get(image_id)
        if status and status.state is not CopyState.PENDING:
            return status
        print(f"{image_id}: {'started' if not status or status.percent is None else f'{status.percent} %'}")
        pause(15)


def share(
    accounts: Accounts,
    source: SourceAccount,
    target: TargetAccount,
    image_id: ImageId,
    *,
    plan_file: Path,
    pause: Pause,
) -> int:
    if plan_file.exists():
        raise GaveUp(f"{plan_file} is there already, and says what another share gave: take another file")
    plan = patiently(lambda: plan_for(accounts, source, target, image_id), pause)
    if isinstance(plan, Refused):
        return refused(plan)
    for change in plan.changes:
        print(change)
    # Before anything is changed: the file says what may be taken back, whatever happens next.
    plan_file.write_text(dump(plan), encoding="utf-8")
    for change in plan.changes:
        patiently(partial(give, accounts, source, change), pause)
    for order in (change for change in plan.changes if isinstance(change, CopyImage)):
        patiently(partial(wait_for_keys, accounts, target, order, pause), pause)
        token = str(uuid.uuid4())
        status = patiently(partial(copy, accounts, target, order, token, pause), pause)
        faults = faults_of(status, order.key_arn)
        if faults:
            raise GaveUp("; ".join((*map(str, faults), *status.reasons)))
        print(f"{status.image_id} in {order.account_id}, {order.region}, is ready, and encrypted under {order.key_arn}")
    return 0


# Taking back ----------------------------------------------------------------------------------------------------------


def take_back(accounts: Accounts, source: SourceAccount, plan_file: Path, pause: Pause) -> int:
    plan = load(plan_file.read_text(encoding="utf-8"))
    given = entries_of(change for change in plan.changes if isinstance(change, Grant))
    held = patiently(lambda: read_held(accounts, [source], given), pause)
    revocation = plan_revocation(plan, given, held, copies=())
    if isinstance(revocation, Refused):
        return refused(revocation)
    for change in revocation.changes:
        print(change)
        patiently(partial(take, accounts, source, change), pause)
    return refused(Refused(revocation.obstacles)) if revocation.left else 0


def take(accounts: Accounts, source: SourceAccount, change: Change) -> None:
    match change:
        case RemoveLaunchPermission():
            ec2 = accounts.ec2(source.role, change.region)
            remove_launch_permission(ec2, change.image_id, change.launchers)
        case RemoveCreateVolumePermission():
            ec2 = accounts.ec2(source.role, change.region)
            remove_create_volume_permission(ec2, change.snapshot_id, change.accounts)
        case WithdrawKeyUse(key_arn=key_arn):
            kms = accounts.kms_once(source.role, region_of(key_arn))
            edit = partial(withdraw_use, users=change.users)
            change_key_policy(kms, key_arn, edit, before_write=partial(keep_policy, key_arn))


# What both need -------------------------------------------------------------------------------------------------------


def refused(why: Refused) -> int:
    for refusal in why.refusals:
        print(f"{refusal.kind}: {dict(refusal.details)}", *refusal.why, file=sys.stderr)
    return 1


def patiently(do: Callable[[], _T], pause: Pause) -> _T:
    for _ in range(20):
        try:
            return do()
        except (AwsBusy, NotYetVisible, KeyPolicyContested) as not_now:
            print(f"again in a moment: {not_now}")
            pause(15)
    return do()


def keep_policy(key_arn: KeyArn, before: str, _after: str) -> None:
    print(f"the policy of {key_arn}, to put it back by hand if need be: {before}")


# The command line -----------------------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m examples.share_an_image", description=__doc__.partition("\n")[0])
    commands = made.add_subparsers(dest="command", required=True)
    sharing = commands.add_parser("share", help="make the image usable in the target, as an encrypted copy of its own")
    sharing.add_argument("image", help="ami-…, of the source account")
    sharing.add_argument("--target-role", required=True, help="the role to act as in the target")
    sharing.add_argument("--target-external-id", help="what its trust policy asks for, if it does")
    sharing.add_argument("--target-key", required=True, help="the target's own key: id, alias/… or ARN")
    sharing.add_argument("--target-region", required=True, type=Region, help="where the copy is to be made")
    taking_back = commands.add_parser("take-back", help="take back what a share gave; the copy stays the target's")
    for command in (sharing, taking_back):
        command.add_argument("--plan", required=True, type=Path, help="the file that says what was given")
        command.add_argument("--source-role", required=True, help="the role to act as in the source")
        command.add_argument("--source-external-id", help="what its trust policy asks for, if it does")
        command.add_argument("--source-region", required=True, type=Region, help="where the image is")
    return made


def source_of(options: argparse.Namespace) -> SourceAccount:
    arn = parse_role_arn(options.source_role)
    return SourceAccount("source", Role(arn, account_of(arn), options.source_external_id), (options.source_region,))


def target_of(options: argparse.Namespace) -> TargetAccount:
    arn = parse_role_arn(options.target_role)
    role = Role(arn, account_of(arn), options.target_external_id)
    return TargetAccount("target", role, {options.target_region: options.target_key}, (PrincipalArn(arn),))


def main(arguments: Sequence[str] | None = None, pause: Pause = time.sleep) -> int:
    """Do what the arguments say; return the exit status: 0 if all is well, 1 if not."""
    options = parser().parse_args(arguments)
    try:
        accounts, source = Accounts(), source_of(options)
        if options.command == "take-back":
            return take_back(accounts, source, options.plan, pause)
        return share(
            accounts, source, target_of(options), parse_image_id(options.image), plan_file=options.plan, pause=pause
        )
    except (AwsOpsError, GaveUp) as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
