"""Lists: a small AWS that holds the lists of two images, their snapshots and a key, and remembers whose each entry is.

The bot changes them through the calls it makes of EC2 and KMS; people change them by hand. It isn't strict as the
playground's is, but fast: hundreds of histories fit into a test.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from aws_ops.entries import Entry, On, on_image, on_key, on_snapshot
from aws_ops.facts import Device, Facts, Role
from aws_ops.ids import AccountId, ImageId, KeyArn, PrincipalArn, Region, SnapshotId
from aws_ops.key_grants import KeyGrant, own_grantees
from aws_ops.key_policy import KeyPolicy, own_users, parse
from tests.aws_ops.builders import GOLDEN, IMAGE, REGION, SNAPSHOT, a_key, a_key_arn, a_policy, a_snapshot, an_image

OTHER, SECOND = ImageId("ami-0fedcba9876543210"), SnapshotId("snap-11111111111111111")
KEY = a_key_arn(GOLDEN)
BEHIND = {IMAGE: (SNAPSHOT,), OTHER: (SNAPSHOT, SECOND)}
"""Both images have a snapshot in common."""

_OWN = "AmiShareBot"
Statement = dict[str, Any]


@dataclass
class Lists:
    """What AWS holds, and whose it is.

    Attributes:
        bots: the entries that the bot gave, and that nobody but the bot has a claim to.
        theirs: those that people gave by hand.
        refused: the resources that the bot may not change.
        unreadable: those that it may not even look at.
        meanwhile: what somebody does by hand as the bot makes its next calls: after so many of them, what.
        wrongs: what the bot did and never may.
    """

    launchers: dict[str, set[str]] = field(default_factory=lambda: {one: set() for one in BEHIND})
    readers: dict[str, set[str]] = field(default_factory=lambda: {SNAPSHOT: set(), SECOND: set()})
    policy: KeyPolicy = field(default_factory=a_policy)
    grants: dict[str, KeyGrant] = field(default_factory=dict)
    bots: set[Entry] = field(default_factory=set)
    theirs: set[Entry] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    meanwhile: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)

    @property
    def held(self) -> frozenset[Entry]:
        images = (on_image(GOLDEN, REGION, ImageId(one), map(AccountId, who)) for one, who in self.launchers.items())
        snapshots = (
            on_snapshot(GOLDEN, REGION, SnapshotId(one), map(AccountId, who)) for one, who in self.readers.items()
        )
        keys = on_key(KEY, own_users(self.policy)) | on_key(KEY, own_grantees(self.grants.values()), On.GRANT)
        return keys.union(*images, *snapshots)

    @property
    def readers_due(self) -> frozenset[Entry]:
        """The volume permissions without which those who may launch an image couldn't copy it."""
        return frozenset(
            Entry(On.SNAPSHOT, GOLDEN, REGION, snapshot, account)
            for image, accounts in self.launchers.items()
            for account in accounts
            for snapshot in BEHIND[ImageId(image)]
        )

    @property
    def statements(self) -> list[Statement]:
        """What people wrote into the key's policy."""
        return [dict(one) for one in self.policy.statements if not str(one.get("Sid", "")).startswith(_OWN)]

    def facts(self) -> Facts:
        """What would be read to plan a share."""
        images = [
            an_image(
                image_id=one,
                devices=tuple(Device(f"/dev/{number}", behind) for number, behind in enumerate(BEHIND[one])),
                launch_permission=frozenset(self.launchers[one]),
            )
            for one in BEHIND
        ]
        snapshots = [
            a_snapshot(SnapshotId(one), create_volume_permission=frozenset(who)) for one, who in self.readers.items()
        ]
        key = a_key(policy=self.policy, grants=tuple(self.grants.values()))
        return Facts(
            images={one.image_id: one for one in images},
            snapshots={one.snapshot_id: one for one in snapshots},
            keys={KEY: key},
            targets={},
        )

    # What people do -------------------------------------------------------------------------------------------------

    def give_by_hand(self, entry: Entry) -> None:
        if entry not in self.held:
            self._list(entry.resource).add(entry.grantee)
            if entry not in self.bots:  # AWS doesn't show who gave it this time
                self.theirs.add(entry)

    def take_by_hand(self, entry: Entry) -> None:
        self._list(entry.resource).discard(entry.grantee)
        self.theirs.discard(entry)

    def write_by_hand(self, statements: list[Statement], *, keeping_the_bots: bool) -> None:
        own = [one for one in self.policy.statements if str(one.get("Sid", "")).startswith(_OWN)]
        self.policy = self.policy.with_statements([*statements, *(own if keeping_the_bots else [])])

    # What the bot does ----------------------------------------------------------------------------------------------

    def given(self, entry: Entry) -> None:
        self.bots.add(entry)

    def taken(self, entry: Entry) -> None:
        if entry in self.theirs:
            self.wrongs.append(f"took {entry}, which somebody gave by hand")
        self.bots.discard(entry)

    def _list(self, resource: str) -> set[str]:
        return self.launchers[resource] if resource in self.launchers else self.readers[resource]


@dataclass(frozen=True)
class Hands:
    """Stands where `Accounts` does: the bot's way to the lists."""

    lists: Lists

    def ec2(self, _role: Role, _region: Region) -> Any:
        return _Ec2(self.lists)

    def kms(self, _role: Role, _region: Region) -> Any:
        return _Kms(self.lists)

    kms_once = kms


def _refusal(operation: str, code: str, said: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": said}}, operation)


@dataclass(frozen=True)
class _Calls:
    lists: Lists

    def _look(self, operation: str, resource: str) -> None:
        self._somebody_acts()
        if resource in self.lists.unreadable:
            raise _refusal(operation, "UnauthorizedOperation")

    def _change(self, operation: str, resource: str) -> None:
        if resource in self.lists.refused | self.lists.unreadable:
            raise _refusal(operation, "UnauthorizedOperation")

    def _somebody_acts(self) -> None:
        due = [deed for left, deed in self.lists.meanwhile if left <= 0]
        self.lists.meanwhile = [(left - 1, deed) for left, deed in self.lists.meanwhile if left > 0]
        for deed in due:
            deed()


class _Ec2(_Calls):
    def describe_images(self, ImageIds: list[str], IncludeDisabled: bool) -> Any:  # noqa: ARG002, N803
        for one in ImageIds:
            self._look("DescribeImages", one)
        return {"Images": [{"ImageId": one, "State": "available"} for one in ImageIds]}

    def describe_image_attribute(self, ImageId: str, Attribute: str) -> Any:  # noqa: ARG002, N803
        self._look("DescribeImageAttribute", ImageId)
        return {"LaunchPermissions": [{"UserId": one} for one in self.lists.launchers[ImageId]]}

    def describe_snapshot_attribute(self, SnapshotId: str, Attribute: str) -> Any:  # noqa: ARG002, N803
        self._look("DescribeSnapshotAttribute", SnapshotId)
        return {"CreateVolumePermissions": [{"UserId": one} for one in self.lists.readers[SnapshotId]]}

    def modify_image_attribute(self, ImageId: str, LaunchPermission: Any) -> None:  # noqa: N803
        self._change("ModifyImageAttribute", ImageId)
        ((verb, named),) = LaunchPermission.items()
        self._modify(On.IMAGE, ImageId, verb == "Add", [one["UserId"] for one in named])

    def modify_snapshot_attribute(
        self,
        SnapshotId: str,  # noqa: N803
        Attribute: str,  # noqa: ARG002, N803
        OperationType: str,  # noqa: N803
        UserIds: list[str],  # noqa: N803
    ) -> None:
        self._change("ModifySnapshotAttribute", SnapshotId)
        self._modify(On.SNAPSHOT, SnapshotId, OperationType == "add", UserIds)

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=self._images)

    def _images(self, Filters: list[Any], **_: Any) -> Iterator[Any]:  # noqa: N803
        self._somebody_acts()
        wanted = next((one["Values"] for one in Filters if one["Name"] == "image-id"), BEHIND)
        mappings = {image: [{"Ebs": {"SnapshotId": one}} for one in BEHIND[image]] for image in BEHIND}
        yield {"Images": [{"ImageId": one, "BlockDeviceMappings": mappings[one]} for one in BEHIND if one in wanted]}

    def _modify(self, on: On, resource: str, adds: bool, accounts: list[str]) -> None:
        entries = [Entry(on, GOLDEN, REGION, resource, one) for one in accounts]
        changed = [one for one in entries if (one in self.lists.held) is not adds]
        for one in changed:
            (self.lists.given if adds else self.lists.taken)(one)
        lists = self.lists.launchers if on is On.IMAGE else self.lists.readers
        lists[resource] = lists[resource] | set(accounts) if adds else lists[resource] - set(accounts)


class _Kms(_Calls):
    def get_key_policy(self, KeyId: str, PolicyName: str) -> Any:  # noqa: ARG002, N803
        self._look("GetKeyPolicy", KeyId)
        return {"Policy": self.lists.policy.text}

    def put_key_policy(self, KeyId: str, PolicyName: str, Policy: str) -> None:  # noqa: ARG002, N803
        self._change("PutKeyPolicy", KeyId)
        if "AIDA" in Policy:
            raise _refusal("PutKeyPolicy", "MalformedPolicyDocumentException", "one or more invalid principals")
        theirs, before = self.lists.statements, on_key(KEY, own_users(self.lists.policy))
        self.lists.policy = parse(Policy)
        after = on_key(KEY, own_users(self.lists.policy))
        for entry in after - before:
            self.lists.given(entry)
        for entry in before - after:
            self.lists.taken(entry)
        if self.lists.statements != theirs:
            self.lists.wrongs.append(f"made of other people's statements {json.dumps(self.lists.statements)}")

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=self._grants)

    def _grants(self, KeyId: str, **_: Any) -> Iterator[Any]:  # noqa: N803
        self._look("ListGrants", KeyId)
        yield {
            "Grants": [
                {
                    "GrantId": one.grant_id,
                    "Name": one.name,
                    "GranteePrincipal": one.grantee,
                    "Operations": list(one.operations),
                }
                for one in self.lists.grants.values()
            ]
        }

    def create_grant(
        self,
        KeyId: str,  # noqa: N803
        GranteePrincipal: str,  # noqa: N803
        Operations: list[Any],  # noqa: N803
        Name: str,  # noqa: N803
        DryRun: bool,  # noqa: ARG002, N803
    ) -> None:
        self._change("CreateGrant", KeyId)
        grant = KeyGrant(f"id of {Name}", Name, GranteePrincipal, frozenset(Operations))
        self.lists.grants[grant.grant_id] = grant
        self.lists.given(_granted(grant))

    def revoke_grant(self, KeyId: str, GrantId: str) -> None:  # noqa: N803
        self._change("RevokeGrant", KeyId)
        self.lists.taken(_granted(self.lists.grants.pop(GrantId)))


def _granted(grant: KeyGrant) -> Entry:
    [entry] = on_key(KeyArn(KEY), [PrincipalArn(grant.grantee)], On.GRANT)
    return entry


def stranger(number: int) -> Statement:
    """A statement of somebody else's."""
    return {
        "Sid": f"Theirs {number}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{GOLDEN}:user/{number}"},
        "Action": "kms:DescribeKey",
        "Resource": "*",
    }


def deleted(statement: Statement) -> Statement:
    """The statement as KMS shows it once its principal is gone."""
    return statement | {"Principal": {"AWS": f"AIDA{statement['Sid'].removeprefix('Theirs ')}"}}
