"""The company of the playground: a workspace with its people, an account that makes images, others that use them.

All of them are in one organization, and those without a name in the bot's settings in an OU of it.

The roles get the very IAM documents that `deploy/iam` ships, so that what the guide tells people to use is what is
tried.
"""

import json
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playground.aws import StrictAws
from playground.aws.organizations import Organization, Unit
from playground.slack import StrictSlack
from playground.slack.workspace import Channel, User

_DEPLOY = Path(__file__).parent.parent / "deploy"

REGION, ABROAD = "eu-central-1", "us-east-1"
HOME, IMAGES, STAGING, PROD = "999999999999", "111111111111", "222222222222", "333333333333"
MANAGEMENT, SANDBOX, KEYS = "888888888888", "444444444444", "777777777777"
TARGETS = {"staging": STAGING, "prod": PROD}


@dataclass(frozen=True)
class Company:
    """What was put up.

    Attributes:
        settings: the bot's settings file.
        access_key_id, secret_access_key: the bot's own credentials.
        keys: the key that each target encrypts its copies under, by its name.
        keys_abroad: the same, in the other region.
    """

    settings: str
    access_key_id: str
    secret_access_key: str
    mika: User
    sam: User
    kim: User
    room: Channel
    keys: dict[str, str]
    keys_abroad: dict[str, str]


def manifest(*, socket_mode: bool = False) -> dict[str, Any]:
    """Return the app's manifest as it is shipped, or with the one change that Socket Mode takes."""
    document: dict[str, Any] = json.loads((_DEPLOY / "slack" / "manifest.json").read_text(encoding="utf-8"))
    document["settings"]["socket_mode_enabled"] = socket_mode
    return document


def iam_policy(name: str, **placeholders: str | list[str]) -> dict[str, Any]:
    """Return an IAM document of `deploy/iam`, with its placeholders filled in; a text with one may become several."""
    text = (_DEPLOY / "iam" / f"{name}.json").read_text(encoding="utf-8")
    for placeholder, value in placeholders.items():
        if isinstance(value, list):
            text = re.sub(rf'"([^"]*){placeholder}([^"]*)"', partial(_several, value), text)
        else:
            text = text.replace(placeholder, value)
    document: dict[str, Any] = json.loads(text)
    return document


def _several(values: list[str], found: re.Match[str]) -> str:
    return ", ".join(f'"{found[1]}{value}{found[2]}"' for value in values)


def target_policy(account_id: str, source: str = IMAGES) -> dict[str, Any]:
    """Return what a target's role may do, as it is shipped."""
    return iam_policy("target-role-policy", SOURCE_ACCOUNT=source, KEY_ACCOUNT=KEYS, TARGET_ACCOUNT=account_id)


def source_policy(*members: str) -> dict[str, Any]:
    """Return what the source's role may do, as it is shipped, for the targets and for members of organizations."""
    accounts = [*TARGETS.values(), *members]
    return iam_policy("source-role-policy", SOURCE_ACCOUNT=IMAGES, TARGET_ACCOUNT=accounts)


def key_policy() -> dict[str, Any]:
    """Return what the role of an account that only holds keys may do, as it is shipped."""
    return iam_policy("key-role-policy", KEY_ACCOUNT=KEYS, TARGET_ACCOUNT=list(TARGETS.values()))


def bot_policy(*targets: str) -> dict[str, Any]:
    """Return what the bot itself may do, as it is shipped, with more targets besides the company's own."""
    return iam_policy(
        "bot-policy",
        SOURCE_ACCOUNT=IMAGES,
        TARGET_ACCOUNT=[*TARGETS.values(), *targets],
        KEY_ACCOUNT=KEYS,
        MANAGEMENT_ACCOUNT=MANAGEMENT,
    )


def furnish(aws: StrictAws, slack: StrictSlack) -> Company:
    """Put up the people and the accounts."""
    mika, sam, kim = (slack.user(name) for name in ("mika", "sam", "kim"))
    room = slack.channel("ami-approvals", members=[mika, sam, kim])
    home = aws.account(HOME).user("ami-share-bot", bot_policy())
    aws.account(IMAGES).role(
        "ami-share-source",
        trusted=[home.arn],
        external_id="ami-share-images",
        policy=source_policy(SANDBOX),
    )
    management = aws.account(MANAGEMENT, "management")
    management.role(
        "ami-share-organization",
        trusted=[home.arn],
        external_id="ami-share-organization",
        policy=iam_policy("organization-role-policy"),
    )
    organization = aws.organization(management, *map(aws.account, (IMAGES, *TARGETS.values())))
    sandboxes = organization.unit("Sandboxes", aws.account(SANDBOX, "sandbox").id)
    keys, keys_abroad = {}, {}
    for name, account_id in TARGETS.items():
        account = aws.account(account_id)
        account.role(
            "ami-share-target",
            trusted=[home.arn],
            external_id=f"ami-share-{name}",
            policy=target_policy(account_id),
        )
        keys[name] = account.key(REGION, alias="alias/ami-copies")
        keys_abroad[name] = account.key(ABROAD, alias="alias/ami-copies")
    return Company(
        settings=_settings(slack, room, approvers=[mika, sam]) + _organizations(organization, sandboxes),
        access_key_id=home.access_key_id,
        secret_access_key=home.secret_access_key,
        mika=mika,
        sam=sam,
        kim=kim,
        room=room,
        keys=keys,
        keys_abroad=keys_abroad,
    )


def _settings(slack: StrictSlack, room: Channel, approvers: list[User]) -> str:
    users = json.dumps([person.id for person in approvers])
    targets = "".join(_TARGET.format(name=name, account_id=account_id) for name, account_id in TARGETS.items())
    door = "socket" if slack.socket_mode else "http"
    source = _SETTINGS.format(
        team_id=slack.team_id, room=room.id, door=door, users=users, images=IMAGES, region=REGION, abroad=ABROAD
    )
    return source + targets


def _organizations(organization: Organization, sandboxes: Unit) -> str:
    path = f"{organization.id}/{organization.root.id}/{sandboxes.id}/*"
    return _ORGANIZATIONS.format(organization=organization.arn, unit=sandboxes.arn, path=path, management=MANAGEMENT)


_SETTINGS = """\
[slack]
team_id = "{team_id}"
approvals_channel = "{room}"
door = "{door}"

[approval]
users = {users}

[[sources]]
name = "images"
role_arn = "arn:aws:iam::{images}:role/ami-share-source"
external_id = "ami-share-images"
regions = ["{region}", "{abroad}"]
"""

_TARGET = f"""
[[targets]]
name = "{{name}}"
role_arn = "arn:aws:iam::{{account_id}}:role/ami-share-target"
external_id = "ami-share-{{name}}"
keys = {{{{ {REGION} = "alias/ami-copies", {ABROAD} = "alias/ami-copies" }}}}
"""

_ORGANIZATIONS = """
[[organizations]]
name = "whole-org"
arn = "{organization}"
role_arn = "arn:aws:iam::{management}:role/ami-share-organization"
external_id = "ami-share-organization"

[[organizations]]
name = "sandboxes"
arn = "{unit}"
path = "{path}"
role_arn = "arn:aws:iam::{management}:role/ami-share-organization"
external_id = "ami-share-organization"
snapshots = "members"
"""
