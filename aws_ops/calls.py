"""Calls: what AWS's errors mean, so that nothing of botocore leaves this floor."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, which isn't the builtin one
    CredentialRetrievalError,
    HTTPClientError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from aws_ops.errors import (
    AccessDenied,
    AwsBusy,
    AwsOpsError,
    AwsRefused,
    NotFound,
    OwnCredentials,
    RoleNotBelieved,
    Unanswered,
)

# "InternalError" and its like come with HTTP 5xx, but not from every service.
_TOO_MANY = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "TooManyRequestsException",
}
_BUSY = _TOO_MANY | {
    "DependencyTimeoutException",
    "InternalError",
    "InternalFailure",
    "KMSInternalException",
    "PriorRequestNotComplete",
    "ResourceLimitExceeded",  # too many copies at once (EBS, "Copy a snapshot"); botocore doesn't retry it
    "ServiceUnavailable",
    "Unavailable",
}
_DENIED = {"AuthFailure", "UnauthorizedAccess", "UnauthorizedOperation", "OptInRequired"}
# EC2 knows for a while that an image was deregistered. Where it is to be changed, the same code may mean that it is
# disabled (EC2 API, "Error codes").
_DEREGISTERED = "InvalidAMIID.Unavailable"
_ONLY_LOOKS = {"DescribeImageAttribute", "DescribeImages"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_NOT_BELIEVED = {
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_SERVER_ERROR = 500

# Answers that never arrived, and credentials of the bot's own that couldn't be had.
_UNREACHABLE = (ConnectionError, HTTPClientError, ResponseParserError)
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)


@contextmanager
def calling(operation: str) -> Iterator[None]:
    """Let AWS's errors in the block leave it as this floor's own. `operation` is named as AWS names it.

    A failed AssumeRole on the way is told as such: credentials are fetched when a call first needs them. Trouble with
    the bot's own credentials is `AwsBusy`: nothing is wrong with the request, and it passes once they are renewed.

    Raises:
        AwsBusy: throttled, over a quota that frees itself, a failure of AWS or of the network (`Unanswered`), or the
            bot's own credentials are no good.
        AccessDenied: the role lacks a permission, or can't be assumed.
        NotFound: what was named doesn't exist, or may not be seen.
        AwsRefused: any other error.
    """
    try:
        yield
    except ClientError as error:
        raise _meaning(error) from error
    except _NO_CREDENTIALS as error:
        raise OwnCredentials(operation, type(error).__name__, str(error)) from error
    except _UNREACHABLE as error:
        raise Unanswered(operation, type(error).__name__, str(error)) from error
    except BotoCoreError as error:
        raise AwsRefused(operation, type(error).__name__, str(error)) from error


def is_unanswered(error: Exception) -> bool:
    """Say whether a call was sent, and no answer that could be read came back."""
    return isinstance(error, _UNREACHABLE)


def is_throttling(code: str) -> bool:
    """Say whether AWS means by this code that there were too many calls."""
    return code in _TOO_MANY or code.startswith("Throttling")


def _meaning(error: ClientError) -> AwsOpsError:
    operation = error.operation_name
    code = error.response.get("Error", {}).get("Code", "Unknown")
    # An answer may hold no message, or an empty one.
    said = error.response.get("Error", {}).get("Message") or ""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _EXPIRED or (code in _NOT_BELIEVED and operation == "AssumeRole"):
        return OwnCredentials(operation, code, said)
    if code in _NOT_BELIEVED:
        return RoleNotBelieved(operation, code, said)
    if code in _BUSY or is_throttling(code) or status >= _SERVER_ERROR:
        return AwsBusy(operation, code, said)
    if code in _DENIED or code.startswith("AccessDenied"):
        return AccessDenied(operation, code, said)
    if code.endswith(("NotFound", "NotFoundException")) or (code == _DEREGISTERED and operation in _ONLY_LOOKS):
        return NotFound(operation, code, said)
    return AwsRefused(operation, code, said)
