# The forms, and the help. Slack's limits: a title or a button has 24 characters, an option and its description 75.

form-title = Share an AMI
form-submit = Ask for approval
form-submit-preview = Preview
form-close = Cancel
form-image = Image
form-image-hint = Type a part of its name, or its id. One image of our source accounts, or several
form-image-placeholder = Choose images
form-picture = { $image } · { $days } d · { $encrypted ->
    [yes] encrypted
   *[no] not encrypted
} · { $source }, { $region }
form-picture-unknown = Not seen in our source accounts yet
form-targets = Share with
form-targets-placeholder = Choose accounts
form-target-account = account { $account } · { $keys }
form-target-organization = { $organization }: share only
form-regions = In regions
form-regions-hint = Only for copies to other regions; left empty, it is the image's own
form-regions-placeholder = Choose regions
form-mode = How
form-mode-copy = Encrypted copy (recommended)
form-mode-copy-description = The target gets an image of its own, under its own key
form-mode-copy-then-unshare = Encrypted copy, then unshare
form-mode-copy-then-unshare-description = As above, and the source's permissions go once the copies are done
form-mode-share = Share only
form-mode-share-description = The target launches from the original; nothing is copied
form-choices = With “Share only”
form-auto-scaling = Auto Scaling may launch from it
form-auto-scaling-description = The target's service-linked role gets a grant on the image's keys
form-until = Until
form-until-hint = At the end of this day (UTC) the permissions are taken back; copies stay
form-until-placeholder = Choose a day
form-reason = Reason
form-reason-hint = The approvers read it
form-ticket = Ticket
form-key = Key of the copies
form-key-hint = The alias of another key in the target accounts than the one shown there; for special cases

denial-title = Deny the request
denial-submit = Deny
denial-needs-reason = Say why: the requester reads it.
denial-read-by-requester = The requester of { $request } will read your reason.

help-title = *Share an AMI with other accounts*
help-copy = { $usage }: each account gets an encrypted copy of its own, once approved
help-by-name = { $usage }: by name it is the newest image called so, and the ticket is shown with it
help-regions = { $usage }: the copies are made in that region, or in several
help-key = { $usage }: the copies are under that key of each account
help-no-copy = { $usage }: each account may launch the original; nothing is copied
help-auto-scaling = { $usage }: its Auto Scaling may launch an encrypted one as well
help-then-unshare = { $usage }: once the copies are done, the source's permissions are taken back
help-end = { $usage } or `until 2026-12-31`: taken back at the end of that time
help-plan = { $usage }: shows what that would do, to you alone; nothing is asked for
help-status = { $usage }: how it stands
help-list = { $usage } or `list all`: what is open, and what is shared until when
help-cancel = { $usage }: withdraws it while it waits
help-revoke = { $usage }: takes it back, once approved
help-revoke-copies = { $usage }: the same, and the copies go as well
help-audit = { $usage }: compares AWS with what was approved, and offers to put it right
help-audit-one = { $usage } or `audit ami-…`: looks at that alone
help-retire = { $usage }: shows the copies that are beyond what is kept, to be deregistered
help-form = { $usage } alone opens a form
help-verb = { $usage }: more about one word
help-about-share = *`share`*, or no such word at all: makes images usable in other accounts, once approved. Each account gets an encrypted copy of its own unless you say otherwise. If the accounts are left out, a form asks for them.
help-about-plan = *`plan`*, `preview` or `dry-run`: shows you alone what a share would do, or what stands against it. Nothing is asked for and nothing changes; a button under it asks for just that.
help-about-status = *`status`*: how one request stands: who asked, who decided, how far each copy is.
help-about-list = *`list`*, `ls`, or `status` alone: your requests that are open, and what you share until when; with `all`, everybody's.
help-about-cancel = *`cancel`* or `withdraw`: withdraws a request of your own while it waits for a decision. A share that was approved is taken back by `revoke`.
help-about-revoke = *`revoke`* or `unshare`: takes back what a share gave, once approved: permissions and access to keys, as far as no other share needs them. The copies stay with their accounts, unless you have them deregistered.
help-about-audit = *`audit`* or `repair`: compares AWS with what was approved, for everything, for one share or for some images. What differs is shown with what would put it right, once approved.
help-about-retire = *`retire`* or `retention`: looks for copies beyond what the settings keep. What it finds is shown, and goes once approved; what is in use stays.
help-accounts = Accounts: { $names }
help-groups = Groups of accounts: { $names }
help-organizations = Organizations (`no copy` alone): { $names }
help-places = Regions: { $names }
