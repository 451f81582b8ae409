# Approval: who is to decide on what, who has, the buttons, and what one person is told whose click changes nothing.

to-be-decided = To be decided by { $who }.
to-be-decided-by-several = { $approved ->
    [0] To be decided by { $count } of { $who }; nobody has approved yet.
   *[other] To be decided by { $count } of { $who }; { $approved } of { $count } approved: { $by }.
}
nobody-may = :warning: Nobody else may decide on this.
part = By the rule { $rule }: { $targets } (expires { $when })
parts-later = { $count ->
    [one] One more part is shown once one of these is decided.
   *[other] { $count } more parts are shown once these are decided.
}
story-elsewhere = Asked for in several channels; how it goes on is told { $channel }.
story-link = in the thread there
no-targets = everything

approve = Approve
put-it-right = Put it right
deny = Deny…
narrow = Narrow…
not-yet = Not yet
approve-label = Approve request { $request }, rule { $rule }
deny-label = Deny request { $request }, rule { $rule }
narrow-label = Take targets out of request { $request }
question-share = Approve this share?
question-revoke = Take it back?
question-audit = Put it right?
question-retire = Let these copies go?

whole-approved = :white_check_mark: Approved by { $who }, { $when }.
whole-denied = :no_entry: Denied by { $who }, { $when }.
whole-void = :warning: What { $who } approved counts no more, { $when }: they may not decide on this any more.
part-approved = :white_check_mark: Approved for { $targets } (rule { $rule }) by { $who }, { $when }.
part-denied = :no_entry: Denied for { $targets } (rule { $rule }) by { $who }, { $when }.
part-void = :warning: What { $who } approved for { $targets } (rule { $rule }) counts no more, { $when }: they may not decide on it any more.
part-lapsed = :hourglass: Nobody decided in time on { $targets } (rule { $rule }).
taken-out = :scissors: { $who } took { $targets } out, { $when }.
narrowed-by = :scissors: { $who } took { $targets } out, { $when }. I check and ask for the rest anew.
narrowed-voids = What was decided before doesn't count any more.
being-checked-anew = Being checked again, with fewer targets.
reminder = :bell: { $who }: this still waits for your decision; it expires { $when }.

cancel-request = Cancel request
cancel-label = Cancel request { $request }
cancel-question = Cancel your request?
cancel-confirm = { $request } will be withdrawn, and nothing changes at AWS.
cancelled-by = :wastebasket: Cancelled by { $who }, { $when }.

narrow-title = Narrow the request
narrow-submit = Narrow
narrow-what = What you leave out isn't shared. The rest of { $request } is checked again, and asked for anew: what was decided before doesn't count for it.
narrow-keep = Share with
narrow-choose = Choose targets

objection-not-an-approver = You are not an approver for this request. { $who } may decide.
objection-own-request = This is your own request; somebody else has to decide on it. { $who } may.
objection-own-edit = You were the last to narrow this request; somebody else has to decide on it. { $who } may.
objection-already-decided = { $verdict ->
    [denied] This request has been decided already: denied by { $by }, { $when }.
    [lapsed] This request has been decided already: nobody decided in time.
   *[approved] This request has been decided already: approved by { $by }, { $when }.
}
objection-already-counted = Your approval is already counted, { $when }. { $missing ->
    [one] One more person has to approve.
   *[other] { $missing } more people have to approve.
}
objection-not-waiting = This request is not waiting for a decision.
objection-being-checked = This request is being checked at the moment. Look at it again once it is asked for.
objection-plan-changed = The plan has changed since this message was shown. Look at it as it is now, and decide again.
objection-rules-changed = The approval rules have changed since this message was shown. Look at it as it is now, and decide again.
objection-expired = This request has expired, { $when }. Ask for a new one.
objection-cancelled = This request was cancelled by { $by }, { $when }.
objection-not-the-requester = Only { $by } can cancel this request: it is theirs.
objection-nobodys = Nobody asked for this, the calendar brought it up. Whoever may decide can deny it.
objection-nothing-left = Nothing would be left. Deny the request instead.
objection-nothing-removed = Leave out at least one target, or close this form.
requester-unknown = Slack doesn't tell me just now which groups you are in. Try again in a minute.
