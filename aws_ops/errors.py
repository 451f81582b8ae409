"""What goes wrong at AWS, in words for the person who can act on it.

    AwsOpsError
    ├── MalformedId             a text that was to be an id or ARN isn't one
    ├── AwsRefused              AWS said no, and will say no again until somebody changes something
    │   ├── AccessDenied        a role lacks an action, or can't be assumed
    │   └── NotFound            what was named doesn't exist, or may not be seen
    ├── AwsBusy                 throttled, a quota is used up for now, or AWS failed: later is another matter
    ├── OtherOrganization       a role was asked for the members of an organization that isn't its own
    ├── NotYetVisible           a change was made, but reading it back doesn't show it yet
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


class AwsOpsError(Exception):
    """The root: `str()` of each is a sentence that may be shown to people."""

    @property
    def words(self) -> dict[str, str]:
        """What AWS said, for a sentence around it in any language: `operation`, `code` and `said`; or `said` alone."""
        return {"said": str(self)}


class MalformedId(AwsOpsError):
    """A text that was to be an id or ARN isn't one."""

    def __init__(self, text: str, form: str) -> None:
        super().__init__(f"“{text}” is not understood: {form}")
        self.text = text


class AwsRefused(AwsOpsError):
    """AWS refused a call for good.

    Attributes:
        operation: the API operation, as AWS names it.
        code: AWS's error code; never match on one that `docs/` marks as unverified.
        said: AWS's own message.
    """

    def __init__(self, operation: str, code: str, said: str) -> None:
        super().__init__(f"AWS refused {operation}: {said} ({code})")
        self.operation = operation
        self.code = code
        self.said = said

    @property
    def words(self) -> dict[str, str]:
        return {"operation": self.operation, "code": self.code, "said": self.said}


class AccessDenied(AwsRefused):
    """The role that made the call lacks a permission, or the role itself can't be assumed."""


class NotFound(AwsRefused):
    """What the call named doesn't exist, or the caller may not know that it does."""


class AwsBusy(AwsOpsError):
    """Throttled, over a quota that frees itself, or a failure on AWS's side; the same call may pass later."""

    def __init__(self, operation: str, code: str, said: str) -> None:
        super().__init__(f"AWS could not do {operation} now: {said} ({code})")
        self.operation = operation
        self.code = code
        self.said = said

    @property
    def words(self) -> dict[str, str]:
        return {"operation": self.operation, "code": self.code, "said": self.said}


class OtherOrganization(AwsOpsError):
    """The role that is to ask for an organization's members belongs to another one."""

    def __init__(self, wanted: str, found: str) -> None:
        super().__init__(f"the role belongs to the organization {found}, and can't say who is in {wanted}")
        self.wanted = wanted
        self.found = found


class NotYetVisible(AwsOpsError):
    """A change was accepted, but reading it back doesn't show it yet (EC2 and KMS are eventually consistent)."""


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
            "If it was made just now, KMS may see it in a few minutes"
        )
        self.principal = principal


class KeyPolicyError(AwsOpsError):
    """A key policy can't be changed as wanted."""


class MalformedPolicy(KeyPolicyError):
    """A text that isn't a key policy document."""


class DeletedPrincipals(KeyPolicyError):
    """A statement names principals that no longer exist, by their unique ids."""

    def __init__(self, unique_ids: tuple[str, ...]) -> None:
        super().__init__(
            f"the key policy names deleted principals ({', '.join(unique_ids)}); "
            "KMS would refuse it back. Remove them from the policy first"
        )
        self.unique_ids = unique_ids


class InvalidPrincipals(KeyPolicyError):
    """KMS didn't accept the principals that a policy was to gain: they don't exist, or KMS can't see them yet."""

    def __init__(self, principals: tuple[str, ...]) -> None:
        super().__init__(
            f"KMS doesn't know {' or '.join(principals) or 'a principal of the policy'}. Check that it exists, and "
            "that its account has the region enabled; if it was made just now, KMS may see it in a few minutes"
        )
        self.principals = principals


class PolicyNotLatin1(KeyPolicyError):
    """The policy holds characters that KMS doesn't store (KMS, PutKeyPolicy: U+0020 to U+00FF, tab and newline)."""

    def __init__(self, characters: str) -> None:
        super().__init__(f"the key policy holds characters that KMS doesn't store: {characters}")
        self.characters = characters


class PolicyLocksOut(KeyPolicyError):
    """KMS's safety check: with the new policy, the role that writes it couldn't change it again."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"KMS refused the key policy: {said} Let the policy allow the bot's source role kms:PutKeyPolicy"
        )
        self.said = said


class PolicyTooLarge(KeyPolicyError):
    """The policy would be larger than KMS stores."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the key policy would be {size:,} bytes, {size - limit:,} over the {limit:,} that KMS stores; "
            "make room in it, or share under another key"
        )
        self.size = size
        self.limit = limit


class KeyPolicyContested(AwsOpsError):
    """The policy read back isn't the one written: somebody else changes it at the same moment."""
