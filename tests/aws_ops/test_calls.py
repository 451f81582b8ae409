"""AWS's errors, and what they mean here."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from aws_ops.calls import calling
from aws_ops.causes import CauseKind, because
from aws_ops.errors import AccessDenied, AwsBusy, AwsOpsError, AwsRefused, NotFound, OwnCredentials, Unanswered


def told(error: Exception, operation: str = "CopyImage") -> AwsOpsError:
    with pytest.raises(AwsOpsError) as caught, calling(operation):
        raise error
    assert isinstance(caught.value.__cause__, BotoCoreError | ClientError)
    return caught.value


def an_error(code: str, status: int = 400, operation: str = "CopyImage") -> ClientError:
    response = {"Error": {"Code": code, "Message": "so it is"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("RequestLimitExceeded", 503, AwsBusy),
        ("ThrottlingException", 400, AwsBusy),
        ("Throttling", 400, AwsBusy),
        ("ResourceLimitExceeded", 400, AwsBusy),
        ("KMSInternalException", 500, AwsBusy),
        ("WhateverItIs", 502, AwsBusy),
        ("AccessDenied", 403, AccessDenied),
        ("AccessDeniedException", 400, AccessDenied),
        ("UnauthorizedOperation", 403, AccessDenied),
        ("AuthFailure", 403, AccessDenied),
        ("InvalidAMIID.NotFound", 400, NotFound),
        ("InvalidSnapshot.NotFound", 400, NotFound),
        ("NotFoundException", 400, NotFound),
        ("LimitExceededException", 400, AwsRefused),  # a key policy that is too long
        ("InvalidRequest", 400, AwsRefused),
        ("KMSInvalidStateException", 400, AwsRefused),
    ],
)
def test_what_a_code_means(code: str, status: int, kind: type[AwsOpsError]) -> None:
    error = told(an_error(code, status))
    assert type(error) is kind
    assert (error.operation, error.code, error.said) == ("CopyImage", code, "so it is")  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_trouble_with_the_bots_own_credentials_is_no_fault_of_the_request(code: str) -> None:
    error = told(an_error(code, 403, "AssumeRole"), "DescribeImages")
    assert isinstance(error, AwsBusy)
    assert "the bot's own AWS credentials" in str(error)


def test_a_role_that_a_region_does_not_know_is_denied() -> None:
    error = told(an_error("UnrecognizedClientException"))
    assert isinstance(error, AccessDenied)
    assert "is the region enabled" in str(error)


def test_a_role_that_cannot_be_assumed_is_told_as_such_whatever_was_called() -> None:
    error = told(an_error("AccessDenied", 403, "AssumeRole"), "DescribeImages")
    assert isinstance(error, AccessDenied)
    assert error.operation == "AssumeRole"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="https://ec2"), Unanswered),
        (ReadTimeoutError(endpoint_url="https://ec2"), Unanswered),
        (NoCredentialsError(), OwnCredentials),
        (ParamValidationError(report="Name is missing"), AwsRefused),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_never_reached_aws(error: Exception, kind: type[AwsOpsError]) -> None:
    assert type(told(error)) is kind


@pytest.mark.parametrize("error", [{"Code": "InvalidRequest"}, {"Code": "InvalidRequest", "Message": None}])
def test_an_answer_without_a_message_is_told_as_such(error: dict[str, str | None]) -> None:
    refused = told(ClientError({"Error": error}, "CopyImage"))  # type: ignore[arg-type]
    assert str(refused) == "AWS refused CopyImage: no reason given (InvalidRequest)"
    assert refused.why == because(CauseKind.REFUSED, operation="CopyImage", code="InvalidRequest", said="")


def test_what_is_not_of_aws_passes() -> None:
    with pytest.raises(KeyError), calling("CopyImage"):
        raise KeyError
