"""The grammar of the command: what is understood, what isn't, and that nothing typed can break it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.facts import Role, SourceAccount, TargetAccount
from aws_ops.ids import AccountId, PrincipalArn, Region, RoleArn
from aws_ops.plan import Mode
from handlers.command import Ask, Help, NotUnderstood, OpenForm, parse
from sharing.estate import Estate

AMI = "ami-0123456789abcdef0"


def target(name: str, account_id: str) -> TargetAccount:
    arn = f"arn:aws:iam::{account_id}:role/ami-share-target"
    return TargetAccount(
        name, Role(RoleArn(arn), AccountId(account_id)), {Region("eu-central-1"): "alias/copies"}, (PrincipalArn(arn),)
    )


ESTATE = Estate(
    sources=(
        SourceAccount(
            "images",
            Role(RoleArn("arn:aws:iam::111111111111:role/s"), AccountId("111111111111")),
            (Region("eu-central-1"),),
        ),
    ),
    targets=(target("staging", "222222222222"), target("prod", "333333333333"), target("no-reply", "444444444444")),
)


@pytest.mark.parametrize(
    ("text", "targets", "mode", "reason"),
    [
        (f"{AMI} to staging", ("staging",), Mode.COPY, ""),
        (f"  {AMI}   TO  staging ", ("staging",), Mode.COPY, ""),
        (f"`{AMI}` to staging", ("staging",), Mode.COPY, ""),
        (f"{AMI} to staging, prod", ("staging", "prod"), Mode.COPY, ""),
        (f"{AMI} to staging,prod and 444444444444", ("staging", "prod", "no-reply"), Mode.COPY, ""),
        (f"{AMI} to 222222222222 staging", ("staging",), Mode.COPY, ""),
        (f"{AMI} to staging no copy", ("staging",), Mode.SHARE, ""),
        (f"{AMI} to staging, prod, without copy reason: it is large", ("staging", "prod"), Mode.SHARE, "it is large"),
        (f"{AMI} to staging reason as for prod, no copy", ("staging",), Mode.COPY, "as for prod, no copy"),
        (f"{AMI} to staging because we must", ("staging",), Mode.COPY, "we must"),
        (f"{AMI} to no-reply", ("no-reply",), Mode.COPY, ""),
        (f"{AMI} to staging reason two\n lines", ("staging",), Mode.COPY, "two lines"),
    ],
)
def test_what_is_understood(text: str, targets: tuple[str, ...], mode: Mode, reason: str) -> None:
    assert parse(text, ESTATE) == Ask(AMI, targets, mode, reason)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("share the golden image", "has no image and “to”"),
        (AMI, "has no image and “to”"),
        ("ami-123 to staging", "“ami-123” is not understood"),
        (f"{AMI} to ", "at least one account"),
        (f"{AMI} to no copy", "at least one account"),
        (f"{AMI} to stagin", "Did you mean staging?"),
        (f"{AMI} to everyone", "“everyone” is no account I may share with."),
        (f"{AMI} to staging reason {'x' * 501}", "501 characters; 500 is the most"),
    ],
)
def test_what_is_not_understood_says_why(text: str, said: str) -> None:
    parsed = parse(text, ESTATE)
    assert isinstance(parsed, NotUnderstood)
    assert said in " ".join(parsed.problems)


def test_everything_wrong_is_said_at_once() -> None:
    parsed = parse("ami-1 to nowhere, elsewhere", ESTATE)
    assert isinstance(parsed, NotUnderstood)
    assert len(parsed.problems) == 3


def test_nothing_opens_the_form_and_help_helps() -> None:
    assert parse("  ", ESTATE) == OpenForm()
    assert parse("Help", ESTATE) == Help()


@given(st.text(max_size=300) | st.text(max_size=60).map(lambda rest: f"{AMI} to {rest}"))
def test_any_text_gives_a_request_or_an_answer(text: str) -> None:
    assert isinstance(parse(text, ESTATE), Ask | OpenForm | Help | NotUnderstood)


@given(
    st.lists(st.sampled_from(["staging", "prod", "no-reply"]), min_size=1, max_size=3, unique=True),
    st.sampled_from(Mode),
    st.text(st.characters(categories=("L", "N")), max_size=50),
)
def test_what_is_printed_is_understood_as_it_was_meant(targets: list[str], mode: Mode, reason: str) -> None:
    form = " no copy" if mode is Mode.SHARE else ""
    text = f"{AMI} to {', '.join(targets)}{form}{f' reason {reason}' if reason else ''}"
    assert parse(text, ESTATE) == Ask(AMI, tuple(targets), mode, reason)
