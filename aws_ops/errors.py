"""What goes wrong at AWS, in words for the person who can act on it.

    AwsOpsError
    ├── MalformedId             a text that was to be an id or ARN isn't one
    ├── FailedCall              a call of AWS came to nothing
    │   ├── AwsRefused          AWS said no, and will say no again until somebody changes something
    │   │   ├── AccessDenied    a role lacks an action, or can't be assumed
    │   │   │   └── RoleNotBelieved  AWS doesn't accept the role's credentials; the region may not be enabled
    │   │   └── NotFound        what was named doesn't exist, or may not be seen
    │   └── AwsBusy             throttled, a quota is used up for now, or AWS failed: later is another matter
    │       ├── OwnCredentials  the bot's own credentials are no good; it passes once they are renewed
    │       └── Unanswered      no answer came: what was asked for may be done, or be done yet
    ├── OtherOrganization       a role was asked for the members of an organization that isn't its own
    ├── NotYetVisible           a change was made, but reading it back doesn't show it yet
    ├── NotOwnCopy              an image that was to go isn't one of the bot's copies
    ├── InvalidGrantee          KMS doesn't know the principal that a grant was to be for, or doesn't know it yet
    ├── KeyPolicyError          a key policy that can't be changed as wanted
    │   ├── MalformedPolicy     not a policy document that KMS would have stored
    │   ├── DeletedPrincipals   it names principals that no longer exist; KMS would refuse it back
    │   ├── InvalidPrincipals   KMS doesn't know a principal that was added, or doesn't know it yet
    │   ├── PolicyNotLatin1     it holds characters that KMS doesn't store
    │   ├── PolicyTooLarge      the result would pass what KMS stores
    │   └── PolicyLocksOut      KMS says that the writer couldn't change the policy again
    └── KeyPolicyContested      somebody else keeps changing the policy at the same moment

`ClientError` and its kin stop at the edge of `aws_ops`; these leave it.
"""

from typing import ClassVar

from aws_ops.causes import CauseKind, Why, because


class AwsOpsError(Exception):
    """The root: `str()` of each is a sentence, in English.

    Attributes:
        why: the same as values, for a sentence in any language.
    """

    def __init__(self, sentence: str, why: Why) -> None:
        super().__init__(sentence)
        self.why = why


class MalformedId(AwsOpsError):
    """A text that was to be an id or ARN isn't one."""

    def __init__(self, text: str, form: str) -> None:
        super().__init__(f"“{text}” is not understood: {form}", because(CauseKind.MALFORMED_ID, text=text))
        self.text = text


class FailedCall(AwsOpsError):
    """A call of AWS that came to nothing.

    Attributes:
        operation: the API operation, as AWS names it.
        code: AWS's error code; never match on one that `docs/` marks as unverified.
        said: AWS's own message; empty if it gave none.
    """

    kind: ClassVar[CauseKind]
    form: ClassVar[str]
    hint: ClassVar[str] = ""

    def __init__(self, operation: str, code: str, said: str) -> None:
        words = said or "no reason given"
        hinted = f"{self.hint} ({words})" if self.hint else words
        sentence = f"{self.form.format(operation=operation)}: {hinted} ({code})"
        super().__init__(sentence, because(self.kind, operation=operation, code=code, said=said))
        self.operation = operation
        self.code = code
        self.said = said


class AwsRefused(FailedCall):
    """AWS refused a call for good."""

    kind = CauseKind.REFUSED
    form = "AWS refused {operation}"


class AccessDenied(AwsRefused):
    """The role that made the call lacks a permission, or the role itself can't be assumed."""


class RoleNotBelieved(AccessDenied):
    """AWS doesn't accept the credentials of the role that made the call."""

    kind = CauseKind.ROLE_NOT_BELIEVED
    hint = "AWS doesn't accept the role's credentials here; is the region enabled in the account?"


class NotFound(AwsRefused):
    """What the call named doesn't exist, or the caller may not know that it does."""


class AwsBusy(FailedCall):
    """Throttled, over a quota that frees itself, or a failure on AWS's side; the same call may pass later."""

    kind = CauseKind.COULD_NOT
    form = "AWS could not do {operation} now"


class OwnCredentials(AwsBusy):
    """The bot's own credentials can't be had, or AWS doesn't accept them."""

    kind = CauseKind.OWN_CREDENTIALS
    hint = "the bot's own AWS credentials are missing, expired or wrong; whoever runs the bot has to renew them"


class Unanswered(AwsBusy):
    """No answer came that could be read: nobody knows whether the call arrived, or will."""


class OtherOrganization(AwsOpsError):
    """The role that is to ask for an organization's members belongs to another one."""

    def __init__(self, wanted: str, found: str) -> None:
        super().__init__(
            f"the role belongs to the organization {found}, and can't say who is in {wanted}",
            because(CauseKind.OTHER_ORGANIZATION, wanted=wanted, found=found),
        )
        self.wanted = wanted
        self.found = found


class NotYetVisible(AwsOpsError):
    """A change was accepted, but reading it back doesn't show it yet (EC2 and KMS are eventually consistent)."""


class NotOwnCopy(AwsOpsError):
    """An image that was to go doesn't bear the tag of the bot's copies."""

    def __init__(self, image_id: str, tag: str) -> None:
        super().__init__(
            f"{image_id} does not bear the tag {tag}: it is not the bot's to remove",
            because(CauseKind.NOT_OWN_COPY, image=image_id, tag=tag),
        )


class InvalidGrantee(AwsOpsError):
    """KMS didn't accept the principal that a grant was to be for: it doesn't exist, or KMS can't see it yet.

    `service_linked` says that it is a role which AWS makes: with the first Auto Scaling group, or on request.
    """

    def __init__(self, principal: str, *, service_linked: bool) -> None:
        how = (
            "Create that service-linked role first, in its own account: "
            "aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com"
            if service_linked
            else "Check that it exists"
        )
        super().__init__(
            f"KMS doesn't know {principal}, so no grant can be made for it. {how}. "
            "If it was made just now, KMS may see it in a few minutes",
            because(
                CauseKind.SERVICE_LINKED_ROLE_MISSING if service_linked else CauseKind.GRANTEE_UNKNOWN,
                principal=principal,
            ),
        )
        self.principal = principal


class KeyPolicyError(AwsOpsError):
    """A key policy can't be changed as wanted."""


class MalformedPolicy(KeyPolicyError):
    """A text that isn't a key policy document."""

    def __init__(self, fault: object) -> None:
        super().__init__(f"this is not a key policy: {fault}", because(CauseKind.MALFORMED_POLICY))


class DeletedPrincipals(KeyPolicyError):
    """A statement names principals that no longer exist, by their unique ids."""

    def __init__(self, unique_ids: tuple[str, ...]) -> None:
        super().__init__(
            f"the key policy names deleted principals ({', '.join(unique_ids)}); "
            "KMS would refuse it back. Remove them from the policy first",
            because(CauseKind.DELETED_PRINCIPALS, principals=unique_ids),
        )
        self.unique_ids = unique_ids


class InvalidPrincipals(KeyPolicyError):
    """KMS didn't accept the principals that a policy was to gain: they don't exist, or KMS can't see them yet."""

    def __init__(self, principals: tuple[str, ...]) -> None:
        super().__init__(
            f"KMS doesn't know {' or '.join(principals) or 'a principal of the policy'}. Check that it exists, and "
            "that its account has the region enabled; if it was made just now, KMS may see it in a few minutes",
            because(CauseKind.PRINCIPALS_UNKNOWN, principals=principals or "none"),
        )
        self.principals = principals


class PolicyNotLatin1(KeyPolicyError):
    """The policy holds characters that KMS doesn't store (KMS, PutKeyPolicy: U+0020 to U+00FF, tab and newline)."""

    def __init__(self, characters: str) -> None:
        super().__init__(
            f"the key policy holds characters that KMS doesn't store: {characters}",
            because(CauseKind.POLICY_NOT_LATIN_1, characters=characters),
        )
        self.characters = characters


class PolicyLocksOut(KeyPolicyError):
    """KMS's safety check: with the new policy, the role that writes it couldn't change it again."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"KMS refused the key policy: {said} Let the policy allow the bot's source role kms:PutKeyPolicy",
            because(CauseKind.POLICY_LOCKS_OUT, said=said),
        )
        self.said = said


class PolicyTooLarge(KeyPolicyError):
    """The policy would be larger than KMS stores."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the key policy would be {size:,} bytes, {size - limit:,} over the {limit:,} that KMS stores; "
            "make room in it, or share under another key",
            because(CauseKind.POLICY_TOO_LARGE, size=str(size), over=str(size - limit)),
        )
        self.size = size
        self.limit = limit


class KeyPolicyContested(AwsOpsError):
    """The policy read back isn't the one written: somebody else changes it at the same moment."""

    def __init__(self, key_arn: str) -> None:
        super().__init__(
            f"the policy of {key_arn} is being changed by somebody else, or KMS doesn't show the change yet; "
            "the key's owner can say who writes it",
            because(CauseKind.POLICY_CONTESTED, key=key_arn),
        )
