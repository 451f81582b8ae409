"""A strict AWS for images, snapshots, keys and roles: it refuses what AWS refuses.

Start at `StrictAws`. Tests build accounts with it, open one of its doors, and read its state and journal afterwards.
"""

from playground.aws.accounts import Account, Disk, EphemeralDisk
from playground.aws.errors import AwsError, Crash, NotServed
from playground.aws.identities import Credentials
from playground.aws.images import Image
from playground.aws.instances import Instance
from playground.aws.snapshots import Snapshot
from playground.aws.strict import StrictAws

__all__ = [
    "Account",
    "AwsError",
    "Crash",
    "Credentials",
    "Disk",
    "EphemeralDisk",
    "Image",
    "Instance",
    "NotServed",
    "Snapshot",
    "StrictAws",
]
