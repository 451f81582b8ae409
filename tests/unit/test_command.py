"""The grammar of the command: what is understood, what isn't, and that nothing typed can break it."""

import difflib
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aws_ops.facts import Role, SourceAccount, TargetAccount, TargetOrganization
from aws_ops.ids import AccountId, ImageId, OrganizationArn, OrganizationPath, PrincipalArn, Region, RoleArn
from aws_ops.plan import Mode
from handlers import wording
from handlers.ask import Ask, objections_to, printed
from handlers.command import (
    Audit,
    Cancel,
    Command,
    Help,
    List,
    NotUnderstood,
    OpenForm,
    Preview,
    Retire,
    Revoke,
    Scope,
    Status,
    Verb,
    mended,
    parse,
)
from handlers.help import help_text
from handlers.problems import Problem
from handlers.speech import Language, speech
from sharing.estate import Estate
from sharing.requests import RequestKind

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
    groups={"everywhere": ("staging", "prod")},
)


CALLED = {ImageId(AMI): "golden-2026-11", ImageId(SECOND): "golden to come"}
NAMED = {"golden-2026-11": ImageId(AMI), "golden to come": ImageId(SECOND)}


class Known:
    """Two images that are known by name."""

    def called(self, name: str) -> ImageId | None:
        return NAMED.get(name)

    def alike(self, name: str) -> tuple[str, ...]:
        return tuple(difflib.get_close_matches(name, NAMED, n=3))


def understood(text: str) -> Command:
    return parse(text, ESTATE, Known(), NOW)


def worded(problem: Problem) -> str:
    return wording.problem(speech(Language.ENGLISH), problem)


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
    assert understood(text) == Ask((AMI,), targets, (), mode, None, reason)


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("whole-org no copy", ("whole-org",)),
        ("o-exampleorg1, no copy", ("whole-org",)),
        ("staging and whole-org, o-exampleorg1 no copy", ("staging", "whole-org")),
    ],
)
def test_organizations_stand_beside_accounts(text: str, targets: tuple[str, ...]) -> None:
    assert understood(f"{AMI} to {text}") == Ask((AMI,), targets, (), Mode.SHARE, None, "")


@pytest.mark.parametrize("how", ["", " then unshare", " in eu-west-1"])
def test_no_copies_are_made_in_an_organization(how: str) -> None:
    (found,) = understood(f"{AMI} to staging, whole-org{how}").problems  # type: ignore[union-attr]
    problem = worded(found)
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
    asked = understood(text)
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
    asked = understood(f"{AMI} to staging {text}")
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
    assert understood(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hand over the golden image", "has no image and “to”"),
        ("stauts", "Did you mean “status”?"),
        ("share the golden image", "has no image and “to”"),
        ("golden-2026-1 to staging", "Did you mean “golden-2026-11”?"),
        ("silver to staging", "neither an AMI id nor the name of an available image"),
        (" to staging", "at least one image"),
        (f"{AMI} to staging copy with golden", "“golden” is no alias of a key"),
        (f"{AMI} to staging no copy, copy with alias/golden", "exclude each other"),
        (f"{AMI} to staging ticket {'x' * 61}", "60 characters at most"),
        (f"{AMI} to staging to prod", "“to” comes once too often"),
        ("status of everything", "not “OF EVERYTHING”"),
        ("cancel", "After “cancel” comes the id of a request, like R-7K2M9QXA."),
        ("list nonsense", "not “nonsense”"),
        ("audit the golden image", "After “audit” comes nothing"),
        ("retire the old ones", "I don't understand “the old ones” after it"),
        ("golden-2026-1", "Did you mean “golden-2026-11”?"),
        (f"{AMI} to staging until", "After “until” comes a date"),
        (f"{AMI} to staging for", "After “for” comes a time"),
        (f"{AMI} to staging ticket", "After “ticket” comes one word"),
        (f"{AMI} to staging copy with", "After “copy with” comes the alias"),
        (f"{AMI} with", "after “to” comes at least one account"),
        (f"{AMI} with stagin", "Did you mean “staging”?"),
        (f"{AMI} to STAGIN", "Did you mean “staging”?"),
        ("revoke R-7K2M9QXA and deregister the lot", "I don't understand “lot”"),
        ("ami-123 to staging", "“ami-123” is not understood"),
        (f"{AMI} to ", "at least one account"),
        (f"{AMI} to no copy", "at least one account"),
        (f"{AMI} to stagin", "Did you mean “staging”?"),
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
        (f"{AMI} to staging in eu-wst-1", "Did you mean “eu-west-1"),
        (f"{AMI} to staging in the morning", "“morning” is no region I work in."),
        (" ".join(f"ami-{number:017x}" for number in range(51)) + " to staging", "51 images are too many"),
        (f"{AMI} to staging reason {'x' * 501}", "501 characters; 500 is the most"),
    ],
)
def test_what_is_not_understood_says_why(text: str, said: str) -> None:
    parsed = understood(text)
    assert isinstance(parsed, NotUnderstood)
    assert said in " ".join(map(worded, parsed.problems))


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
    ask = understood(f"{AMI} to staging {said}")
    assert isinstance(ask, Ask)
    assert (ask.targets, ask.mode, ask.auto_scaling) == (("staging",), Mode.SHARE, True)


@pytest.mark.parametrize("said", ["with auto scaling", "with auto scaling then unshare"])
def test_a_copy_needs_no_grant_for_auto_scaling(said: str) -> None:
    parsed = understood(f"{AMI} to staging {said}")
    assert isinstance(parsed, NotUnderstood)
    assert "“with auto scaling” goes with “no copy” alone" in " ".join(map(worded, parsed.problems))


def test_everything_wrong_is_said_at_once() -> None:
    parsed = understood("ami-1 to nowhere, elsewhere")
    assert isinstance(parsed, NotUnderstood)
    assert len(parsed.problems) == 3


def test_nothing_opens_the_form_and_help_helps() -> None:
    assert understood("  ") == OpenForm()
    assert understood("Help") == Help()


@given(st.text(max_size=300) | st.text(max_size=60).map(lambda rest: f"{AMI} to {rest}"))
def test_any_text_gives_a_request_or_an_answer(text: str) -> None:
    assert isinstance(understood(text), Ask | Revoke | OpenForm | Help | NotUnderstood)


WORDS = (
    "to in until for no copy with then unshare auto scaling ticket reason and staging prod everywhere eu-west-1 30d "
    f"2026-12-31 alias/x OPS-42 {AMI} golden-2026-11 revoke status list cancel plan audit deregister R-7K2M9QXA , "
    "、 “ ” 理由 too untill nocopy reson pln shar deregster help retire to: STAGING"
).split()


@given(st.text(max_size=300) | st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_words_give_a_request_or_an_answer(text: str) -> None:
    meant = understood(text)
    if isinstance(meant, NotUnderstood):
        assert meant.problems
        assert all(worded(each) for each in meant.problems)


@given(
    st.builds(
        Ask,
        image_ids=st.lists(st.sampled_from([AMI, SECOND]), min_size=1, unique=True).map(tuple),
        targets=st.lists(st.sampled_from(["staging", "prod", "no-reply"]), min_size=1, unique=True).map(tuple),
        regions=st.lists(st.sampled_from(["eu-central-1", "eu-west-1"]), unique=True).map(tuple),
        mode=st.sampled_from(Mode),
        ends_at=st.none()
        | st.dates(date(2026, 3, 3), date(2030, 1, 1)).map(lambda day: datetime.combine(day, time(0), tzinfo=UTC))
        | st.integers(1, 5000).map(lambda hours: NOW + timedelta(hours=hours)),
        reason=st.text(st.characters(exclude_categories=("Z", "C")), max_size=50).map(
            lambda text: text.lstrip(":\uff1a,\u3001")
        ),
        auto_scaling=st.booleans(),
        key=st.none() | st.sampled_from(["alias/golden", "alias/a/b_c-d"]),
        ticket=st.sampled_from(["", "OPS-42", "https://tickets.example/42"]),
    )
)
def test_what_is_printed_is_understood_as_it_was_meant(ask: Ask) -> None:
    assume(not objections_to(ask, ESTATE))
    assert understood(printed(ask, NOW)) == ask
    assert understood(printed(ask, NOW, CALLED, ESTATE.groups)) == ask
    assert understood(f"plan {printed(ask, NOW, CALLED, ESTATE.groups)}") == Preview(ask)


def test_groups_and_names_are_printed() -> None:
    ask = Ask((AMI, SECOND), ("no-reply", "staging", "prod"))
    assert printed(ask, NOW, CALLED, ESTATE.groups) == '"golden-2026-11", "golden to come" to no-reply, everywhere'


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("status R-7K2M9QXA", Status("R-7K2M9QXA")),
        ("status", List()),
        ("list", List()),
        ("list all", List(Scope.ALL)),
        ("cancel `r-7k2m9qxa`", Cancel("R-7K2M9QXA")),
        ("audit", Audit()),
        ("repair everything", Audit()),
        ("audit golden-2026-11", Audit((AMI,))),
        ("audit R-7K2M9QXA", Audit(share="R-7K2M9QXA")),
        ("retire", Retire()),
        (f"plan {AMI} to staging", Preview(Ask((AMI,), ("staging",)))),
        (f"dry-run {AMI} to staging no copy", Preview(Ask((AMI,), ("staging",), mode=Mode.SHARE))),
        (f"share {AMI} to staging", Ask((AMI,), ("staging",))),
    ],
)
def test_the_other_verbs(text: str, meant: Command) -> None:
    assert understood(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("golden-2026-11 to staging", Ask((AMI,), ("staging",))),
        ("“golden to come” to staging", Ask((SECOND,), ("staging",))),
        ('"golden to come", golden-2026-11 to staging', Ask((SECOND, AMI), ("staging",))),
        (f"{AMI} to everywhere", Ask((AMI,), ("staging", "prod"))),
        (f"{AMI} to prod and everywhere", Ask((AMI,), ("prod", "staging"))),
        (f"{AMI} to staging copy with alias/golden", Ask((AMI,), ("staging",), key="alias/golden")),
        (
            f"{AMI} to staging ticket OPS-42 because it's due",
            Ask((AMI,), ("staging",), ticket="OPS-42", reason="it's due"),
        ),
        (f"{AMI} to staging reason ticket OPS-42", Ask((AMI,), ("staging",), reason="ticket OPS-42")),
    ],
)
def test_names_groups_keys_and_tickets(text: str, meant: Ask) -> None:
    assert understood(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"{AMI}\u3000to\u3000staging\u3001prod", Ask((AMI,), ("staging", "prod"))),
        ("ａｍｉ－０１２３４５６７８９ａｂｃｄｅｆ０ ｔｏ ｓｔａｇｉｎｇ", Ask((AMI,), ("staging",))),
        (f"{AMI} to staging，prod", Ask((AMI,), ("staging", "prod"))),
        (f"{AMI} to staging 理由：リリース　４２", Ask((AMI,), ("staging",), reason="リリース ４２")),
        ("「golden to come」 to staging", Ask((SECOND,), ("staging",))),
    ],
)
def test_what_a_japanese_keyboard_makes_is_understood(text: str, meant: Ask) -> None:
    assert understood(text) == meant


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ("", Ask()),
        (AMI, Ask((AMI,))),
        (f"share {AMI}, golden-2026-11", Ask((AMI,))),
        (f"{AMI} reason release 42", Ask((AMI,), reason="release 42")),
        ("reason release 42", Ask(reason="release 42")),
    ],
)
def test_what_was_typed_already_is_in_the_form(text: str, draft: Ask) -> None:
    assert understood(text) == OpenForm(draft)


def test_what_made_sense_of_a_share_is_kept_for_the_form() -> None:
    meant = understood(f"{AMI} to stagin, prod in eu-west-1 no copy reason release 42")
    assert isinstance(meant, NotUnderstood)
    assert meant.form == OpenForm(Ask((AMI,), ("prod",), ("eu-west-1",), Mode.SHARE, reason="release 42"))


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        (
            f"{AMI} no copy until 2026-12-31 ticket OPS-1",
            Ask((AMI,), mode=Mode.SHARE, ends_at=datetime(2027, 1, 1, tzinfo=UTC), ticket="OPS-1"),
        ),
        (
            f"{AMI} in eu-west-1 copy with alias/x reason y",
            Ask((AMI,), regions=("eu-west-1",), key="alias/x", reason="y"),
        ),
        (f"{AMI} for 3d then unshare", Ask((AMI,), mode=Mode.COPY_THEN_UNSHARE, ends_at=NOW + timedelta(days=3))),
        (f"{AMI} no copy with auto scaling", Ask((AMI,), mode=Mode.SHARE, auto_scaling=True)),
    ],
)
def test_all_that_was_typed_is_in_the_form(text: str, draft: Ask) -> None:
    assert understood(text) == OpenForm(draft)
    assert understood(f"plan {text}") == OpenForm(draft, RequestKind.PREVIEW)


@pytest.mark.parametrize(
    ("text", "said", "form"),
    [
        (f"{AMI} until tomorrow", ["“tomorrow” is no date", "after “to” comes"], OpenForm(Ask((AMI,)))),
        (
            f"{AMI} no copy copy with alias/x ticket OPS-1",
            ["exclude each other", "after “to” comes"],
            OpenForm(Ask((AMI,), mode=Mode.SHARE, key="alias/x", ticket="OPS-1")),
        ),
        ("plan", ["Name at least one image", "after “to” comes"], OpenForm(Ask(), RequestKind.PREVIEW)),
        (f"plan {AMI} in mars", ["“mars” is no region"], OpenForm(Ask((AMI,)), RequestKind.PREVIEW)),
        (f"reason {'x' * 501}", ["501 characters"], OpenForm(Ask(reason="x" * 500))),
    ],
)
def test_no_form_opens_on_a_mistake_before_it_is_said(text: str, said: list[str], form: OpenForm) -> None:
    meant = understood(text)
    assert isinstance(meant, NotUnderstood)
    told = " ".join(map(worded, meant.problems))
    assert all(each in told for each in said), told
    assert "“”" not in told
    assert meant.form == form


@pytest.mark.parametrize(
    ("text", "typed", "meant", "mended_to"),
    [
        (f"{AMI} too staging", "too", "to", f"{AMI} to staging"),
        (f"{AMI} to staging untill 2026-12-31", "untill", "until", f"{AMI} to staging until 2026-12-31"),
        (f"{AMI} to staging nocopy", "nocopy", "no copy", f"{AMI} to staging no copy"),
        (f"{AMI} to staging no copys", "no copys", "no copy", f"{AMI} to staging no copy"),
        (f"{AMI} to staging thn unshare", "thn unshare", "then unshare", f"{AMI} to staging then unshare"),
        (f"{AMI} to staging for 3d nocopy", "nocopy", "no copy", f"{AMI} to staging for 72h no copy"),
        (f"{AMI} to staging tickt OPS-1", "tickt", "ticket", f"{AMI} to staging ticket OPS-1"),
        (f"{AMI} to staging reson it's, well, due", "reson", "reason", f"{AMI} to staging reason it's, well, due"),
        (f"{AMI} staging, prod", "staging", "to staging", f"{AMI} to everywhere"),
        (f"pln {AMI} to staging", "pln", "plan", f"plan {AMI} to staging"),
        (f"shar {AMI} to staging", "shar", "share", f"{AMI} to staging"),
        (f"shar {AMI}", "shar", "share", None),
        ("revoke R-7K2M9QXA and deregster the copies", "deregster", "deregister", None),
        ("revok R-7K2M9QXA", "revok", "revoke", None),
        ("lst all", "lst", "list", None),
        ("stauts R-7K2M9QXA", "stauts", "status", None),
        ("list al", "al", "all", None),
    ],
)
def test_what_is_misspelt_is_said_with_what_may_be_meant(
    text: str, typed: str, meant: str, mended_to: str | None
) -> None:
    found = understood(text)
    assert isinstance(found, NotUnderstood)
    (only,) = found.problems
    assert f"“{typed}”" in worded(only)
    assert worded(only).endswith(f"Did you mean “{meant}”?")
    assert mended(found, ESTATE, NOW) == mended_to


def test_names_are_never_taken_for_misspelt_words() -> None:
    assert understood(f"{AMI} to no-reply") == Ask((AMI,), ("no-reply",))
    named = parse("golden-2026-11 to tool", _estate_with("tool", "untill"), Known(), NOW)
    assert named == Ask((AMI,), ("tool",))
    assert parse(f"{AMI} to tool untill", _estate_with("tool", "untill"), Known(), NOW) == Ask(
        (AMI,), ("tool", "untill")
    )


def _estate_with(*names: str) -> Estate:
    return replace(ESTATE, targets=tuple(target(name, f"{number:012}") for number, name in enumerate(names)))


def test_of_many_mistakes_only_the_first_are_looked_up() -> None:
    meant = understood(f"{AMI} to {'stagin ' * 40}")
    assert isinstance(meant, NotUnderstood)
    assert len([each for each in meant.problems if each.alike]) == 5
    assert len(meant.problems) == 40


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"{AMI.upper()} TO STAGING IN EU-WEST-1", Ask((AMI,), ("staging",), ("eu-west-1",))),
        (f"{AMI} to EveryWhere", Ask((AMI,), ("staging", "prod"))),
        (f"{AMI} to O-ExampleOrg1 no copy", Ask((AMI,), ("whole-org",), mode=Mode.SHARE)),
        (f"{AMI} to staging copy with ALIAS/Golden", Ask((AMI,), ("staging",), key="alias/Golden")),
    ],
)
def test_capitals_mean_the_same(text: str, meant: Ask) -> None:
    assert understood(text) == meant


def test_names_that_differ_by_capitals_alone_are_told_apart() -> None:
    estate = _estate_with("Prod", "prod")
    assert parse(f"{AMI} to prod", estate, Known(), NOW) == Ask((AMI,), ("prod",))
    assert parse(f"{AMI} to Prod", estate, Known(), NOW) == Ask((AMI,), ("Prod",))
    meant = parse(f"{AMI} to PROD", estate, Known(), NOW)
    assert isinstance(meant, NotUnderstood), "which of them isn't guessed"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"share {AMI} with staging", Ask((AMI,), ("staging",))),
        (f"{AMI} with everywhere no copy", Ask((AMI,), ("staging", "prod"), mode=Mode.SHARE)),
        (f"{AMI} with staging with alias/x", Ask((AMI,), ("staging",), key="alias/x")),
        (f"{AMI} with alias/x to staging", Ask((AMI,), ("staging",), key="alias/x")),
        (
            f"{AMI} with staging no copy with auto scaling",
            Ask((AMI,), ("staging",), mode=Mode.SHARE, auto_scaling=True),
        ),
        (f"{AMI} to: staging, prod in: eu-west-1", Ask((AMI,), ("staging", "prod"), ("eu-west-1",))),
        (f"{AMI} to:staging ticket:OPS-42", Ask((AMI,), ("staging",), ticket="OPS-42")),
        (f"{AMI} to：staging", Ask((AMI,), ("staging",))),
    ],
)
def test_other_ways_to_say_it(text: str, meant: Ask) -> None:
    assert understood(text) == meant


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("help", None),
        ("help me please", None),
        ("help help", None),
        ("help revoke", Verb.REVOKE),
        ("help unshare", Verb.REVOKE),
        ("help revok", Verb.REVOKE),
        ("? PLAN", Verb.PLAN),
        ("audit help", Verb.AUDIT),
        ("share --help", Verb.SHARE),
    ],
)
def test_each_verb_has_help(text: str, verb: Verb | None) -> None:
    assert understood(text) == Help(verb)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.HELP])
def test_the_help_of_a_verb_has_examples_that_are_understood(verb: Verb, language: Language) -> None:
    text = help_text(speech(language), "/ami-share", ESTATE, verb)
    examples = re.findall(r"• `/ami-share ?([^`]*)`", text)
    assert examples
    for example in examples:
        meant = parse(example, ESTATE, Everything(), NOW)
        assert not isinstance(meant, NotUnderstood | Help), example


class Everything(Known):
    """Any name is an image's."""

    def called(self, name: str) -> ImageId | None:
        return NAMED.get(name, ImageId(AMI))
