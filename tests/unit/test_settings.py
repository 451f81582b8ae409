"""Settings: what is wrong is said all at once, with its path; nothing dangerous is taken."""

import re
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aws_ops.facts import KeyAccess
from aws_ops.ids import Region
from bot.settings import SettingsError, load
from sharing.business_hours import BusinessHours
from sharing.rules import Barred, WarningRules

GOOD = """
[slack]
team_id = "T0PLATFORM"
approvals_channel = "C0APPROVALS"

[approval]
users = ["U0SAM"]

[[sources]]
name = "images"
role_arn = "arn:aws:iam::111111111111:role/ami-share-source"
regions = ["eu-central-1"]

[[targets]]
name = "staging"
role_arn = "arn:aws:iam::222222222222:role/ami-share-target"
external_id = "ami-share-staging"
keys = { eu-central-1 = "alias/ami-copies" }
"""


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-token")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "secret")
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "ami-share.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaints(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load(write(folder, text))
    return str(raised.value)


def test_a_good_file_is_taken(tmp_path: Path) -> None:
    settings, environment = load(write(tmp_path, GOOD))
    target = settings.estate.target("staging")
    assert target.role.account_id == "222222222222"
    assert target.key_principals == ("arn:aws:iam::222222222222:role/ami-share-target",)
    assert environment.database_url.get_secret_value() == "sqlite:///ami-share.sqlite3"
    assert "xoxb" not in repr(environment)


def test_templates_and_rules_are_checked_at_the_start(tmp_path: Path) -> None:
    wrong = GOOD.replace(
        'external_id = "ami-share-staging"', 'external_id = "ami-share-staging"\nssm_parameter = "/golden/{nmae}"'
    )
    wrong += '\n[copies]\nname = "{version}"\ncarry = ["everything"]\n'
    wrong += '\n[[retention]]\nimages = "golden-*"\nkeep = 0\n'
    said = complaints(tmp_path, wrong)
    for path in ("targets.0.ssm_parameter", "copies.name", "copies.carry", "retention.0.keep"):
        assert path in said, said
    assert "{created}" in said, "what may be named is said"
    unknown = GOOD + '\n[[retention]]\nimages = "golden-*"\nkeep = 3\ntargets = ["stagin"]\n'
    assert "no target is called stagin" in complaints(tmp_path, unknown)


def test_what_stands_out_can_be_set(tmp_path: Path) -> None:
    usual = load(write(tmp_path, GOOD))[0]
    assert usual.rules.warnings == WarningRules(timedelta(days=90), frozenset({"prod*"}))
    assert usual.warnings.key_used_by_accounts == 3
    assert usual.rules.warnings.warn_of("Production")
    assert not usual.rules.warnings.warn_of("test")
    text = "\n[warnings]\nimage_older_than_days = 30\nkey_used_by_accounts = 10\nenvironments = []\n"
    changed = load(write(tmp_path, GOOD + text))[0]
    assert changed.rules.warnings == WarningRules(timedelta(days=30), frozenset())
    assert changed.warnings.key_used_by_accounts == 10
    said = complaints(tmp_path, GOOD + text.replace("30", "0").replace("10", "0"))
    assert "warnings.image_older_than_days" in said
    assert "warnings.key_used_by_accounts" in said


def test_standing_shares_and_queues_name_what_there_is(tmp_path: Path) -> None:
    standing = """
[[standing]]
name = "golden"
source = "imags"
images = "golden-*"
targets = ["staging", "prod"]
regions = ["eu-west-1"]
on_behalf_of = "U0MIKA"
"""
    said = complaints(tmp_path, GOOD + standing + standing)
    assert "golden is there twice" in said
    assert "no source is called imags" in said
    assert "nothing is called prod" in said
    assert "staging has no key for eu-west-1" in said
    queue = '\n[[events]]\naccount = "imags"\nregion = "eu-central-1"\nurl = "https://sqs.example/1/q"\n'
    assert "no source or target is called imags" in complaints(tmp_path, GOOD + queue)


EVERYBODY = """
[[organizations]]
name = "whole-org"
arn = "arn:aws:organizations::444444444444:organization/o-exampleorg1"

[[groups]]
name = "everybody"
targets = ["staging", "whole-org"]
"""
STANDING = """
[[standing]]
name = "golden"
source = "images"
images = "golden-*"
targets = ["everybody"]
on_behalf_of = "U0MIKA"
"""


def test_a_standing_share_is_with_whomever_a_request_may_be_with(tmp_path: Path) -> None:
    said = complaints(tmp_path, GOOD + EVERYBODY + STANDING)
    assert "golden: whole-org is an organization, which mode = 'share' is for alone" in said
    assert "auto_scaling" in complaints(tmp_path, GOOD + EVERYBODY + STANDING + "auto_scaling = true\n")
    settings, _ = load(
        write(tmp_path, GOOD + EVERYBODY + STANDING + 'mode = "share"\nauto_scaling = true\n'),
    )
    [share] = settings.standing_shares
    assert (share.targets, share.auto_scaling) == (("staging", "whole-org"), True)


MORE_TARGETS = """
[[targets]]
name = "prod"
environment = "production"
role_arn = "arn:aws:iam::333333333333:role/ami-share-target"
keys = { eu-central-1 = "alias/ami-copies" }

[[approval.rules]]
name = "production"
environments = ["production"]
users = ["U0KIM", "U0MIKA"]
"""
BY_MIKA_ALONE = GOOD.replace('users = ["U0SAM"]', 'users = ["U0MIKA"]')
TO_BOTH = STANDING.replace('targets = ["everybody"]', 'targets = ["staging", "prod"]')


@pytest.mark.parametrize(
    ("approval", "wants"),
    [
        ('users = ["U0MIKA"]', "1 of U0MIKA"),
        ('users = ["U0MIKA", "U0SAM"]\napprovals = 2', "2 of U0MIKA, U0SAM"),
    ],
)
def test_a_standing_share_that_nobody_could_approve_is_refused(tmp_path: Path, approval: str, wants: str) -> None:
    text = BY_MIKA_ALONE.replace('users = ["U0MIKA"]', approval) + MORE_TARGETS + TO_BOTH
    said = complaints(tmp_path, text)
    assert f"golden: too few people could approve it for staging: the rule default wants {wants}" in said
    assert "name others in its users, or a user group, or somebody else in on_behalf_of" in said
    assert "for prod" not in said, "by another rule"


@pytest.mark.parametrize(
    "approval",
    [
        'users = ["U0MIKA", "U0SAM"]',
        'users = ["U0MIKA"]\ngroups = ["S0PLATFORM"]',
        'users = ["U0MIKA"]\nnever = []',
        'users = ["U0SAM", "U0KIM"]\napprovals = 2',
    ],
)
def test_a_standing_share_that_somebody_else_can_approve_is_taken(tmp_path: Path, approval: str) -> None:
    text = BY_MIKA_ALONE.replace('users = ["U0MIKA"]', approval) + MORE_TARGETS + TO_BOTH
    assert load(write(tmp_path, text))[0].standing_shares


def test_a_rule_of_one_s_own_decides_on_one_s_standing_share(tmp_path: Path) -> None:
    of_mika = '\n[[approval.rules]]\nname = "of-mika"\nrequesters = ["U0MIKA"]\nusers = ["U0SAM"]\n'
    standing = STANDING.replace("everybody", "staging")
    assert load(write(tmp_path, BY_MIKA_ALONE + of_mika + standing))[0].standing_shares
    assert "for staging: the rule default" in complaints(
        tmp_path, BY_MIKA_ALONE + of_mika.replace("U0MIKA", "U0KIM") + standing
    )


def test_a_rule_of_retention_may_name_a_group_but_no_organization(tmp_path: Path) -> None:
    rule = '\n[[retention]]\nimages = "golden-*"\nkeep = 3\ntargets = ["{}"]\n'
    some = GOOD + EVERYBODY + '\n[[groups]]\nname = "some"\ntargets = ["staging"]\n'
    [kept] = load(write(tmp_path, some + rule.format("some")))[0].retention_rules
    assert kept.accounts == {"222222222222"}
    assert "no target is called whole-org" in complaints(tmp_path, some + rule.format("everybody"))


def test_a_key_to_re_encrypt_under_is_the_source_s_own(tmp_path: Path) -> None:
    keys = 'regions = ["eu-central-1"]\nreencrypt_keys = {{ {} = "{}" }}'
    for region, key in (
        ("eu-west-1", "alias/golden"),
        ("eu-central-1", "arn:aws:kms:eu-central-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ):
        assert "reencrypt_keys" in complaints(
            tmp_path, GOOD.replace('regions = ["eu-central-1"]', keys.format(region, key))
        )


KEY = "arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VAULT = """
[[key_accounts]]
name = "vault"
role_arn = "arn:aws:iam::444444444444:role/ami-share-keys"
key_access = "grant"
"""


def test_keys_are_opened_by_policy_unless_said_otherwise(tmp_path: Path) -> None:
    settings, _ = load(write(tmp_path, GOOD))
    [images] = settings.estate.sources
    assert (images.key_access, images.key_access_of) == (KeyAccess.POLICY, {})
    said = GOOD.replace('regions = ["eu', f'key_access_of = {{ "{KEY}" = "grant" }}\nregions = ["eu')
    [images] = load(write(tmp_path, said))[0].estate.sources
    assert images.key_access_of == {KEY: KeyAccess.GRANT}


def test_an_account_that_only_holds_keys_is_not_searched_for_images(tmp_path: Path) -> None:
    settings, _ = load(write(tmp_path, GOOD + VAULT))
    vault = settings.estate.sources[-1]
    assert (vault.name, vault.regions, vault.key_access) == ("vault", (), KeyAccess.GRANT)
    assert settings.estate.regions == ("eu-central-1",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + VAULT.replace("444444444444", "111111111111"), "111111111111 is there twice"),
        (GOOD + VAULT + f'key_access_of = {{ "{KEY}" = "policy" }}', "is of another account than 444444444444"),
        (GOOD + VAULT.replace('"grant"', '"both"'), "key_accounts.0.key_access"),
        (GOOD + 'key_administrators = ["*"]', "targets.0.key_administrators.0"),
        (GOOD + 'key_administrators = ["111111111111"]', "111111111111 is of another account than 222222222222"),
    ],
)
def test_nobody_is_let_at_a_key_by_mistake(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaints(tmp_path, text)


def test_the_shipped_example_is_a_good_file() -> None:
    settings, _ = load(Path(__file__).parents[2] / "deploy" / "ami-share.example.toml")
    assert len(settings.targets) > 1


def test_everything_wrong_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    said = complaints(
        tmp_path,
        GOOD.replace("C0APPROVALS", "#approvals")
        .replace("111111111111", "1111")
        .replace("alias/ami-copies", "the key")
        .replace("external_id", "externalid"),
    )
    assert "slack.approvals_channel: " in said
    assert "sources.0.role_arn: “arn:aws:iam::1111:role/ami-share-source” is not understood" in said
    assert "targets.0.keys.eu-central-1: a key is alias/…, a key id, or the ARN of either" in said
    assert "targets.0.externalid: Extra inputs are not permitted" in said
    assert "SLACK_BOT_TOKEN: Field required" in said


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('users = ["U0SAM"]', "", "approval: name at least one user or group"),
        ('name = "staging"', 'name = "no"', "targets.0: 'no' has a meaning in the command"),
        ('name = "staging"', 'name = "my staging"', "targets.0.name: a name is letters"),
        ("keys = {", 'key_principals = ["*"]\nkeys = {', "targets.0.key_principals.0: "),
        (
            "keys = {",
            'key_principals = ["arn:aws:iam::999999999999:root"]\nkeys = {',
            "targets.0: key_principals: arn:aws:iam::999999999999:root is of another account",
        ),
        (
            "alias/ami-copies",
            "arn:aws:kms:us-east-1:222222222222:alias/ami-copies",
            "targets.0: keys.eu-central-1: the key must be of account 222222222222 and region eu-central-1",
        ),
    ],
)
def test_what_is_dangerous_or_senseless_is_refused(tmp_path: Path, good: str, bad: str, said: str) -> None:
    assert said in complaints(tmp_path, GOOD.replace(good, bad))


PRICES = '\n[prices]\ncurrency = "USD"\nstorage_per_gib_month = 0.05\ntransfer_per_gib = 0.02\n'


def test_prices_are_taken_to_the_last_digit(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD))[0].prices is None
    elsewhere = "[prices.regions.eu-central-1]\nstorage_per_gib_month = 0.054\n"
    settings, _ = load(write(tmp_path, GOOD + PRICES + elsewhere))
    assert settings.prices is not None
    prices = settings.prices.prices
    assert prices.storage_in(Region("eu-central-1")) == Decimal("0.054")
    assert prices.storage_in(Region("us-east-1")) == Decimal("0.05")
    assert prices.transfer_from(Region("eu-central-1"), Region("us-east-1")) == Decimal("0.02")


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('"USD"', '"$"', "prices.currency: "),
        ("0.05", "-0.05", "prices.storage_per_gib_month: "),
        ("0.02", "nan", "prices.transfer_per_gib: "),
        ("transfer_per_gib = 0.02", "", "prices.transfer_per_gib: Field required"),
        ("0.02", "0.02\nregions = { Frankfurt = {} }", "a region looks like eu-central-1"),
    ],
)
def test_a_price_is_a_number_and_none_is_left_out(tmp_path: Path, good: str, bad: str, said: str) -> None:
    assert said in complaints(tmp_path, GOOD + PRICES.replace(good, bad))


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    double = GOOD[GOOD.index("[[targets]]") :].replace("222222222222", "333333333333")
    assert "targets: staging is there twice" in complaints(tmp_path, GOOD + double)


ORGANIZATION = """
[[organizations]]
name = "whole-org"
arn = "arn:aws:organizations::999999999999:organization/o-exampleorg1"
"""
UNIT = """
[[organizations]]
name = "workloads"
arn = "arn:aws:organizations::999999999999:ou/o-exampleorg1/ou-exam-12345678"
path = "o-exampleorg1/r-exam/ou-exam-87654321/ou-exam-12345678/*"
role_arn = "arn:aws:iam::999999999999:role/ami-share-organization"
external_id = "ami-share-organization"
snapshots = "members"
"""


def test_organizations_and_units_are_taken(tmp_path: Path) -> None:
    settings, _ = load(write(tmp_path, GOOD + ORGANIZATION + UNIT))
    whole, unit = settings.estate.organizations
    assert (whole.path, whole.role, whole.snapshots) == ("o-exampleorg1", None, "never")
    assert unit.path == "o-exampleorg1/r-exam/ou-exam-87654321/ou-exam-12345678/*"
    assert unit.role is not None
    assert (unit.role.account_id, unit.snapshots) == ("999999999999", "members")
    assert settings.estate.recipient("ou-exam-12345678") is not None
    assert settings.estate.recipient("staging").name == "staging"


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("organization/o-exampleorg1", "organization/*", "organizations.0.arn: “arn:aws:organizations::"),
        ("arn:aws:organizations::999999999999:organization/", "", "organizations.0.arn: “o-exampleorg1” is not"),
        ('name = "whole-org"', 'name = "no"', "organizations.0: 'no' has a meaning"),
        ('name = "whole-org"', 'name = "staging"', "organizations: staging is there twice"),
        ('name = "whole-org"', 'name = "workloads"', "organizations: workloads is there twice"),
        ('name = "whole-org"', 'name = "whole-org"\npath = "o-exampleorg1"', "organizations.0: path: is for"),
        ('name = "whole-org"', 'name = "whole-org"\nsnapshots = "members"', "a role_arn is needed that may ask"),
        ('name = "whole-org"', 'name = "whole-org"\nexternal_id = "apples"', "external_id: goes with a role_arn"),
        ("path = ", "# ", "organizations.1: path: an organizational unit needs its path"),
        ('path = "o-exampleorg1', 'path = "o-anotherorg2', "isn't the path of"),
        ("ou-exam-12345678/*", "ou-exam-99999999/*", "isn't the path of"),
        ("ou-exam-12345678/*", "*/ou-exam-12345678/*", "organizations.1.path: “"),
        ("/ou-exam-12345678/*", "/ou-exam-12345678/", "organizations.1.path: “"),
        ('"members"', '"all"', "organizations.1.snapshots: "),
    ],
)
def test_an_organization_that_is_not_meant_so_is_refused(tmp_path: Path, good: str, bad: str, said: str) -> None:
    assert good in ORGANIZATION + UNIT
    assert said in complaints(tmp_path, GOOD + (ORGANIZATION + UNIT).replace(good, bad))


def test_the_door_needs_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_SIGNING_SECRET")
    assert "SLACK_SIGNING_SECRET: needed with slack.door = 'http'" in complaints(tmp_path, GOOD)
    socket = GOOD.replace("[slack]", '[slack]\ndoor = "socket"')
    assert "SLACK_APP_TOKEN: needed with slack.door = 'socket'" in complaints(tmp_path, socket)


def test_an_empty_signing_secret_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "")
    assert "SLACK_SIGNING_SECRET" in complaints(tmp_path, GOOD)


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN"])
@pytest.mark.parametrize("value", ["hunter2\n", "hunter2\r\n", " hunter2", "\thunter2", "\n"])
def test_a_secret_of_slack_s_has_no_white_space_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    said = complaints(tmp_path, GOOD)
    assert f"{variable}: begins or ends with white space, a newline for instance" in said
    assert "hunter2" not in said


def test_a_missing_file_and_no_toml_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "nowhere.toml")
    assert "not TOML" in complaints(tmp_path, "[slack")


RULES = """
[[approval.rules]]
name = "production"
environments = ["production"]
groups = ["S0PLATFORM"]
approvals = 2
never = ["requester", "last_editor"]
channel = "C0PRODUCTION"
expires_after_hours = 24
remind_after_hours = 4
confirm = false

[[approval.rules]]
name = "audits"
kinds = ["audit", "retire"]
requesters = ["U0MIKA", "S0CONTRACTORS"]
users = ["U0SAM"]

[approval.business_hours]
days = ["mon", "sat"]
from = "10:00"
to = "19:30"
timezone = "Asia/Tokyo"
"""
IN_PRODUCTION = GOOD.replace('name = "staging"', 'name = "staging"\nenvironment = "production"')


def test_rules_are_taken_in_order_with_the_default_last(tmp_path: Path) -> None:
    rules = load(write(tmp_path, IN_PRODUCTION + RULES))[0].rules
    assert [rule.name for rule in rules.rules] == ["production", "audits", "default"]
    production, audits, default = rules.rules
    assert (production.approvals, production.channel, production.confirm) == (2, "C0PRODUCTION", False)
    assert production.never == {Barred.REQUESTER, Barred.LAST_EDITOR}
    assert (production.expires_after, production.remind_after) == (timedelta(hours=24), timedelta(hours=4))
    assert (audits.channel, audits.never, audits.remind_after) == ("C0APPROVALS", {Barred.REQUESTER}, None)
    assert default.users == {"U0SAM"}
    assert rules.requester_groups == {"S0CONTRACTORS"}
    assert rules.environments == {"staging": "production"}
    assert rules.hours == BusinessHours(frozenset({0, 5}), time(10), time(19, 30), ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('name = "audits"', 'name = "production"', "approval: rules: production is there twice"),
        ('name = "audits"', 'name = "default"', "default is what [approval] itself is called"),
        ('groups = ["S0PLATFORM"]', "", "approval.rules.0: name at least one user or group"),
        ('groups = ["S0PLATFORM"]', 'users = ["U0SAM"]', "approvals: 2 people can't approve where 1 may"),
        ('environments = ["production"]', 'environments = ["producton"]', "did you mean production?"),
        ('environments = ["production"]', 'targets = ["stagng"]', "targets: stagng is none of them; did you mean stag"),
        (
            'environments = ["production"]',
            'sources = ["image"]',
            "sources: image is none of them; did you mean images",
        ),
        ('environments = ["production"]', "targets = []", "approval.rules.0.targets"),
        (
            'environments = ["production"]',
            'environments = ["production"]\nkinds = ["share", "retire", "audit"]',
            "approval.rules.0: kinds: what is of the kind audit or retire is about all accounts",
        ),
        ('"last_editor"', '"anybody"', "approval.rules.0.never"),
        ('requesters = ["U0MIKA"', 'requesters = ["mika"', "approval.rules.1.requesters"),
        ('"retire"]', '"tidy"]', "approval.rules.1.kinds"),
        ('to = "19:30"', 'to = "09:00"', "to: must be later than from"),
        ('"Asia/Tokyo"', '"Tokyo"', "a time zone looks like Asia/Tokyo"),
        ('["mon", "sat"]', '["monday"]', "approval.business_hours.days"),
        ('["mon", "sat"]', "[]", "approval.business_hours.days"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(tmp_path: Path, good: str, bad: str, said: str) -> None:
    assert good in RULES
    assert said in complaints(tmp_path, IN_PRODUCTION + RULES.replace(good, bad))


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ('requesters = ["U0MIKA"]\nusers = ["U0MIKA"]', False),
        ('requesters = ["U0MIKA", "U0SAM"]\nusers = ["U0MIKA", "U0SAM"]\napprovals = 2', False),
        ('requesters = ["U0MIKA", "U0SAM"]\nusers = ["U0MIKA", "U0SAM"]', True),
        ('requesters = ["U0MIKA", "U0SAM"]\nusers = ["U0MIKA"]', True),
        ('requesters = ["U0MIKA", "S0CONTRACTORS"]\nusers = ["U0MIKA"]', True),
        ('requesters = ["U0MIKA"]\nusers = ["U0MIKA"]\ngroups = ["S0PLATFORM"]', True),
        ('requesters = ["U0MIKA"]\nusers = ["U0MIKA"]\nnever = []', True),
    ],
)
def test_a_rule_whose_requesters_can_get_no_approval_is_refused(tmp_path: Path, rule: str, taken: bool) -> None:
    text = f'{GOOD}\n[[approval.rules]]\nname = "own"\n{rule}\n'
    if taken:
        assert len(load(write(tmp_path, text))[0].rules.rules) == 2
    else:
        assert "approval.rules.0: requesters: none of them could get an approval" in complaints(tmp_path, text)


def test_a_rule_that_can_never_apply_is_refused(tmp_path: Path) -> None:
    everything = '\n[[approval.rules]]\nname = "{}"\ntargets = ["*"]\nusers = ["U0SAM"]\n'
    said = complaints(tmp_path, GOOD + everything.format("all") + everything.format("none"))
    assert "none: never applies, since the rules before it take all that it would; put it before them" in said


def test_a_pattern_may_be_for_accounts_that_are_still_to_come(tmp_path: Path) -> None:
    later = '\n[[approval.rules]]\nname = "later"\ntargets = ["prod-*"]\nusers = ["U0SAM"]\n'
    assert len(load(write(tmp_path, GOOD + later))[0].rules.rules) == 2


def test_the_example_can_be_used(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "deploy" / "ami-share.example.toml"
    settings, _ = load(example)
    assert settings.rules.rules
    lines = example.read_text("utf-8").splitlines()
    everything = [re.sub(r"^# (?=\[|[a-z_]+ = )", "", line) for line in lines]
    settings, _ = load(write(tmp_path, "\n".join(everything)))
    assert [rule.name for rule in settings.rules.rules] == ["production", "default"]
