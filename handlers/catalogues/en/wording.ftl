# Refusals, cautions, failures, notes and objections, by the kinds that the floors below name.


## Why it can't be done

refusal-image-not-found = { $image } isn't in any account I may share from (looked in { $searched }). Check the id; if it was only just made, try again in a minute.
refusal-image-not-owned = { $image } belongs to account { $owner }, which I may not share from. Only its owner can share it: ask there, or have that account added to my sources.
refusal-source-unreadable = I can't look into a source account: { $why }. Whoever runs me must mend the role there.
refusal-image-state = { $image } is { $state }, and only an available image can be shared.{ $reason ->
    [none] {""}
   *[other] {" "}AWS says: { $reason }.
}
refusal-image-disabled = { $image } is disabled, and a disabled image can't be shared. Enable it first (EC2 console, _Enable AMI_), or choose another.
refusal-instance-store = { $image } is backed by instance store, which can't be encrypted by copying. Make an EBS-backed image from it first.
refusal-no-snapshot = { $image } has no EBS snapshot behind it, so there is nothing to share but a name. Choose an EBS-backed image.
refusal-marketplace-code = { $image } carries AWS Marketplace codes ({ $codes }); AWS lets no other account copy it. Subscribe in the target account, launch an instance there and make an image from it.
refusal-billing-product = { $image } carries a billing product ({ $platform }); AWS lets no other account copy it. Share it with `no copy`, launch an instance in the target account and make an image from that.
refusal-snapshot-unreadable = I can't read snapshot { $snapshot }: { $why }.
refusal-snapshot-state = Snapshot { $snapshot } is { $state }; it must be completed first.
refusal-snapshot-archived = Snapshot { $snapshot } is in the archive tier. Restore it to the standard tier first (it takes up to 72 hours).
refusal-aws-managed-key = { $snapshots } is encrypted under the AWS managed key { $key }, and what is under that key can't be shared at all. Copy the image within its own account under a customer managed key, and share that copy; or let me do it, by `reencrypt_keys` of the source in my settings.
refusal-key-unreadable = I can't read the key { $key }: { $why }. Its policy must let my source role `kms:DescribeKey`.
refusal-key-foreign = The snapshots are under { $key }, a key of account { $account } in which I have no role, so I can't open it for anybody. Have that account added to my sources, or re-encrypt under a key of the source.
refusal-key-state = The key { $key } is { $state }; it must be enabled before anything under it can be copied.
refusal-key-kind = The key { $key } is of the wrong kind ({ $spec }, { $usage }); EBS takes symmetric encryption keys alone.
refusal-policy-unreadable = I can't read the policy of the key { $key }: { $why }. My source role needs `kms:GetKeyPolicy` and `kms:PutKeyPolicy` on it.
refusal-grants-unreadable = I can't read the grants on the key { $key }: { $why }. My source role needs `kms:ListGrants`, `kms:CreateGrant` and `kms:RevokeGrant` on it.
refusal-auto-scaling-role-missing = KMS doesn't know { $principal }, since account { $account } has no Auto Scaling yet, so nothing can be granted to it. Create that service-linked role there first (`aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com`), or leave out `with auto scaling`.
refusal-policy-deleted-principals = The policy of the key { $key } names principals that no longer exist ({ $principals }), and KMS would refuse it back with them. Take them out of the policy first.
refusal-policy-denies = The policy of the key { $key } denies { $principals } its use (statement { $statement }), and a denial beats anything I could add. Change that statement first.
refusal-policy-too-large = The policy of the key { $key } would be { $size } bytes, { $over } more than KMS stores. Make room in it, or share under another key.
refusal-policy-not-latin-1 = The policy of the key { $key } would hold characters that KMS doesn't take ({ $characters }). Take them out first.
refusal-target-is-source = { $target } owns the image itself; leave it out.
refusal-role-not-assumable = I can't take on my role in { $target } ({ $role }): { $why }. Whoever runs { $target } must let me assume it.
refusal-target-unreadable = I can't see what { $target } has already: { $why }. Whoever runs { $target } must let my role there `ec2:DescribeImages` and `ec2:DescribeSnapshots`.
refusal-no-key-for-region = For { $target } no key is configured in { $region }, so a copy there couldn't be encrypted. Have one added to my settings.
refusal-target-key-unreadable = I can't find or read the key { $key } in { $target }: { $why }.
refusal-key-expired = The imported key material of { $key } expired on { $when }. It must be imported again before anything under the key can be used.
refusal-target-key-state = The key { $key } of { $target } is { $state }; it must be enabled.
refusal-target-key-kind = The key { $key } of { $target } is of the wrong kind ({ $spec }, { $usage }); EBS takes symmetric encryption keys alone.
refusal-other-partition = { $target } is in another partition of AWS ({ $partition }) than the image, and nothing can be shared or copied across. Store the image to S3 there and restore it (`CreateStoreImageTask`).
refusal-shared-elsewhere = { $image } is in { $home }, and can be launched there alone. For { $region } the target needs a copy: leave out `no copy`.
refusal-sharing-quota = { $image } would be shared with { $entries } accounts, organizations and OUs, and AWS takes { $limit }. Share it with an organization instead, or have the quota raised (Service Quotas, L-70015FFA) and `sharing_quota` in my settings with it.
refusal-organization-cant-copy = { $organization } is an organization, and I have no role in all its accounts to make copies with. Share with `no copy`, or name the accounts.
refusal-members-unreadable = I can't ask who belongs to { $organization }: { $why }. Its snapshots are to be shared with the members one by one, so I must know them. Whoever runs me must mend the role that asks AWS Organizations (it needs `organizations:ListAccounts`, `ListAccountsForParent` and `ListOrganizationalUnitsForParent`).
refusal-copy-without-imds-v2 = The copy { $copy } in { $target } doesn't require IMDSv2 of its instances, though the image does. Require it there (`modify-image-attribute --imds-support v2.0`), or deregister the copy and share the image again.
refusal-nothing-to-do = There is nothing to do: { $image } can be used there already. { $have }

## What to know before saying yes

left-behind = Not all of it can be taken back. { $why }
caution-copy-under-other-key = { $target } has a copy already, { $copy }, but under another key.
caution-copy-under-way = { $target } is making a copy already, { $copy }; this makes another.
caution-reused-without-imds-v2 = The copy { $copy } that { $target } has already doesn't require IMDSv2 of its instances, though the image does. Require it there (`modify-image-attribute --imds-support v2.0`), or deregister the copy and share the image again.
caution-name-taken = In { $target } an image is called { $name } already; the copy will be called { $instead }.
caution-tags-left-out = An image holds 50 tags at most; these are left out: { $tags }.
caution-policy-may-deny = Statement { $statement } in the policy of { $key } may deny { $principals } its use.
caution-target-key-aws-managed = In { $target } copies are encrypted under the AWS managed key, and can never be shared on.
caution-image-public = { $image } is public: everybody can launch it already.
caution-image-deprecated = { $image } has been deprecated since { $since }.{ $copies ->
    [deprecated] {" "}Its copies will be as well, a few minutes after they are made.
   *[fresh] {""}
}
caution-still-shared = { $image } stays shared with { $groups }; that isn't mine to take back, and whoever belongs there can still launch it.
caution-still-needed = { $grantees } will still have access to { $what }: it is needed for { $shares } as well.
caution-still-given = { $grantees } will still have access to { $what }: somebody else gave it, so it isn't mine to take back.
caution-volumes-need-key = Instances that were launched from the original have volumes under { $keys }. They run on, but once stopped they can't be started again without it.
caution-not-looked-at = I can't look at { $what }: { $why }.
caution-cannot-be-put-right = { $what } can't be put right: { $why }.
caution-source-gone = { $what } is gone, though a share rests on it. What is copied stays; nothing new can be made of it.
caution-source-disabled = { $image } is disabled, though a share rests on it: nobody can launch it, and it can't be shared again until somebody enables it (EC2 console, _Enable AMI_). Audit it again then.
caution-copy-lost = The copy { $copy } in { $place } is gone, though { $share } handed it over. Share the image again if it is needed.
caution-shared-beyond = { $image } is shared with { $strangers } as well; I know nothing of that and leave it alone.
caution-copy-in-use = { $copy } in { $place } stays: { $users } use it.
caution-use-unread = The copies in { $place } stay, since I can't see whether something uses them: { $why }.
caution-reencrypted-first = { $image } is under the AWS managed key, and can't be shared as it is. A copy of it under { $key } is made in its own account first, and that one is shared. It stays there, and costs storage.
caution-stands-in = { $image } can't be shared as it is; its re-encrypted copy { $copy } in the same account is shared in its place.
caution-same-image = { $copy } is the re-encrypted copy of { $image }: the two are one image, and it is shared once.
caution-members-cant-copy = Members of { $organization } can launch the image, but not copy it: snapshots can be shared with accounts alone, and these aren't.
caution-later-members-cant-copy = Whoever joins { $organization } later can launch the image at once, but not copy it: its snapshots are shared with the members of now, account by account. An audit finds who has joined or left since.
caution-members-now = Active accounts of { $organization } now: { $count }.
caution-members-unknown = I can't ask how many accounts { $organization } has: { $why }.
caution-members-left = No longer in { $organization }: { $members }. Whoever leaves can go on reading the snapshots that were shared with it, until that is taken back.
caution-members-joined = New in { $organization }: { $members }. They can launch the image, but copy it only once its snapshots are shared with them as well.
caution-members-not-compared = I can't ask who belongs to { $organization } now, so what its members were given stays as it is: { $why }.
caution-covered-by-organization = { $targets } belongs to { $organization }, and can launch the image through it; taking back the account alone won't end that.
caution-key-use-limited = In { $target }, only { $principals } will be able to use the key, so only they can launch from the shared image.
caution-key-used-by-many = Other accounts use the key { $key } already, { $accounts } in all; whatever is under it is open to them.
caution-key-expires = The imported key material of { $key } expires on { $when }. From then on nothing under it can be used, unless it is imported again.
caution-key-administrators = *By the settings, { $principals } become administrators of { $key }.* They can hand the key on to anybody, in any account, without asking me, and can take other people's grants away. What they hand on I don't see, and it stays when this share is taken back.
caution-own-principals-deleted = My own statements in the policy of { $key } name principals that no longer exist ({ $principals }). Whoever they were, they go when I next write the policy; if one was made anew under its old name, share with it again.
caution-auto-scaling-left-out = Auto Scaling in { $target } will not be able to launch from the shared image: its service-linked role has no use of the key. If it should, ask again `with auto scaling`.
caution-auto-scaling-not-needed = { $image } isn't encrypted, so Auto Scaling needs no grant for it.
caution-image-hidden = { $target } won't see { $image }: the setting “Allowed AMIs” there, in { $region }, hides it, as if it did not exist. Whoever manages that setting ({ $by }) must add a criterion with the image provider { $owner }.
caution-image-hidden-from-copy = The setting “Allowed AMIs” of { $target } in { $region } hides { $image }, so the copy will most likely fail. Whoever manages that setting ({ $by }) must add a criterion with the image provider { $owner } first.
caution-image-may-be-hidden = The setting “Allowed AMIs” of { $target } in { $region } may hide { $image }: it has criteria that I can't judge from here. If it does, whoever manages that setting ({ $by }) must add a criterion with the image provider { $owner }.
caution-image-would-be-hidden = The setting “Allowed AMIs” of { $target } in { $region } is in audit mode. Nothing is hidden now, but { $image } will be once it is enabled, unless it has a criterion with the image provider { $owner }.
caution-allowed-images-unread = I can't read whether the setting “Allowed AMIs” of { $target } in { $region } hides the image there: { $why }.

## Why it failed

aws-says = { $said }
aws-gives-no-reason = AWS gives no reason
failure-aws-refused = { $why }.
failure-aws-busy = AWS stayed unavailable for too long. The last it said: { $why }.
failure-time-over = Its time was over before I could begin. Ask again for what is still needed.
failure-others-at-it = Other requests were at the same keys, images or copies for too long. Ask again once they have ended.
failure-account-removed = { $account } is no longer in my settings.
failure-key-never-usable = For { $minutes } minutes the target's role could not use the source key { $key }. Its own IAM policy must allow `kms:DescribeKey` and the rest on that key, besides the key's policy.
failure-copy-failed = AWS ended the copy: { $said }. Most often the target's role may not use the source key or its own: see that its IAM policy names both.
failure-reencryption-failed = AWS ended the re-encryption in the source account: { $said }. Most often the source's role may not use the key to re-encrypt under.
failure-copy-wrong = The copy { $image } is not as it must be: { $why }. I left it where it is; don't use it before somebody has looked.
failure-copy-gone = The copy { $image } is gone; somebody deregistered it while it was being made.
failure-copy-stalled = The copy { $image } is still not finished after { $hours } hours. I left it where it is.
failure-not-revocable = { $share } is { $state }: there is nothing I could take back.
failure-unexpected = Something went wrong that I did not expect. Whoever runs me finds the whole story in my log under reference { $reference }.

manager-of-setting = { $by ->
    [account] the account itself
    [declarative-policy] a declarative policy
   *[other] { $by }
}

## What stands in the way: after a colon, without a full stop

why-separator = ;{" "}
why-at = { $where }: { $why }
cause-refused = AWS refused { $operation }: { $said } ({ $code })
cause-could-not = AWS could not do { $operation } now: { $said } ({ $code })
cause-own-credentials = my own AWS credentials are missing, expired or wrong, and whoever runs me has to renew them ({ $operation }, { $code }: { $said })
cause-role-not-believed = AWS doesn't accept the role's credentials for { $operation }; is the region enabled in the account? ({ $code }: { $said })
cause-other-organization = the role belongs to the organization { $found }, and can't say who is in { $wanted }
cause-not-read = it was not asked for
cause-absent = it doesn't exist, or I may not see it
cause-key-not-named = it is encrypted, but AWS does not name its key
cause-nobody-may-ask = no role is configured that may ask
cause-no-longer-source = account { $account } is no longer one of my sources
cause-no-longer-configured = { $account } is no longer in my settings
cause-image-not-seen = account { $account } doesn't see { $image }, though it was shared ({ $said })
cause-storage-not-seen = account { $account } doesn't see what is behind { $image }, though it was shared ({ $said })
cause-permission-not-shown = { $resource } was shared with { $grantees }, but AWS doesn't show it
cause-permission-still-shown = { $resource } was taken back from { $grantees }, but AWS still shows it
cause-grant-not-shown = { $principal } was granted { $key }, but KMS doesn't show it
cause-grant-still-shown = the grant of { $key } to { $principal } was revoked, but KMS still shows it
cause-malformed-id = “{ $text }” is no id or ARN that I know
cause-grantee-unknown = KMS doesn't know { $principal }, so no grant can be made for it; check that it exists, and if it was only just made, try again in a few minutes
cause-service-linked-role-missing = KMS doesn't know { $principal }, so no grant can be made for it; create that service-linked role first, in its own account (`aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com`)
cause-malformed-policy = what KMS holds is no key policy that I understand
cause-deleted-principals = the key policy names deleted principals ({ $principals }), and KMS would refuse it back with them; take them out of the policy first
cause-principals-unknown = KMS doesn't know { $principals ->
    [none] a principal of the policy
   *[other] { $principals }
}; check that it exists and that its account has the region enabled, and if it was only just made, try again in a few minutes
cause-policy-not-latin-1 = the key policy would hold characters that KMS doesn't take ({ $characters })
cause-policy-locks-out = KMS refused the key policy ({ $said }); let the policy allow my source role `kms:PutKeyPolicy`
cause-policy-too-large = the key policy would be { $size } bytes, { $over } more than KMS stores; make room in it, or share under another key
cause-policy-contested = somebody else keeps changing the policy of { $key }, or KMS doesn't show the change yet; the key's owner can say who writes it
cause-not-own-copy = { $image } doesn't bear the tag `{ $tag }`, so it isn't mine to remove
cause-not-available = { $image } { $state ->
    [pending] is still being made
    [failed] has failed
    [gone] is deregistered or disabled
   *[other] is { $state }
}
cause-no-snapshots = { $image } shows no snapshots
cause-not-encrypted = { $snapshot } isn't encrypted
cause-under-other-key = { $snapshot } is encrypted under { $key } instead of { $intended }

## What is to be said of a copy that is good all the same

note-not-deprecated = :warning: It isn't deprecated when its source is: { $why }.
note-not-protected = :warning: It isn't protected from deregistration as its source is: { $why }.
note-imds-v2-not-required = :warning: Its instances aren't required to use IMDSv2 as those of its source are: { $why }.
note-parameter-not-set = :warning: The parameter { $parameter } doesn't point to it: { $why }.
note-parameter-set = The parameter { $parameter } points to it now (before: { $before ->
    [nothing] nothing
   *[other] { $before }
}).
note-parameter-kept = The parameter { $parameter } stays with { $newer }, the copy of a newer image.

## What of a plan isn't done

note-not-put-right = :warning: { $what } is not put right: { $why }.
note-still-used = { $copy } in { $place } stays: by now { $users } use it.
note-handed-over-since = { $copy } in { $place } stays: another share has handed it over since.
note-not-deregistered = :warning: { $copy } in { $place } is not deregistered: { $why }.
note-protected-for-now = :hourglass_flowing_sand: { $copy } in { $place } was protected from deregistration with a cooldown. AWS lets it go from { $until } on; it is deregistered then.

## Why somebody isn't listened to

stranger-other-workspace = I only listen to members of my own workspace.
stranger-deleted = Your account in this workspace is deactivated.
stranger-bot = I don't take requests or decisions from bots.
stranger-guest = Guests can't ask for or decide on shares. Ask a full member of the workspace.
stranger-unknown = Slack doesn't tell me who you are.

## Why a share can't be taken back, or compared

not-revocable-itself-revokes = { $request } takes a share back itself; name the share, { $share }.
not-revocable-already = { $request } is { $state } already, by { $by }.{ $copies ->
    [yes] {" "}Its copies are there; to have them deregistered, add `and deregister the copies`.
   *[no] {""}
}
not-revocable-gave-nothing = { $request } is { $state }, and gave nothing: there is nothing to take back.
not-revocable-yet = { $request } is { $state }. It can be taken back once it has ended.
not-in-force = { $request } is no share in force (it is { $state }), so there is nothing to compare.

## Why nothing is tried again

not-retried-retried-already = { $by } had that tried again already, { $when }.
not-retried-nothing-failed = { $request } is { $state }, and nothing of it has failed: there is nothing to try again.
not-retried-not-in-place = { $request } is { $state }, and has no failed copy that could be tried again. Ask again for what is still needed.
not-retried-source-closed = The source of { $request } was closed again once its copies were done ({ $revocation }), so nothing can be copied from it as approved. Ask again for what failed.
not-retried-taken-back = { $request } is taken back, or was to be ({ $revocation }), so nothing of it is tried again. Ask again for what is still needed.
not-retried-to-be-taken-back = { $revocation } would take { $request } back, and isn't decided or done yet. If { $request } still stands after that, try again then.
not-retried-time-over = The time of { $request } is over ({ $when }). Ask again for what is still needed.
not-retried-not-entitled = You can't have that tried again. { $by } can, who asked for it, and those who may approve it: { $who }.

## The states of a request

state-checking = checking
state-refused = refused
state-awaiting-approval = awaiting approval
state-denied = denied
state-expired = expired
state-cancelled = cancelled
state-approved = approved
state-preparing = preparing
state-applying = applying
state-copying = copying
state-completed = completed
state-failed = failed
state-revoking = revoking
state-revoked = revoked

## What a change does

change-allow-key-use = Key policy of { $key } gains: { $users } may `Encrypt`, `Decrypt`, `ReEncrypt*`, `GenerateDataKey*`, `DescribeKey`, and make grants for AWS resources alone
change-allow-key-administration = Key policy of { $key } gains: { $users } may make, list and revoke any grant (`CreateGrant`, `ListGrants`, `RevokeGrant`), `DescribeKey` and `GetKeyRotationStatus`
change-create-key-grant = KMS grant on { $key } for { $principal } alone: { $operations }; what it grants on can be no more than these
change-create-key-grant-to-auto-scaling = KMS grant on { $key } for Auto Scaling of { $account }, { $principal } alone: { $operations }; what it grants on can be no more than these
change-add-create-volume-permission = `createVolumePermission` on { $snapshot } for { $accounts }
change-add-launch-permission = `launchPermission` on { $image } for { $launchers }
change-withdraw-key-use = Key policy of { $key } loses: { $users }, in my own statements alone
change-withdraw-key-administration = Key policy of { $key } loses: { $users } as administrators; grants that they made stay
change-revoke-key-grant = KMS grant on { $key } for { $principal } revoked
change-remove-create-volume-permission = `createVolumePermission` on { $snapshot } taken from { $accounts }
change-remove-launch-permission = `launchPermission` on { $image } taken from { $launchers }
change-reencrypt-image = `CopyImage` of { $image } within { $account } as { $name }, re-encrypted under { $key }
change-share-reencrypted = On that copy of { $image }: `createVolumePermission` for { $accounts }; `launchPermission` for { $launchers }
change-deregister-copy = `DeregisterImage` of { $image } in { $account }, { $region }, with its snapshots
change-put-image-parameter = SSM parameter { $parameter } of { $account } in { $region } points to the copy of { $image }
change-copy-image = `CopyImage` of { $image } by { $account } in { $region } as { $name }, encrypted under { $key }{ $deprecated ->
    [none] {""}
   *[other] , deprecated from { $deprecated }
}{ $protected ->
    [yes] , protected from deregistration
   *[no] {""}
}{ $imds ->
    [yes] , with IMDSv2 required
   *[no] {""}
}

whoever-in-organization = whoever in { $organization } is allowed it by IAM
many-accounts = { $count } accounts: { $listed }

## The same for very many changes, those of a kind in one line

changes-allow-key-use = Key policies of { $key_count } keys ({ $key }) gain: { $users } may `Encrypt`, `Decrypt`, `ReEncrypt*`, `GenerateDataKey*`, `DescribeKey`, and make grants for AWS resources alone
changes-allow-key-administration = Key policies of { $key_count } keys ({ $key }) gain: { $users } may make, list and revoke any grant (`CreateGrant`, `ListGrants`, `RevokeGrant`), `DescribeKey` and `GetKeyRotationStatus`
changes-create-key-grant = { $count } KMS grants on { $key }, each for one of { $principal } alone: { $operations }; what it grants on can be no more than these
changes-create-key-grant-to-auto-scaling = { $count } KMS grants on { $key }, each for Auto Scaling of one of { $account } alone: { $operations }; what it grants on can be no more than these
changes-add-create-volume-permission = `createVolumePermission` on { $snapshot_count } snapshots ({ $snapshot }) for { $accounts }
changes-add-launch-permission = `launchPermission` on { $image_count } images ({ $image }) for { $launchers }
changes-withdraw-key-use = Key policies of { $key_count } keys ({ $key }) lose: { $users }, in my own statements alone
changes-withdraw-key-administration = Key policies of { $key_count } keys ({ $key }) lose: { $users } as administrators; grants that they made stay
changes-revoke-key-grant = { $count } KMS grants on { $key } revoked, of { $principal }
changes-remove-create-volume-permission = `createVolumePermission` on { $snapshot_count } snapshots ({ $snapshot }) taken from { $accounts }
changes-remove-launch-permission = `launchPermission` on { $image_count } images ({ $image }) taken from { $launchers }
changes-reencrypt-image = `CopyImage` of { $image_count } images ({ $image }), each within its own account ({ $account }), as { $name }, re-encrypted under { $key }
changes-share-reencrypted = On those copies of { $image }: `createVolumePermission` for { $accounts }; `launchPermission` for { $launchers }
changes-deregister-copy = `DeregisterImage` of { $image_count } copies ({ $image }) in { $account_count ->
    [one] { $account }
   *[other] { $account_count } accounts ({ $account })
}, { $region }, with their snapshots
changes-put-image-parameter = { $count } SSM parameters ({ $parameter }) of { $account_count ->
    [one] { $account }
   *[other] { $account_count } accounts ({ $account })
} in { $region } point to the copies of { $image }
changes-copy-image = `CopyImage`, { $count } copies: of { $image_count ->
    [one] { $image }
   *[other] { $image_count } images ({ $image })
} by { $account_count ->
    [one] { $account }
   *[other] { $account_count } accounts ({ $account })
} in { $region_count ->
    [one] { $region }
   *[other] { $region_count } regions ({ $region })
}, named { $name }, each encrypted under a key of its own account ({ $key }){ $deprecated ->
    [none] {""}
   *[other] , deprecated when the source is
}{ $protected ->
    [yes] , protected from deregistration
   *[no] {""}
}{ $imds ->
    [yes] , with IMDSv2 required
   *[no] {""}
}

## What was typed makes no sense. Plain text: it is escaped where it is shown.

problem-no-request = “{ $text }” has no image and “to” with accounts.
problem-no-image = Name at least one image, like ami-0123456789abcdef0.
problem-no-target = Say with whom: after “to” comes at least one account, by name or id.
problem-no-region = After “in” comes at least one region, like eu-central-1.
problem-not-an-image = “{ $word }” is not understood: an AMI id is ami- and 17 (or 8) hexadecimal digits, like ami-0123456789abcdef0.
problem-not-a-target = “{ $word }” is no account I may share with.
problem-not-a-region = “{ $word }” is no region I work in.
problem-not-a-date = { $word ->
    [none] After “until” comes a date, like 2026-12-31.
   *[other] “{ $word }” is no date; one looks like 2026-12-31.
}
problem-not-a-time = { $word ->
    [none] After “for” comes a time, like 30d, 12h or 2w.
   *[other] “{ $word }” is no time; one looks like 30d, 12h or 2w.
}
problem-no-such-image = “{ $word }” is neither an AMI id nor the name of an available image in our source accounts.
problem-not-a-key = { $word ->
    [none] After “copy with” comes the alias of a key, like alias/copies.
   *[other] “{ $word }” is no alias of a key; one looks like alias/copies.
}
problem-not-a-ticket = { $word ->
    [none] After “ticket” comes one word of { $limit } characters at most, like OPS-42.
   *[other] “{ $word }” can't be a ticket: one word of { $limit } characters at most, like OPS-42.
}
problem-not-a-request = After “{ $verb }” comes the id of a request, like R-7K2M9QXA{ $word ->
    [none] {""}
   *[other] , not “{ $word }”
}.
problem-nothing-to-list = After “list” comes nothing, or “all”, not “{ $word }”.
problem-nothing-to-retire = “retire” stands alone, and looks at all the copies there are; I don't understand “{ $word }” after it.
problem-unknown-word = I don't understand “{ $word }”.
problem-key-needs-copy = “copy with …” and “no copy” exclude each other: without a copy there is nothing to encrypt.
problem-nothing-to-audit = After “audit” comes nothing, images, or the id of a request, like R-7K2M9QXA.
problem-end-too-late = A share ends within ten years, or not at all: leave the end out.
problem-end-passed = That end has passed already.
problem-twice = “{ $word }” comes once too often.
problem-modes-clash = “no copy” and “then unshare” exclude each other: with nothing copied, nothing would be left.
problem-organization-cant-copy = “{ $name }” is an organization: I have no role in all its accounts to make copies with. Share only (“no copy”), or name the accounts.
problem-auto-scaling-needs-no-copy = “with auto scaling” goes with “no copy” alone: a copy is under the target's own key, which the target opens for its Auto Scaling itself.
problem-no-reason = Say why: the approvers read it.
problem-reason-too-long = The reason has { $count } characters; { $limit } is the most.
problem-too-many-images = { $count } images are too many for one request; { $limit } is the most.
problem-too-many-targets = { $count } accounts are too many for one request; { $limit } is the most.
problem-too-many-copies = { $count } copies (images by accounts by regions) are too many for one request; { $limit } is the most.
did-you-mean = { $said } Did you mean “{ $alike }”?
or-separator = ” or “
