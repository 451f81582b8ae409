# What one person alone is told in answer to a click or a command.

no-such-request = There is no request { $request }.
received = :mag: Checking { $images } (request { $request }). If all is well I ask for approval in { $channel }; either way you hear from me in a direct message.
received-revoke = :mag: Checking what can be taken back of { $share } (request { $request }). Then I ask for approval in { $channel }; either way you hear from me in a direct message.
received-audit = :mag: Comparing AWS with what was approved (request { $request }). What differs I show in { $channel }, with what would put it right; either way you hear from me in a direct message.
received-retire = :mag: Looking for copies that are beyond what is kept (request { $request }). What I find I show in { $channel } before anything goes; either way you hear from me in a direct message.
not-understood = I did not understand that:
like-this = Like this: { $example }. { $help } says more.
slack-silent-on-you = Slack doesn't tell me just now who you are. Try again in a minute.
user-group-gone = The settings name the user group { $group }, which Slack doesn't have any more or doesn't show me. Until whoever runs me has mended that, I take nothing new.
form-not-opened = Slack didn't let me open the form just now. Try again in a minute.
slack-silent-on-approvers = Slack doesn't tell me just now who may approve. Try again in a minute.
unexpected = :x: Something went wrong that I did not expect. Nothing was changed at AWS. Whoever runs me finds the whole story in my log under reference { $reference }.
received-preview = :mag: Looking at what that would do (request { $request }). You alone will see it, in a direct message.
no-image-in-message = I find no AMI id in that message. One looks like `ami-0123456789abcdef0`.
cancelled = :wastebasket: { $request } is withdrawn.
retrying = :repeat: Trying again: { $names }. How it goes on is told in the thread of the request.
