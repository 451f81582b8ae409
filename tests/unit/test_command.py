"""The grammar of the command: what is understood, what isn't, and that nothing typed can break it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.facts import Role, SourceAccount, TargetAccount
from aws_ops.ids import AccountId, PrincipalArn, Region, RoleArn
from aws_ops.plan import Mode
from handlers.command import Ask, Help, NotUnderstood, OpenForm, parse
from sharing.estate import Estate

AMI, SECOND = "ami-0123456789abcdef0", "ami-0fedcba9876543210"


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
            (Region("eu-central-1"), Region("eu-west-1")),
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
    assert parse(text, ESTATE) == Ask((AMI,), targets, (), mode, reason)


@pytest.mark.parametrize(
    ("text", "images", "regions", "mode"),
    [
        (f"{AMI}, {SECOND} to staging", (AMI, SECOND), (), Mode.COPY),
        (f"{AMI} {SECOND} and `{AMI}` to staging", (AMI, SECOND), (), Mode.COPY),
        (f"{AMI} to staging in eu-west-1", (AMI,), ("eu-west-1",), Mode.COPY),
        (f"{AMI} to staging, in EU-WEST-1, eu-central-1", (AMI,), ("eu-west-1", "eu-central-1"), Mode.COPY),
        (f"{AMI} to staging in eu-west-1 and eu-central-1 because", (AMI,), ("eu-west-1", "eu-central-1"), Mode.COPY),
        (f"{AMI} to staging in eu-central-1 no copy", (AMI,), ("eu-central-1",), Mode.SHARE),
        (f"{AMI} to staging no copy in eu-central-1", (AMI,), ("eu-central-1",), Mode.SHARE),
        (f"{AMI} to staging reason we are in eu-west-1", (AMI,), (), Mode.COPY),
    ],
)
def test_several_images_and_regions(text: str, images: tuple[str, ...], regions: tuple[str, ...], mode: Mode) -> None:
    asked = parse(text, ESTATE)
    assert isinstance(asked, Ask)
    assert (asked.image_ids, asked.targets, asked.regions, asked.mode) == (images, ("staging",), regions, mode)


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
        (f"{AMI} to staging in", "at least one region"),
        (f"{AMI} to staging in eu-wst-1", "Did you mean eu-west-1"),
        (f"{AMI} to staging in the morning", "“morning” is no region I work in."),
        (" ".join(f"ami-{number:017x}" for number in range(51)) + " to staging", "51 images are too many"),
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
    st.lists(st.sampled_from([AMI, SECOND]), min_size=1, unique=True),
    st.lists(st.sampled_from(["staging", "prod", "no-reply"]), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["eu-central-1", "eu-west-1"]), unique=True),
    st.sampled_from(Mode),
    st.text(st.characters(categories=("L", "N")), max_size=50),
)
def test_what_is_printed_is_understood_as_it_was_meant(
    images: list[str], targets: list[str], regions: list[str], mode: Mode, reason: str
) -> None:
    where = f" in {', '.join(regions)}" if regions else ""
    form = " no copy" if mode is Mode.SHARE else ""
    text = f"{', '.join(images)} to {', '.join(targets)}{where}{form}{f' reason {reason}' if reason else ''}"
    assert parse(text, ESTATE) == Ask(tuple(images), tuple(targets), tuple(regions), mode, reason)
