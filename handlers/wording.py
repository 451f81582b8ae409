"""Wording: refusals, cautions, failures and objections as sentences: what is wrong, and what to do.

The floors below name kinds and details; the words are made here alone. Sentences are mrkdwn; every detail in them is
escaped.
"""

from collections.abc import Mapping, Sequence

from aws_ops.finishing import Note, NoteKind
from aws_ops.ids import account_of
from aws_ops.key_grants import is_auto_scaling, operations_for
from aws_ops.plan import (
    AddCreateVolumePermission,
    AddLaunchPermission,
    AllowKeyAdministration,
    AllowKeyUse,
    Caution,
    CautionKind,
    Change,
    CopyImage,
    CreateKeyGrant,
    DeregisterCopy,
    PutImageParameter,
    ReencryptImage,
    Refusal,
    RefusalKind,
    RemoveCreateVolumePermission,
    RemoveLaunchPermission,
    RevokeKeyGrant,
    ShareReencrypted,
    WithdrawKeyAdministration,
    WithdrawKeyUse,
)
from handlers import mrkdwn
from handlers.people import Stranger
from sharing.requests import Failure, FailureKind, Request, RequestKind
from sharing.states import RequestState, is_final

REFUSALS: Mapping[RefusalKind, str] = {
    RefusalKind.IMAGE_NOT_FOUND: "{image} isn't in any account I may share from (looked in {searched}). "
    "Check the id; if it was only just made, try again in a minute.",
    RefusalKind.IMAGE_NOT_OWNED: "{image} belongs to account {owner}, which I may not share from. "
    "Only its owner can share it: ask there, or have that account added to my sources.",
    RefusalKind.SOURCE_UNREADABLE: "I can't look into a source account: {why}. "
    "Whoever runs me must mend the role there.",
    RefusalKind.IMAGE_STATE: "{image} is {state}, and only an available image can be shared. {reason}",
    RefusalKind.IMAGE_DISABLED: "{image} is disabled, and a disabled image can't be shared. "
    "Enable it first (EC2 console, _Enable AMI_), or choose another.",
    RefusalKind.INSTANCE_STORE: "{image} is backed by instance store, which can't be encrypted by copying. "
    "Make an EBS-backed image from it first.",
    RefusalKind.NO_SNAPSHOT: "{image} has no EBS snapshot behind it, so there is nothing to share but a name. "
    "Choose an EBS-backed image.",
    RefusalKind.MARKETPLACE_CODE: "{image} carries AWS Marketplace codes ({codes}); AWS lets no other account copy it. "
    "Subscribe in the target account, launch an instance there and make an image from it.",
    RefusalKind.BILLING_PRODUCT: "{image} carries a billing product ({platform}); AWS lets no other account copy it. "
    "Share it with `no copy`, launch an instance in the target account and make an image from that.",
    RefusalKind.SNAPSHOT_UNREADABLE: "I can't read snapshot {snapshot}: {why}.",
    RefusalKind.SNAPSHOT_STATE: "Snapshot {snapshot} is {state}; it must be completed first.",
    RefusalKind.SNAPSHOT_ARCHIVED: "Snapshot {snapshot} is in the archive tier. "
    "Restore it to the standard tier first (it takes up to 72 hours).",
    RefusalKind.AWS_MANAGED_KEY: "{snapshots} is encrypted under the AWS managed key {key}, and what is under that "
    "key can't be shared at all. Copy the image within its own account under a customer managed key, "
    "and share that copy; or let me do it, by `reencrypt_keys` of the source in my settings.",
    RefusalKind.KEY_UNREADABLE: "I can't read the key {key}: {why}. Its policy must let my source role "
    "`kms:DescribeKey`.",
    RefusalKind.KEY_FOREIGN: "The snapshots are under {key}, a key of account {account} in which I have no role, "
    "so I can't open it for anybody. Have that account added to my sources, or re-encrypt under a key of the source.",
    RefusalKind.KEY_STATE: "The key {key} is {state}; it must be enabled before anything under it can be copied.",
    RefusalKind.KEY_KIND: "The key {key} is of the wrong kind ({spec}, {usage}); "
    "EBS takes symmetric encryption keys alone.",
    RefusalKind.POLICY_UNREADABLE: "I can't read the policy of the key {key}: {why}. My source role needs "
    "`kms:GetKeyPolicy` and `kms:PutKeyPolicy` on it.",
    RefusalKind.GRANTS_UNREADABLE: "I can't read the grants on the key {key}: {why}. My source role needs "
    "`kms:ListGrants`, `kms:CreateGrant` and `kms:RevokeGrant` on it.",
    RefusalKind.AUTO_SCALING_ROLE_MISSING: "KMS doesn't know {principal}, since account {account} has no Auto Scaling "
    "yet, so nothing can be granted to it. Create that service-linked role there first "
    "(`aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com`), or leave out "
    "`with auto scaling`.",
    RefusalKind.POLICY_DELETED_PRINCIPALS: "The policy of the key {key} names principals that no longer exist "
    "({principals}), and KMS would refuse it back with them. Take them out of the policy first.",
    RefusalKind.POLICY_DENIES: "The policy of the key {key} denies {principals} its use (statement {statement}), and a "
    "denial beats anything I could add. Change that statement first.",
    RefusalKind.POLICY_TOO_LARGE: "The policy of the key {key} would be {size} bytes, {over} more than KMS stores. "
    "Make room in it, or share under another key.",
    RefusalKind.POLICY_NOT_LATIN_1: "The policy of the key {key} would hold characters that KMS doesn't take "
    "({characters}). Take them out first.",
    RefusalKind.TARGET_IS_SOURCE: "{target} owns the image itself; leave it out.",
    RefusalKind.ROLE_NOT_ASSUMABLE: "I can't take on my role in {target} ({role}): {why}. "
    "Whoever runs {target} must let me assume it.",
    RefusalKind.TARGET_UNREADABLE: "I can't see what {target} has already: {why}. Whoever runs {target} must let my "
    "role there `ec2:DescribeImages` and `ec2:DescribeSnapshots`.",
    RefusalKind.NO_KEY_FOR_REGION: "For {target} no key is configured in {region}, so a copy there couldn't be "
    "encrypted. Have one added to my settings.",
    RefusalKind.TARGET_KEY_UNREADABLE: "I can't find or read the key {key} in {target}: {why}.",
    RefusalKind.TARGET_KEY_STATE: "The key {key} of {target} is {state}; it must be enabled.",
    RefusalKind.TARGET_KEY_KIND: "The key {key} of {target} is of the wrong kind ({spec}, {usage}); "
    "EBS takes symmetric encryption keys alone.",
    RefusalKind.OTHER_PARTITION: "{target} is in another partition of AWS ({partition}) than the image, and nothing "
    "can be shared or copied across. Store the image to S3 there and restore it (`CreateStoreImageTask`).",
    RefusalKind.SHARED_ELSEWHERE: "{image} is in {home}, and can be launched there alone. For {region} the target "
    "needs a copy: leave out `no copy`.",
    RefusalKind.SHARING_QUOTA: "{image} would be shared with {entries} accounts, organizations and OUs, and AWS takes "
    "{limit}. Share it with an organization instead, or have the quota raised (Service Quotas, L-70015FFA).",
    RefusalKind.ORGANIZATION_CANT_COPY: "{organization} is an organization, and I have no role in all its accounts to "
    "make copies with. Share with `no copy`, or name the accounts.",
    RefusalKind.MEMBERS_UNREADABLE: "I can't ask who belongs to {organization}: {why}. Its snapshots are to be shared "
    "with the members one by one, so I must know them. Whoever runs me must mend the role that asks AWS Organizations "
    "(it needs `organizations:ListAccounts`, `ListAccountsForParent` and `ListOrganizationalUnitsForParent`).",
    RefusalKind.NOTHING_TO_DO: "There is nothing to do: {image} can be used there already. {have}",
}

CAUTIONS: Mapping[CautionKind, str] = {
    CautionKind.COPY_UNDER_OTHER_KEY: "{target} has a copy already, {copy}, but under another key.",
    CautionKind.COPY_UNDER_WAY: "{target} is making a copy already, {copy}; this makes another.",
    CautionKind.NAME_TAKEN: "{target} has an image called {name} already; the copy will be called {instead}.",
    CautionKind.TAGS_LEFT_OUT: "An image holds 50 tags at most; these are left out: {tags}.",
    CautionKind.POLICY_MAY_DENY: "Statement {statement} in the policy of {key} may deny {principals} its use.",
    CautionKind.TARGET_KEY_AWS_MANAGED: "{target} encrypts under its AWS managed key; the copy can never be shared on.",
    CautionKind.IMAGE_PUBLIC: "{image} is public: everybody can launch it already.",
    CautionKind.STILL_SHARED: "{image} stays shared with {groups}; that isn't mine to take back, and whoever belongs "
    "there can still launch it.",
    CautionKind.VOLUMES_NEED_KEY: "Instances that were launched from the original have volumes under {keys}. They run "
    "on, but once stopped they can't be started again without it.",
    CautionKind.NOT_LOOKED_AT: "I can't look at {what}: {why}.",
    CautionKind.SOURCE_GONE: "{what} is gone, though a share rests on it. What is copied stays; nothing new can be "
    "made of it.",
    CautionKind.COPY_LOST: "The copy {copy} in {place} is gone, though {share} handed it over. Share the image again "
    "if it is needed.",
    CautionKind.SHARED_BEYOND: "{image} is shared with {strangers} as well; I know nothing of that and leave it alone.",
    CautionKind.COPY_IN_USE: "{copy} in {place} stays, though it is too old: {users} use it.",
    CautionKind.REENCRYPTED_FIRST: "{image} is under the AWS managed key, and can't be shared as it is. A copy of it "
    "under {key} is made in its own account first, and that one is shared. It stays there, and costs storage.",
    CautionKind.STANDS_IN: "{image} can't be shared as it is; its re-encrypted copy {copy} in the same account is "
    "shared in its place.",
    CautionKind.MEMBERS_CANT_COPY: "Members of {organization} can launch the image, but not copy it: snapshots can be "
    "shared with accounts alone, and these aren't.",
    CautionKind.LATER_MEMBERS_CANT_COPY: "Whoever joins {organization} later can launch the image at once, but not "
    "copy it: its snapshots are shared with the members of now, account by account.",
    CautionKind.MEMBERS_NOW: "Active accounts of {organization} now: {count}.",
    CautionKind.MEMBERS_UNKNOWN: "I can't ask how many accounts {organization} has: {why}.",
    CautionKind.COVERED_BY_ORGANIZATION: "{targets} belongs to {organization}, and can launch the image through it; "
    "taking back the account alone won't end that.",
    CautionKind.KEY_USE_LIMITED: "In {target}, only {principals} will be able to use the key, "
    "so only they can launch from the shared image.",
    CautionKind.KEY_ADMINISTRATORS: "*By the settings, {principals} become administrators of {key}.* "
    "They can hand the key on to anybody, in any account, without asking me, and can take other people's grants away. "
    "What they hand on I don't see, and it stays when this share is taken back.",
    CautionKind.OWN_PRINCIPALS_DELETED: "My own statements in the policy of {key} name principals that no longer exist "
    "({principals}). Whoever they were, they go when I next write the policy; if one was made anew under its old name, "
    "share with it again.",
    CautionKind.AUTO_SCALING_LEFT_OUT: "Auto Scaling in {target} will not be able to launch from the shared image: its "
    "service-linked role has no use of the key. If it should, ask again `with auto scaling`.",
    CautionKind.AUTO_SCALING_NOT_NEEDED: "{image} isn't encrypted, so Auto Scaling needs no grant for it.",
    CautionKind.IMAGE_HIDDEN: "{target} won't see {image}: its setting “Allowed AMIs” in {region} hides it, as if it "
    "did not exist. Whoever manages that setting ({by}) must add a criterion with the image provider {owner}.",
    CautionKind.IMAGE_HIDDEN_FROM_COPY: "The setting “Allowed AMIs” of {target} in {region} hides {image}, so the copy "
    "will most likely fail. Whoever manages that setting ({by}) must add a criterion with the image provider {owner} "
    "first.",
    CautionKind.IMAGE_MAY_BE_HIDDEN: "The setting “Allowed AMIs” of {target} in {region} may hide {image}: it has "
    "criteria that I can't judge from here. If it does, whoever manages that setting ({by}) must add a criterion with "
    "the image provider {owner}.",
    CautionKind.IMAGE_WOULD_BE_HIDDEN: "The setting “Allowed AMIs” of {target} in {region} is in audit mode. Nothing "
    "is hidden now, but {image} will be once it is enabled, unless it has a criterion with the image provider {owner}.",
    CautionKind.ALLOWED_IMAGES_UNREAD: "I can't read whether the setting “Allowed AMIs” of {target} in {region} hides "
    "the image there: {why}.",
}

FAILURES: Mapping[FailureKind, str] = {
    FailureKind.AWS_REFUSED: "{said}",
    FailureKind.AWS_BUSY: "AWS stayed unavailable for too long. The last it said: {said}",
    FailureKind.ACCOUNT_REMOVED: "{account} is no longer in my settings.",
    FailureKind.KEY_NEVER_USABLE: "For {minutes} minutes the target's role could not use the source key {key}. "
    "Its own IAM policy must allow `kms:DescribeKey` and the rest on that key, besides the key's policy.",
    FailureKind.COPY_FAILED: "AWS ended the copy: {said}. Most often the target's role may not use the source key or "
    "its own: see that its IAM policy names both.",
    FailureKind.REENCRYPTION_FAILED: "AWS ended the re-encryption in the source account: {said}. Most often the "
    "source's role may not use the key to re-encrypt under.",
    FailureKind.COPY_WRONG: "The copy {image} is not as it must be: {faults}. I left it where it is; "
    "don't use it before somebody has looked.",
    FailureKind.COPY_GONE: "The copy {image} is gone; somebody deregistered it while it was being made.",
    FailureKind.COPY_STALLED: "The copy {image} is still not finished after {hours} hours. I left it where it is.",
    FailureKind.NOT_REVOCABLE: "{share} is {state}: there is nothing I could take back.",
    FailureKind.UNEXPECTED: "Something went wrong that I did not expect. Whoever runs me finds the whole story in my "
    "log under reference {reference}.",
}

NOTES: Mapping[NoteKind, str] = {
    NoteKind.NOT_DEPRECATED: ":warning: It isn't deprecated when its source is: {why}.",
    NoteKind.NOT_PROTECTED: ":warning: It isn't protected from deregistration as its source is: {why}.",
    NoteKind.PARAMETER_NOT_SET: ":warning: The parameter {parameter} doesn't point to it: {why}.",
    NoteKind.PARAMETER_SET: "The parameter {parameter} points to it now (before: {before}).",
    NoteKind.PARAMETER_KEPT: "The parameter {parameter} stays with {newer}, the copy of a newer image.",
}

STRANGERS: Mapping[Stranger, str] = {
    Stranger.OTHER_WORKSPACE: "I only listen to members of my own workspace.",
    Stranger.DELETED: "Your account in this workspace is deactivated.",
    Stranger.BOT: "I don't take requests or decisions from bots.",
    Stranger.GUEST: "Guests can't ask for or decide on shares. Ask a full member of the workspace.",
    Stranger.UNKNOWN: "Slack doesn't tell me who you are.",
}


def refusal(refused: Refusal) -> str:
    return _fill(REFUSALS[refused.kind], dict(refused.details))


def caution(cautioned: Caution) -> str:
    return _fill(CAUTIONS[cautioned.kind], dict(cautioned.details))


def failure(failed: Failure) -> str:
    return _fill(FAILURES[failed.kind], failed.details)


def note(noted: Note) -> str:
    return _fill(NOTES[noted.kind], dict(noted.details))


def stranger(found: Stranger) -> str:
    return STRANGERS[found]


def not_revocable(share: Request) -> str:
    """Return why a share can't be taken back as it stands, and what to do."""
    state = share.state.value.replace("_", " ")
    if share.kind is RequestKind.REVOKE:
        return f"{mrkdwn.code(share.id)} takes a share back itself; name the share, {mrkdwn.code(str(share.of))}."
    if share.state in (RequestState.REVOKING, RequestState.REVOKED):
        return f"{mrkdwn.code(share.id)} is {state} already, by {mrkdwn.code(str(share.ended_by))}."
    if is_final(share.state):
        return f"{mrkdwn.code(share.id)} is {state}, and gave nothing: there is nothing to take back."
    return f"{mrkdwn.code(share.id)} is {state}. It can be taken back once it has ended."


def not_in_force(share: Request) -> str:
    """Return why there is nothing to compare for a request."""
    state = share.state.value.replace("_", " ")
    return f"{mrkdwn.code(share.id)} is no share in force (it is {state}), so there is nothing to compare."


def change(changed: Change) -> str:  # noqa: PLR0912 (one case for each kind)
    """Return what a change does, in a line."""
    match changed:
        case AllowKeyUse(key_arn=key_arn):
            return (
                f"Key policy of {mrkdwn.code(key_arn)} gains: {_users(changed)} may `Encrypt`, `Decrypt`, "
                "`ReEncrypt*`, `GenerateDataKey*`, `DescribeKey`, and make grants for AWS resources alone"
            )
        case AllowKeyAdministration(key_arn=key_arn, principals=principals):
            return (
                f"Key policy of {mrkdwn.code(key_arn)} gains: {mrkdwn.codes(principals)} may make, list and revoke any "
                "grant (`CreateGrant`, `ListGrants`, `RevokeGrant`), `DescribeKey` and `GetKeyRotationStatus`"
            )
        case CreateKeyGrant(key_arn=key_arn, principal=principal):
            operations = ", ".join(f"`{operation}`" for operation in operations_for(principal))
            whom = f"Auto Scaling of {mrkdwn.code(account_of(principal))}, " if is_auto_scaling(principal) else ""
            return (
                f"KMS grant on {mrkdwn.code(key_arn)} for {whom}{mrkdwn.code(principal)} alone: {operations}; "
                "what it grants on can be no more than these"
            )
        case AddCreateVolumePermission(snapshot_id=snapshot_id, accounts=accounts):
            return f"`createVolumePermission` on {mrkdwn.code(snapshot_id)} for {_accounts(accounts)}"
        case AddLaunchPermission(image_id=image_id, launchers=launchers):
            return f"`launchPermission` on {mrkdwn.code(image_id)} for {mrkdwn.codes(launchers)}"
        case WithdrawKeyUse(key_arn=key_arn):
            return f"Key policy of {mrkdwn.code(key_arn)} loses: {_users(changed)}, in my own statements alone"
        case WithdrawKeyAdministration(key_arn=key_arn, principals=principals):
            return (
                f"Key policy of {mrkdwn.code(key_arn)} loses: {mrkdwn.codes(principals)} as administrators; "
                "grants that they made stay"
            )
        case RevokeKeyGrant(key_arn=key_arn, principal=principal):
            return f"KMS grant on {mrkdwn.code(key_arn)} for {mrkdwn.code(principal)} revoked"
        case RemoveCreateVolumePermission(snapshot_id=snapshot_id, accounts=accounts):
            return f"`createVolumePermission` on {mrkdwn.code(snapshot_id)} taken from {_accounts(accounts)}"
        case RemoveLaunchPermission(image_id=image_id, launchers=launchers):
            return f"`launchPermission` on {mrkdwn.code(image_id)} taken from {mrkdwn.codes(launchers)}"
        case ReencryptImage():
            return (
                f"`CopyImage` of {mrkdwn.code(changed.source_image_id)} within {mrkdwn.code(changed.owner)} as "
                f"{mrkdwn.code(changed.name)}, re-encrypted under {mrkdwn.code(changed.key_arn)}"
            )
        case ShareReencrypted():
            return (
                f"On that copy of {mrkdwn.code(changed.source_image_id)}: `createVolumePermission` for "
                f"{_accounts(changed.readers)}; `launchPermission` for {mrkdwn.codes(changed.launchers)}"
            )
        case DeregisterCopy():
            return (
                f"`DeregisterImage` of {mrkdwn.code(changed.image_id)} in {mrkdwn.code(changed.account_id)}, "
                f"{mrkdwn.code(changed.region)}, with its snapshots"
            )
        case PutImageParameter():
            return (
                f"SSM parameter {mrkdwn.code(changed.parameter)} of {mrkdwn.code(changed.account_id)} in "
                f"{mrkdwn.code(changed.region)} points to the copy of {mrkdwn.code(changed.source_image_id)}"
            )
        case CopyImage():
            return (
                f"`CopyImage` of {mrkdwn.code(changed.source_image_id)} by {mrkdwn.code(changed.account_id)} in "
                f"{mrkdwn.code(changed.region)} as {mrkdwn.code(changed.name)}, "
                f"encrypted under {mrkdwn.code(changed.key_arn)}{_carried(changed)}"
            )


def _carried(copy: CopyImage) -> str:
    deprecated = [f"deprecated from {mrkdwn.when(copy.deprecate_at)}"] if copy.deprecate_at else []
    protected = ["protected from deregistration"] if copy.protection not in ("", "disabled") else []
    return "".join(f", {each}" for each in (*deprecated, *protected))


def _users(change: AllowKeyUse | WithdrawKeyUse) -> str:
    """Whom a key's policy names, and of whom it knows only where they must come from."""
    members = (f"whoever in {mrkdwn.code(path)} is allowed it by IAM" for path in change.organizations)
    return ", ".join([*map(mrkdwn.code, change.principals), *members])


def _accounts(accounts: Sequence[str]) -> str:
    """The accounts; of an organization's many, how many they are and the first of them."""
    if len(accounts) <= _ACCOUNTS:
        return mrkdwn.codes(accounts)
    first = mrkdwn.codes(accounts[:_ACCOUNTS])
    return f"{len(accounts)} accounts: {first} and {len(accounts) - _ACCOUNTS} more"


_ACCOUNTS = 100  # as many as can be named in a request; a section of a message holds about 150


def _fill(sentence: str, details: Mapping[str, str]) -> str:
    # AWS's own words often bring a full stop along.
    return sentence.format(**{name: mrkdwn.escape(value).rstrip(". ") for name, value in details.items()}).strip()
