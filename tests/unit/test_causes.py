"""Causes: whatever stands in the way is said in the reader's language, and only what AWS said itself stays as it is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import aws_ops
import sharing
from aws_ops import errors
from aws_ops.audit import Books, SharedImages, plan_audit
from aws_ops.causes import CauseKind, Why, because
from aws_ops.errors import AwsOpsError
from aws_ops.facts import Unreadable
from aws_ops.finishing import Note, NoteKind
from aws_ops.held import Held
from aws_ops.plan import Caution, CautionKind, Refused, plan_share
from aws_ops.refusals import Refusal, RefusalKind
from handlers import wording
from handlers.speech import Language, speech
from sharing.errand import PartsRefused
from sharing.estate import UnknownAccount
from sharing.locks import KeyInOtherHands
from sharing.requests import Failure, FailureKind
from sharing.transaction import _failure, failure_columns
from sharing.worker import _if_it_lasts
from tests.aws_ops.builders import NO_ENTRY, a_request, a_source
from tests.aws_ops.test_plan import REFUSALS
from tests.front_door.test_languages import english_in
from tests.unit.said import COPY, IMAGE, KEY, TARGET, WHY

AWS_SAYS = "this is what AWS has to say"
REASONS: tuple[Exception, ...] = (
    errors.AwsRefused("CopyImage", "InvalidRequest", AWS_SAYS),
    errors.AccessDenied("CopyImage", "AccessDenied", AWS_SAYS),
    errors.RoleNotBelieved("CopyImage", "AuthFailure", AWS_SAYS),
    errors.NotFound("CopyImage", "InvalidAMIID.NotFound", AWS_SAYS),
    errors.AwsBusy("CopyImage", "RequestLimitExceeded", AWS_SAYS),
    errors.Unanswered("CopyImage", "ReadTimeoutError", AWS_SAYS),
    errors.OwnCredentials("AssumeRole", "ExpiredToken", AWS_SAYS),
    errors.MalformedId("hello", "an id has to look like an id"),
    errors.OtherOrganization("o-exampleorg1", "o-exampleorg2"),
    errors.NotYetVisible(
        "it was shared and isn't shown", because(CauseKind.GRANT_NOT_SHOWN, key=KEY, principal=TARGET)
    ),
    errors.NotOwnCopy(COPY, "ami-share:delivery"),
    errors.InvalidGrantee(TARGET, service_linked=True),
    errors.InvalidGrantee(TARGET, service_linked=False),
    errors.KeyPolicyContested(KEY),
    errors.MalformedPolicy("it has no statements"),
    errors.DeletedPrincipals(("AROAEXAMPLE",)),
    errors.InvalidPrincipals((TARGET,)),
    errors.InvalidPrincipals(()),
    errors.PolicyNotLatin1("é"),
    errors.PolicyLocksOut(AWS_SAYS),
    errors.PolicyTooLarge(33_000, 32_768),
    PartsRefused(WHY),
    UnknownAccount("staging"),
)
_ABSTRACT = {AwsOpsError, errors.KeyPolicyError, errors.FailedCall}


def english_beside_quotations(said: str) -> list[str]:
    return english_in(re.sub(r"「[^」]*」", "", said))


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: type(reason).__name__)
def test_why_something_was_refused_is_said_in_japanese(reason: Exception) -> None:
    why: Why = reason.why  # type: ignore[attr-defined]
    assert why
    said = wording.why(speech(Language.JAPANESE), why)
    assert english_beside_quotations(said) == []
    assert AWS_SAYS not in str(reason) or f"「{AWS_SAYS}」" in said


def test_every_error_is_among_them() -> None:
    def below(kind: type[AwsOpsError]) -> Iterator[type[AwsOpsError]]:
        yield kind
        for one in kind.__subclasses__():
            yield from below(one)

    assert {type(reason) for reason in REASONS} >= set(below(AwsOpsError)) - _ABSTRACT


@pytest.mark.parametrize("name", REFUSALS)
def test_what_stands_against_a_plan_is_said_in_japanese(name: str) -> None:
    refused = plan_share(a_request(), [a_source()], REFUSALS[name][0])
    assert isinstance(refused, Refused)
    said = [wording.refusal(speech(Language.JAPANESE), one) for one in refused.refusals]
    assert [line for line in said if english_beside_quotations(line)] == []


def test_what_an_audit_cannot_look_at_is_said_in_japanese() -> None:
    held = Held(unreadable={KEY: Unreadable(NO_ENTRY), IMAGE: Unreadable(because(CauseKind.NOT_READ))})
    plan = plan_audit(Books(frozenset(), frozenset(), frozenset(), frozenset()), held, SharedImages(), [])
    said = [wording.caution(speech(Language.JAPANESE), one) for one in plan.cautions]
    assert len(said) == 2
    assert [line for line in said if english_beside_quotations(line)] == []


def test_waiting_for_other_requests_is_not_told_as_trouble_of_aws() -> None:
    busy = errors.AwsBusy("CopyImage", "RequestLimitExceeded", AWS_SAYS)
    assert _if_it_lasts(busy) == Failure(FailureKind.AWS_BUSY, {}, busy.why)
    assert _if_it_lasts(KeyInOtherHands("another request is at it", None)) == Failure(FailureKind.OTHERS_AT_IT, {})


_MAKE = {"because", "details", "_refusal", "_caution", "Refusal", "Caution", "Note", "Failure", "Unreadable"}
_SENTENCE = re.compile(r"[A-Za-z']{2,} [A-Za-z']{2,}")


def _sentences_in(path: Path) -> Iterator[str]:
    """What looks like one among the arguments of calls that make what people come to see."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _MAKE:
            for part in ast.walk(call):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and _SENTENCE.search(part.value):
                    yield f"{path.name}:{part.lineno}: {part.value}"


@pytest.mark.parametrize("floor", [aws_ops, sharing], ids=lambda floor: floor.__name__)
def test_the_floors_below_give_facts_and_make_no_sentences(floor: object) -> None:
    paths = Path(str(floor.__file__)).parent.glob("*.py")  # type: ignore[attr-defined]
    assert [sentence for path in paths for sentence in _sentences_in(path)] == []


# What earlier versions stored ----------------------------------------------------------------------------------------


def test_what_is_stored_is_read_as_it_was() -> None:
    failure = Failure(FailureKind.COPY_WRONG, {"image": COPY}, NO_ENTRY + because(CauseKind.NO_SNAPSHOTS, image=COPY))
    assert _failure(failure_columns(failure)) == failure


@pytest.mark.parametrize(
    ("kind", "details", "told"),
    [
        (
            "aws_refused",
            {"operation": "CopyImage", "code": "InvalidRequest", "said": "no such luck"},
            "AWS が CopyImage を拒否しました（InvalidRequest: 「no such luck」）。",
        ),
        (
            "aws_busy",
            {"operation": "CopyImage", "code": "InternalError", "said": "oops"},
            "最後の状況: AWS は CopyImage を一時的に実行できません（InternalError: 「oops」）。",
        ),
        ("aws_refused", {"said": "it is not seen"}, "it is not seen。"),
        ("copy_wrong", {"image": COPY, "faults": "snap-1 is not encrypted"}, "ません: snap-1 is not encrypted。"),
    ],
)
def test_a_failure_that_an_earlier_version_stored_is_told(kind: str, details: dict[str, str], told: str) -> None:
    failure = _failure({"kind": kind, "details": details})
    assert failure is not None
    assert told in wording.failure(speech(Language.JAPANESE), failure)


def test_a_reason_that_an_earlier_version_stored_as_a_sentence_is_told() -> None:
    say, why = speech(Language.ENGLISH), (("why", "no entry"),)
    assert "source account: no entry." in wording.refusal(say, Refusal(RefusalKind.SOURCE_UNREADABLE, why))
    assert "snap-1: no entry." in wording.caution(say, Caution(CautionKind.NOT_LOOKED_AT, (("what", "snap-1"), *why)))
    assert "source is: no entry." in wording.note(say, Note(NoteKind.NOT_DEPRECATED, why))
