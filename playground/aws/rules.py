"""What differs from one AWS to the next: how long things take, the quotas, and the rules that nobody could read.

A rule with a source is simply enforced where it belongs. What stands here under "inferred" was looked for and not
found, or found in two versions; a test that depends on it sets it, so that the reader sees what it builds on.
"""

from datetime import timedelta


class Rules:
    """The switches of a `StrictAws`, which inherits them: assign to them on it at any time."""

    # How long things take. The order is observed (a copy's snapshots show up after the image, the decision on its keys
    # comes later still, the end last); the durations are ours. A copy that is done sooner hurries all of it.
    snapshots_appear_after = timedelta(seconds=5)
    key_decision_after = timedelta(seconds=20)
    copy_gib_per_second = 0.05
    instances_take = timedelta(0)  # from pending to running, and to their end: seen at the next call at the earliest
    replicas_take = timedelta(0)  # from Creating to Enabled: "a few seconds" (KMS API, ReplicateKey), and the next call
    policy_spreads_after = timedelta(0)
    launch_permission_spreads_after = timedelta(0)
    volume_permission_spreads_after = timedelta(0)
    deregistered_is_told_for = timedelta(hours=1)  # EC2 API, "Error codes"

    # Events of images: "generated on a best effort basis" (EC2 User Guide, "Monitor AMI events"), delivered "at least
    # once" (EventBridge User Guide, "Event delivery"), to queues whose policy lets EventBridge in ("Amazon SQS
    # permissions").
    events_are_sent = True
    events_are_lost = False
    events_come_twice = False
    queues_need_a_policy = True

    # Quotas: EC2 User Guide, "AMI quotas"; EBS User Guide, "Copy an Amazon EBS snapshot".
    launch_permissions_per_image = 1_000
    image_copies_at_once = 300
    snapshot_copies_at_once = 20

    # Inferred.
    statements_need_action_and_resource = True  # AWS's notice of 2025-08-18; the KMS guide still says otherwise
    allowed_images_bind_copies = True  # the guide: an image that isn't allowed "can't be discovered or used"
    # The guide calls a copy "identical but distinct", and lists what it lacks; neither names `ImdsSupport`.
    copies_carry_imds_support = True
    copy_refuses_used_names = False  # `InvalidAMIName.Duplicate` is documented, not that CopyImage raises it
