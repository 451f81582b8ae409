"""What can come out of a call instead of an answer.

Exception
├── AwsError        AWS says no: a code, a message, an HTTP status
│   └── NotServed   this AWS does not play that part; the test asks for more than it can vouch for
├── LostAnswer      AWS did its work and the connection broke before the answer came
BaseException
└── Crash           the process died at this point; nothing that catches `Exception` may swallow it
"""


class AwsError(Exception):
    """A refusal in AWS's own code and words."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NotServed(AwsError):
    """Raised rather than ignoring what was asked: an ignored parameter is a test that is green for no reason.

    `InvalidAction` with a 4xx, because botocore would retry a 5xx.
    """

    def __init__(self, what: str) -> None:
        super().__init__("InvalidAction", f"The strict AWS does not serve {what}.")


class LostAnswer(Exception):
    """The effect took place; the caller only sees a broken connection."""


class Crash(BaseException):
    """The caller's process dies here. Not an `Exception`, so that botocore's retries can't swallow it."""
