"""The gallery: images that are found by name, however many there are."""

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_ops.catalogue import Listed
from aws_ops.facts import Role, SourceAccount
from aws_ops.ids import AccountId, ImageId, Region, RoleArn
from sharing import gallery
from sharing.estate import Estate
from sharing.gallery import Gallery

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOURCE = SourceAccount(
    "images", Role(RoleArn("arn:aws:iam::111111111111:role/s"), AccountId("111111111111")), (Region("eu-central-1"),)
)


class Offline:
    """Accounts that are asked nothing: what they hold is put in the gallery's way."""

    def ec2(self, *_: Any) -> None:
        return None


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Hangs images of these names in a gallery, each a minute older than the one before."""

    def hang(names: Iterable[str]) -> Gallery:
        listed = [
            Listed(ImageId(f"ami-{number:017x}"), name, NOW - timedelta(minutes=number))
            for number, name in enumerate(names)
        ]
        monkeypatch.setattr(gallery, "list_images", lambda *_: listed)
        made = Gallery(Offline(), Estate((SOURCE,), ()))  # type: ignore[arg-type]
        made.refresh()
        return made

    return hang


MANY = [f"build-{number:06}-of-the-day" for number in range(30_000)]


def test_of_two_with_one_name_the_newer_is_meant(hung: Any) -> None:
    found = hung(["golden", "silver", "golden"])
    assert found.called("golden") == "ami-00000000000000000"
    assert [each.image.image_id[-1] for each in found.find("gold", 9)] == ["0", "2"]
    assert found.get(ImageId("ami-00000000000000002")).image.name == "golden"
    assert found.called("gold") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vault-2019-1", "vault-2019-11"),
        ("VAULT-2019-11", "vault-2019-11"),
        ("xuild-000000-of-the-day", "build-000000-of-the-day"),
        ("biuld-000007-of-the-day", "build-000007-of-the-day"),
    ],
)
def test_among_very_many_the_newest_and_those_that_begin_alike_are_found(hung: Any, typed: str, meant: str) -> None:
    assert meant in hung([*MANY, "vault-2019-11"]).alike(typed)


def test_a_misspelt_name_is_compared_with_a_thousand_at_most(hung: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def get_close_matches(_: str, possibilities: Iterable[str], **how: Any) -> list[str]:
        compared.append(len([*possibilities]))
        return []

    monkeypatch.setattr(difflib, "get_close_matches", get_close_matches)
    assert hung(MANY).alike("build-000000-of-the-dy") == ()
    assert compared[0] <= 1_000
