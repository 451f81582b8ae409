"""Settings: what is wrong is said all at once, with its path; nothing dangerous is taken."""

from pathlib import Path

import pytest

from aws_ops.facts import KeyAccess
from bot.settings import SettingsError, load

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
    assert environment.database_url == "sqlite:///ami-share.sqlite3"
    assert "xoxb" not in repr(environment)


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


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    double = GOOD[GOOD.index("[[targets]]") :].replace("222222222222", "333333333333")
    assert "targets: staging is there twice" in complaints(tmp_path, GOOD + double)


def test_the_door_needs_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_SIGNING_SECRET")
    assert "SLACK_SIGNING_SECRET: needed with slack.door = 'http'" in complaints(tmp_path, GOOD)
    socket = GOOD.replace("[slack]", '[slack]\ndoor = "socket"')
    assert "SLACK_APP_TOKEN: needed with slack.door = 'socket'" in complaints(tmp_path, socket)


def test_an_empty_signing_secret_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "")
    assert "SLACK_SIGNING_SECRET" in complaints(tmp_path, GOOD)


def test_a_missing_file_and_no_toml_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "nowhere.toml")
    assert "not TOML" in complaints(tmp_path, "[slack")
