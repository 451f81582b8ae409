"""AWS: what has to change there so that an image can be used in other accounts, and the ways to change it.

Knows nothing of Slack or of the database, and can be used as a library; `docs/aws-ops.md` shows how, and
`examples/share_an_image.py` does it. The map, from what is wanted to what is done:

    what is wanted        request       images, accounts, regions, and how
                          facts, ids    the accounts, and all that AWS may say, as values
    reading (AWS)         accounts      clients that act as a role in an account
                          reading       the facts for a request
                          held          who is on the lists of keys, snapshots and images now
                          shared_images which images are shared with whom, whoever shared them
                          references    what uses an image
    deciding (pure)       plan          request and facts → changes, or refusals
                          case          the two side by side; the questions that all of these ask
                          refusals      what stands against it, all at once
                          cautions      what an approver should know
                          details       the names and numbers in both
                          estimates     what the copies may cost, and how long they may take
                          revocation    a share's entries → what takes them back
                          audit         what was approved beside what AWS says
                          membership    what members may read, as they come and go
                          retention     which copies of a family may go
    in between (pure)     changes       what a plan does, as values
                          entries       the same, one grantee on one resource's list each
                          key_policy    a policy with principals let in, or taken out again
                          denials       what a policy forbids however it allows it
                          names, tags   what copies are called, and what they carry
    doing (AWS)           keys          describe a key; change its policy, and make sure of it
                          permissions   launchPermission and createVolumePermission, each read back
                          copies        start, find, watch, check and discard copies
                          finishing     what a copy gets once it is good
                          parameters    the SSM parameter that points to the newest
                          pace          many calls in a row, no faster than AWS takes them
    going wrong           errors        the tree of what can be raised
                          calls         botocore's errors → that tree
"""
