# What is said of a request and its deliveries, sentence by sentence.

## What kind of request it is, and how it stands: the header of the approval message, in plain text

title-share = AMI share: { $state ->
    [checking] being checked
    [awaiting_approval] approval needed
    [approved] approved
    [preparing] being re-encrypted first
    [applying] being applied
    [copying] copies under way
    [completed] completed
    [denied] denied
    [expired] expired
    [cancelled] cancelled
    [refused] no longer possible
    [revoking] being taken back
    [revoked] taken back
   *[failed] failed
}
title-revoke = Take an AMI share back: { $state ->
    [checking] being checked
    [awaiting_approval] approval needed
    [approved] approved
    [applying] being applied
    [completed] done
    [denied] denied
    [expired] expired
    [cancelled] cancelled
    [refused] no longer possible
   *[failed] failed
}
title-audit = AMI audit: { $state ->
    [checking] being checked
    [awaiting_approval] AWS differs from what was approved
    [approved] approved
    [applying] being put right
    [completed] put right
    [denied] denied
    [expired] expired
    [cancelled] cancelled
    [refused] no longer possible
    [revoking] being taken back
    [revoked] taken back
    [compared] compared
   *[failed] failed
}
title-retire = AMI retention: { $state ->
    [checking] being checked
    [awaiting_approval] copies that could go
    [approved] approved
    [applying] copies are going
    [completed] done
    [denied] denied
    [expired] expired
    [cancelled] cancelled
    [refused] no longer possible
   *[failed] failed
}

## Who asks for what

asks-share = { $trigger ->
    [standing] On behalf of { $who }, a standing share
   *[other] { $who }
} asks to share { $images } with { $targets }, { $mode ->
    [copy] as encrypted copies of their own
    [copy_then_unshare] as encrypted copies of their own; once these are done, the source is closed again
   *[share] to be launched from the original, with no copy
}{ $auto_scaling ->
    [yes] , by Auto Scaling as well
   *[no] {""}
}.{ $until ->
    [never] {""}
   *[other] {" "}Until { $until }; then that is taken back.
}
asks-revoke = { $who } asks to { $what }{ $deregister ->
    [yes] , and to deregister the copies
   *[no] {""}
}.
asks-audit = { $trigger ->
    [calendar] The audit by the calendar
   *[other] An audit for { $who }
} { $found ->
    [yes] compared
   *[no] compares
} AWS with what was approved{ $scope ->
    [share] {" "}in { $subject }
    [images] {" "}for { $subject }
   *[all] {""}
}{ $found ->
    [yes] , and found that they differ
   *[no] {""}
}.
asks-retire = { $trigger ->
    [calendar] The calendar
   *[other] { $who }
} asks to let the copies go that are beyond what is kept and that nothing uses.

take-back-all = take back what { $share } gave
take-back = take back what { $share } gave: { $images } with { $targets }
do-share = share { $images } with { $targets }

targets-in-regions = { $names } in { $regions }

## What the requester is told while others decide

asked-request = :hourglass_flowing_sand: Your request { $request } to { $what } waits for approval in { $channel }.
asked-audit = :mag: Your audit { $request } found that AWS differs from what was approved; what would put it right waits for approval in { $channel }.
asked-retire = :mag: { $request } found copies beyond what is kept; letting them go waits for approval in { $channel }.
unreachable = :warning: I can't post in { $channel }, so nobody there sees your request { $request }. { $why ->
    [not_in_channel] I am not in that channel: anybody in it can invite me, by typing `/invite` there.
    [channel_not_found] It is private and I am not in it, or it is gone: anybody in it can invite me, by typing `/invite` there.
    [is_archived] The channel is archived: somebody has to unarchive it.
   *[other] Slack says `{ $why }`: show this to whoever runs me.
} I keep trying.
reachable-again = :white_check_mark: I can post in { $channel } now, and your request { $request } is shown there.
cut-down-narrowed = :scissors: Your request { $request } ({ $images }) was narrowed:
cut-down-part = :information_source: Part of your request { $request } ({ $images }) is not approved; the rest goes on:

## The plan

plan-changes = *What will change, in this order*
plan-repairs = *What would put it right, in this order*
plan-in-short = _{ $count ->
    [one] { $count } change
   *[other] { $count } changes
} in all, put in short here: the details show each._
plan-reuse = • { $account } has a good copy already, { $copy } in { $region }: no other is made
plan-changes-nothing = Nothing has to change at AWS: all of it is there already. Approved, it stays as long as this share lasts.
plan-finds-nothing = Nothing at AWS has to change, or not any more.
plan-takes-nothing = Nothing has to change at AWS: others need the same permissions, or it gave none.

confirm-share = { $images } will be { $copied ->
    [yes] copied to
   *[no] shared with
} { $count ->
    [one] { $targets }
   *[other] { $count } targets: { $targets }
}.
confirm-revoke = { $count ->
    [0] Those named
    [one] { $targets }
   *[other] { $count } targets ({ $targets })
} will lose what { $share } gave.
confirm-audit = AWS will be brought to what was approved, as shown.
confirm-retire = The copies shown will be deregistered, and their snapshots deleted.

estimate-time = :hourglass: about { $span }, from { $earlier ->
    [one] { $earlier } earlier copy
   *[other] { $earlier } earlier copies
}
estimate-cost = :moneybag: at most { $monthly } a month{ $transfer ->
    [none] {""}
   *[other] , { $transfer } once for transfer
}, if all of the { $gib } GiB is in use
span-hours = { $hours } h
span-hours-minutes = { $hours } h { $minutes } min
span-minutes = { $minutes } min

## The image

image-name = Image
image-made = Made
image-age = { $days ->
    [0] less than a day old
    [one] { $days } day old
   *[other] { $days } days old
}
image-owner = Owner
image-kind = What it is
image-owned = { $account } in { $region }
image-size = { $gib } GiB
image-stands-for = in place of { $image }
image-not-encrypted = not encrypted
image-encrypted = encrypted under { $keys }
image-in-short = • { $image } { $name }, made { $made } ({ $age }), { $gib } GiB, { $encryption }

## How the request stands

standing-waiting = Waiting for a decision; expires { $expires }.
standing-expired = :hourglass: Nobody decided in time.
standing-revoking = Being taken back by { $by }.
standing-revoked = :lock: Taken back by { $by }.
standing-other = Now { $state }.
replanned = { $waiting ->
    [yes] :warning: AWS has changed since the approval, and more would have to change now than was approved. The message above shows the plan as it is now: please decide again.
   *[no] :repeat: AWS had changed since the approval, and more would have had to change than was approved; so it was asked again.
}

## What was done at the source

settled-given = :key: Permissions are in place and read back: { $done }.
settled-taken = :lock: Permissions are taken back and read back: { $done }.
settled-nothing = nothing had to change
settled-separator = ;{" "}
settled-allow-key-use = key policy opened on { $count ->
    [one] { $count } key
   *[other] { $count } keys
}
settled-allow-key-administration = administration given on { $count ->
    [one] { $count } key
   *[other] { $count } keys
}
settled-create-key-grant = made { $count ->
    [one] { $count } KMS grant
   *[other] { $count } KMS grants
}
settled-add-create-volume-permission = `createVolumePermission` given on { $count ->
    [one] { $count } snapshot
   *[other] { $count } snapshots
}
settled-add-launch-permission = `launchPermission` given on { $count ->
    [one] { $count } image
   *[other] { $count } images
}
settled-remove-launch-permission = `launchPermission` taken back on { $count ->
    [one] { $count } image
   *[other] { $count } images
}
settled-remove-create-volume-permission = `createVolumePermission` taken back on { $count ->
    [one] { $count } snapshot
   *[other] { $count } snapshots
}
settled-revoke-key-grant = revoked { $count ->
    [one] { $count } KMS grant
   *[other] { $count } KMS grants
}
settled-withdraw-key-administration = administration taken back on { $count ->
    [one] { $count } key
   *[other] { $count } keys
}
settled-withdraw-key-use = key policy closed on { $count ->
    [one] { $count } key
   *[other] { $count } keys
}
opened = • Every account of { $organizations } can launch { $image } in { $region }.

## Re-encryption, and the copies

prepared-done = :white_check_mark: { $image }: re-encrypted in its own account as { $copy }, to be shared in its place
prepared-percent = :arrows_counterclockwise: { $image }: re-encrypted in its own account as { $copy }, { $percent } %
prepared-started = :arrows_counterclockwise: { $image }: re-encrypted in its own account as { $copy }, started
copies = *Copies*
copies-in-numbers = { $done } of { $all } done, { $running } under way, { $waiting } waiting, { $failed } failed
delivery-name = *{ $target }* ({ $account }, { $region })
delivery-name-of-image = *{ $target }* ({ $account }, { $region }) { $image }
delivery-reused = :white_check_mark: { $name }: had { $copy } already
delivery-completed = :white_check_mark: { $name }: { $copy } is ready, and encrypted as intended
delivery-retired = :wastebasket: { $name }: { $copy } was deregistered, as was approved
delivery-failed = :x: { $name }: failed
delivery-clearing = :x: { $name }: the copy failed and is being cleared away
delivery-waiting = :hourglass_flowing_sand: { $name }: waiting to start
delivery-started = :arrows_counterclockwise: { $name }: { $copy } started{ $left ->
    [unknown] {""}
   *[other] , about { $left } left
}
delivery-copying = :arrows_counterclockwise: { $name }: { $copy } { $bar } { $percent } %{ $left ->
    [unknown] {""}
   *[other] , about { $left } left
}
delivery-unseen = :grey_question: { $name }: I can't look at this copy just now: { $why }
delivery-tried-again = :repeat: The first copy for { $name } failed, most likely because the key had only just been opened. I cleaned it up and try once more.
delivery-trouble = { $over ->
    [yes] :x:
   *[no] :warning:
} { $name } failed. { $why }
delivery-failed-before = :repeat: { $name } failed, and { $who } had it tried again, { $when }. { $why }
retried = :repeat: { $who } has it tried again, { $when }: { $names }. I make sure of the permissions first; then new copies are made.
from-image = from { $image }
more-lines = … and { $count } more

## How it ended

share-yours = Your share ({ $request }, { $images })
share-of-another = The share ({ $request }, { $images })
end-share-partly = :warning: { $subject } is done for { $done } of { $unit ->
    [account] { $count ->
        [one] { $count } account
       *[other] { $count } accounts
    }
   *[delivery] { $count ->
        [one] { $count } delivery
       *[other] { $count } deliveries
    }
}; the rest failed.
end-share-completed = :white_check_mark: { $subject } is complete. Ready to use:
end-share-cut-down = :white_check_mark: { $subject } is complete, as far as it was approved. What is left out, and what is ready to use:
end-share-failed = :x: { $subject } failed.
end-share-halfway = :x: { $subject } failed while its permissions were being set. Some of them may be in place: ask again to have the rest set, or take it back.
end-share-refused = :no_entry: I can't share { $images } with { $targets } ({ $request }):
end-share-denied = :no_entry: { $subject } was denied.
end-share-expired = :hourglass: { $subject } expired: nobody decided in time. Ask again if it is still needed.
end-revoke-completed = :lock: What the share gave is taken back ({ $request }, of { $share }).{ $copies ->
    [0] {""}
    [one] {" "}{ $copies } copy deregistered with the snapshots.
   *[other] {" "}{ $copies } copies deregistered with the snapshots.
}
end-revoke-left = :warning: What the share gave is taken back only in part ({ $request }, of { $share }).{ $copies ->
    [0] {""}
    [one] {" "}{ $copies } copy deregistered with the snapshots.
   *[other] {" "}{ $copies } copies deregistered with the snapshots.
} Once the rest can be taken back, ask for it again:
end-revoke-partly = :warning: What the share gave is taken back ({ $request }, of { $share }), but the copies aren't all deregistered.
end-revoke-refused = :no_entry: I can't take that share back ({ $request }, of { $share }):
end-revoke-denied = :no_entry: Taking the share back ({ $request }, of { $share }) was denied.
end-revoke-expired = :hourglass: Taking the share back ({ $request }, of { $share }) expired: nobody decided in time.
end-revoke-failed = :x: Taking the share back ({ $request }, of { $share }) failed; what it gave may still be there.
end-audit-nothing = :white_check_mark: AWS is as it was approved ({ $what }). Nothing has to be put right.
end-audit-stuck = :warning: AWS isn't as it was approved ({ $what }), and I can't put that right:
end-audit-completed = :white_check_mark: AWS is as it was approved again ({ $what }).
end-audit-partly = :warning: What the audit ({ $what }) found is put right, but for this:
end-audit-denied = :no_entry: Putting right what the audit ({ $what }) found was denied.
end-audit-expired = :hourglass: What the audit ({ $what }) found was put right by nobody in time.
end-audit-failed = :x: The audit ({ $what }) failed.
audit-of-share = { $request } in { $share }
audit-of-images = { $request } for { $images }
end-retire-nothing = :white_check_mark: No copy is beyond what is kept, or none that could go ({ $request }).
end-retire-completed = :wastebasket: { $gone ->
    [0] None of the copies is deregistered
    [one] { $gone } copy is deregistered, and its snapshots are deleted
   *[other] { $gone } copies are deregistered, and their snapshots are deleted
} ({ $request }).{ $staying ->
    [0] {""}
   *[other] {" "}What stays, and why:
}
end-retire-denied = :no_entry: Letting the copies go ({ $request }) was denied; they stay.
end-retire-expired = :hourglass: Nobody decided in time on letting the copies go ({ $request }); they stay.
end-retire-failed = :x: Letting the copies go ({ $request }) failed; some may be gone.

calendar-found = :calendar: { $kind ->
    [retire] What the calendar's look for copies that aren't kept came to:
   *[audit] What the calendar's audit came to:
}
calendar-only-news = I say this again only when something is added to it.

taken-back = :lock: What the share ({ $request }, { $images } with { $targets }) gave is taken back: { $why ->
    [end_date] its time is over, as was approved
    [copies_done] the copies are done, and the source is closed again, as was approved
   *[person] somebody asked for it, and it was approved
} ({ $by }).
ending-failed = :warning: { $who } With { $why ->
    [end_date] the end date
   *[copies_done] the end of the copies
} of { $share }, what it gave ({ $images } with { $targets }) was to be taken back. That failed ({ $request }). I try again every day; what stands in the way, somebody has to mend:
ending-partly = :warning: { $who } With { $why ->
    [end_date] the end date
   *[copies_done] the end of the copies
} of { $share }, what it gave ({ $images } with { $targets }) was to be taken back. Not all of it could be ({ $request }). I try the rest again every day; what stands in the way, somebody has to mend:

## Previews

title-preview = AMI share: only a preview
asks-preview = What sharing { $images } with { $targets } would do. Nothing has been asked for, and nothing changes.
preview-nothing-asked = A preview, for you alone.
end-preview-refused = :no_entry: Sharing { $images } with { $targets } can't be done ({ $request }):
end-preview-failed = :x: The preview ({ $request }) failed.

## What else is shown of a request

ticket = Ticket: { $ticket }
image-old = { $image } is { $days } days old.
environment = In the environment { $environment }: { $targets }.
policy-diff = *My own statements in the policy of { $key }, before and after*
details-title = In full
details-close = Close
button-details = Details
button-notify = Notify me
button-retry = Retry
button-retry-one = Retry { $name }
button-retry-all = Retry all that failed
button-stop-notifying = Don't notify me
button-again = Ask again…
button-revoke = Take back…
button-revoke-confirm = Ask for it
button-keep = Keep it
button-fill-in = Fill in the form
label-retry = Try again what failed of { $request }
label-revoke = Take back what { $request } gave
question-take-back = Take this share back?
confirm-take-back = Approval is asked for; then what { $request } gave is taken back. The copies stay.
notify-noted = :bell: You will be told in a direct message once { $request } has ended.
notify-already = You are told of the end of { $request } already.
notify-stopped = :no_bell: You won't be told of the end of { $request }.
notify-too-late = { $request } has ended already.
watched-end = :bell: { $request }{ $who ->
    [nobody] {""}
   *[other] , asked for by { $who }
}:
digest = :white_check_mark: { $count } shares are complete:
digest-line = • { $request }: { $images } with { $targets }{ $left_out ->
    [yes] , as far as it was approved
   *[no] {""}
}{ $who ->
    [reader] {""}
   *[other] , asked for by { $who }
}
digest-ready = Ready to use:

## Requests in short

list-waiting = *Waiting for a decision*
list-running = *Under way*
list-in-force = *Shared now*
list-ended = *Over*
list-nothing = { $whose ->
    [mine] You have no requests. `list all` shows everybody's.
   *[all] Nothing is asked for, and nothing is shared.
}
list-line = { $request }: { $images } → { $targets } · { $state }{ $until ->
    [never] {""}
   *[other] {" "}· until { $until }
}
list-line-other = { $request }: { $kind ->
    [revoke] take a share back
    [audit] audit
   *[retire] retention
} · { $state }
status = *{ $request }* · { $title }
