"""The grammar of the command: what is understood, what isn't, and that nothing typed can break it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.facts import Role, SourceAccount, TargetAccount, TargetOrganization
from aws_ops.ids import AccountId, OrganizationArn, OrganizationPath, PrincipalArn, Region, RoleArn
from aws_ops.plan import Mode
from handlers.command import Ask, Help, NotUnderstood, OpenForm, Revoke, parse
from sharing.estate import Estate

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
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
    organizations=(
        TargetOrganization(
            "whole-org",
            OrganizationArn("arn:aws:organizations::999999999999:organization/o-exampleorg1"),
            OrganizationPath("o-exampleorg1"),
        ),
    ),
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
    assert parse(text, ESTATE, NOW) == Ask((AMI,), targets, (), mode, None, reason)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("whole-org no copy", ("whole-org",)),
        ("o-exampleorg1, no copy", ("whole-org",)),
        ("staging and whole-org, o-exampleorg1 no copy", ("staging", "whole-org")),
    ],
)
def test_organizations_stand_beside_accounts(text: str, targets: tuple[str, ...]) -> None:
    assert parse(f"{AMI} to {text}", ESTATE, NOW) == Ask((AMI,), targets, (), Mode.SHARE, None, "")


@pytest.mark.parametrize("how", ["", " then unshare", " in eu-west-1"])
def test_no_copies_are_made_in_an_organization(how: str) -> None:
    (problem,) = parse(f"{AMI} to staging, whole-org{how}", ESTATE, NOW).problems  # type: ignore[union-attr]
    assert problem.startswith("“whole-org” is an organization")
    assert "(“no copy”), or name the accounts" in problem


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
    asked = parse(text, ESTATE, NOW)
    assert isinstance(asked, Ask)
    assert (asked.image_ids, asked.targets, asked.regions, asked.mode) == (images, ("staging",), regions, mode)


@pytest.mark.parametrize(
    ("text", "ends_at", "mode"),
    [
        ("until 2026-12-31", datetime(2027, 1, 1, tzinfo=UTC), Mode.COPY),
        ("until 2026-03-02", datetime(2026, 3, 3, tzinfo=UTC), Mode.COPY),
        ("for 30d", NOW + timedelta(days=30), Mode.COPY),
        ("for 2 weeks in eu-west-1", NOW + timedelta(days=14), Mode.COPY),
        ("in eu-west-1, for 12h, no copy", NOW + timedelta(hours=12), Mode.SHARE),
        ("then unshare", None, Mode.COPY_THEN_UNSHARE),
        ("copy then unshare because of the audit", None, Mode.COPY_THEN_UNSHARE),
    ],
)
def test_how_and_until_when(text: str, ends_at: datetime | None, mode: Mode) -> None:
    asked = parse(f"{AMI} to staging {text}", ESTATE, NOW)
    assert isinstance(asked, Ask), asked
    assert (asked.targets, asked.ends_at, asked.mode) == (("staging",), ends_at, mode)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("revoke R-7K2M9QXA", Revoke("R-7K2M9QXA", deregister=False, reason="")),
        ("Unshare `r-7k2m9qxa` reason it is old", Revoke("R-7K2M9QXA", deregister=False, reason="it is old")),
        ("revoke R-7K2M9QXA and deregister the copies", Revoke("R-7K2M9QXA", deregister=True, reason="")),
        ("revoke R-7K2M9QXA, deregister because of cost", Revoke("R-7K2M9QXA", deregister=True, reason="of cost")),
    ],
)
def test_taking_back(text: str, meant: Revoke) -> None:
    assert parse(text, ESTATE, NOW) == meant


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
        (f"{AMI} to staging until tomorrow", "“tomorrow” is no date"),
        (f"{AMI} to staging until 2026-03-01", "passed already"),
        (f"{AMI} to staging until 9999-12-31", "within ten years"),
        (f"{AMI} to staging for ages", "“ages” is no time"),
        (f"{AMI} to staging for 99999w", "within ten years"),
        (f"{AMI} to staging for 0d", "passed already"),
        (f"{AMI} to staging for 3d until 2026-12-31", "“until” comes once too often"),
        (f"{AMI} to staging no copy in eu-west-1 then unshare", "exclude each other"),
        ("revoke", "the id of a request, like R-7K2M9QXA"),
        ("revoke the golden image", "not “THE GOLDEN IMAGE”"),
        (f"{AMI} to staging in", "at least one region"),
        (f"{AMI} to staging in eu-wst-1", "Did you mean eu-west-1"),
        (f"{AMI} to staging in the morning", "“morning” is no region I work in."),
        (" ".join(f"ami-{number:017x}" for number in range(51)) + " to staging", "51 images are too many"),
        (f"{AMI} to staging reason {'x' * 501}", "501 characters; 500 is the most"),
    ],
)
def test_what_is_not_understood_says_why(text: str, said: str) -> None:
    parsed = parse(text, ESTATE, NOW)
    assert isinstance(parsed, NotUnderstood)
    assert said in " ".join(parsed.problems)


@pytest.mark.parametrize(
    "said",
    [
        "no copy with auto scaling",
        "with auto scaling no copy",
        "no copy, with autoscaling",
        "no copy and with auto-scaling",
        "in eu-west-1 no copy with auto scaling",
        "no copy with Auto Scaling reason release 42",
    ],
)
def test_auto_scaling_is_a_choice_of_its_own(said: str) -> None:
    ask = parse(f"{AMI} to staging {said}", ESTATE, NOW)
    assert isinstance(ask, Ask)
    assert (ask.targets, ask.mode, ask.auto_scaling) == (("staging",), Mode.SHARE, True)


@pytest.mark.parametrize("said", ["with auto scaling", "with auto scaling then unshare"])
def test_a_copy_needs_no_grant_for_auto_scaling(said: str) -> None:
    parsed = parse(f"{AMI} to staging {said}", ESTATE, NOW)
    assert isinstance(parsed, NotUnderstood)
    assert "“with auto scaling” goes with “no copy” alone" in " ".join(parsed.problems)


def test_everything_wrong_is_said_at_once() -> None:
    parsed = parse("ami-1 to nowhere, elsewhere", ESTATE, NOW)
    assert isinstance(parsed, NotUnderstood)
    assert len(parsed.problems) == 3


def test_nothing_opens_the_form_and_help_helps() -> None:
    assert parse("  ", ESTATE, NOW) == OpenForm()
    assert parse("Help", ESTATE, NOW) == Help()


@given(st.text(max_size=300) | st.text(max_size=60).map(lambda rest: f"{AMI} to {rest}"))
def test_any_text_gives_a_request_or_an_answer(text: str) -> None:
    assert isinstance(parse(text, ESTATE, NOW), Ask | Revoke | OpenForm | Help | NotUnderstood)


@given(
    st.lists(st.sampled_from([AMI, SECOND]), min_size=1, unique=True),
    st.lists(st.sampled_from(["staging", "prod", "no-reply"]), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(["eu-central-1", "eu-west-1"]), unique=True),
    st.sampled_from(Mode),
    st.none() | st.dates(date(2026, 3, 3), date(2030, 1, 1)),
    st.text(st.characters(categories=("L", "N")), max_size=50),
)
def test_what_is_printed_is_understood_as_it_was_meant(  # noqa: PLR0917
    images: list[str], targets: list[str], regions: list[str], mode: Mode, day: date | None, reason: str
) -> None:
    where = f" in {', '.join(regions)}" if regions else ""
    form = {Mode.COPY: "", Mode.SHARE: " no copy", Mode.COPY_THEN_UNSHARE: " then unshare"}[mode]
    until = f" until {day}" if day else ""
    ends_at = datetime.combine(day + timedelta(days=1), time(0), tzinfo=UTC) if day else None
    text = f"{', '.join(images)} to {', '.join(targets)}{where}{until}{form}{f' reason {reason}' if reason else ''}"
    assert parse(text, ESTATE, NOW) == Ask(tuple(images), tuple(targets), tuple(regions), mode, ends_at, reason)
