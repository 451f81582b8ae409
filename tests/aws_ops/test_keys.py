"""Keys: policies are written once, read back, and never at another writer's cost without notice."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from aws_ops.errors import AwsRefused, InvalidPrincipals, KeyPolicyContested, NotFound, PolicyLocksOut
from aws_ops.ids import KeyArn
from aws_ops.key_policy import KeyPolicy, allow_use, own_users
from aws_ops.keys import can_use, change_key_policy, describe_key, read_policy
from tests.aws_ops.builders import GOLDEN, PROD, STAGING, a_denial, a_key_arn, a_policy, a_principal

let_staging_in = partial(allow_use, users=[a_principal(STAGING)])


@pytest.fixture
def key(kms: Any) -> KeyArn:
    policy = json.dumps(json.loads(a_policy().text), indent=2)
    return KeyArn(kms.create_key(Policy=policy, KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"])


class Diary:
    """What was to be kept of a policy before it was written."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []

    def __call__(self, before: str, after: str) -> None:
        self.entries.append((before, after))


class Kms:
    """A KMS with one key, whose policy others write at moments that are given beforehand.

    Attributes:
        theirs: what others do at each moment, one after the other: they add a statement of their own to what is there
            (True), or to what was there without the bot (False), or do nothing (None).
        statements: what others have written so far.
        overwritten: the texts that were in force when the bot wrote.
    """

    def __init__(self, theirs: list[bool | None]) -> None:
        self.policy = a_policy()
        self.theirs = theirs
        self.statements: list[dict[str, Any]] = []
        self.overwritten: list[KeyPolicy] = []

    def moment(self) -> None:
        keeps = self.theirs.pop(0) if self.theirs else None
        if keeps is not None:
            self.statements.append(a_denial(Sid=f"Theirs{len(self.statements)}", Principal={"AWS": PROD}))
            base = self.policy.statements if keeps else (*a_policy().statements, *self.statements[:-1])
            self.policy = self.policy.with_statements([*base, self.statements[-1]])

    def get_key_policy(self, **_: Any) -> dict[str, str]:
        return {"Policy": self.policy.text}

    def put_key_policy(self, *, Policy: str, **_: Any) -> None:  # noqa: N803
        self.overwritten.append(self.policy)
        self.policy = KeyPolicy(Policy)
        self.moment()


@given(st.lists(st.sampled_from([None, None, True, False]), max_size=12))
def test_nothing_that_others_write_meanwhile_is_lost(theirs: list[bool | None]) -> None:
    kms = Kms(list(theirs))
    diary = Diary()

    def before_write(before: str, after: str) -> None:
        diary(before, after)
        kms.moment()

    kms.moment()
    try:
        change_key_policy(cast("Any", kms), a_key_arn(GOLDEN), let_staging_in, before_write=before_write)
    except KeyPolicyContested:
        assert len(kms.statements) >= 4, "somebody wrote each time"
    else:
        assert own_users(kms.policy) == {a_principal(STAGING)}
    assert all(statement in kms.policy.statements for statement in kms.statements)
    kept = [KeyPolicy(before) for before, _ in diary.entries]
    assert all(overwritten in kept for overwritten in kms.overwritten), "what was overwritten could be put back"


def whenever_it_is_written(kms: Any, somebody_writes: Callable[[], Any], times: int = 1) -> None:
    """Let somebody write right after the bot did, this many times."""
    left = [somebody_writes] * times
    theirs: list[Callable[[], Any]] = []

    def hear(**_: Any) -> None:
        if left and not theirs:
            theirs.append(left.pop())
            theirs[0]()
            theirs.clear()

    kms.meta.events.register("after-call.kms.PutKeyPolicy", hear)


def test_a_key_is_described_by_arn_and_by_alias(kms: Any, key: KeyArn) -> None:
    kms.create_alias(AliasName="alias/ami", TargetKeyId=key)
    facts = describe_key(kms, "alias/ami")
    assert facts == describe_key(kms, key)
    assert (facts.arn, facts.manager, facts.state) == (key, "CUSTOMER", "Enabled")
    assert (facts.spec, facts.usage, facts.policy) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", None)


def test_a_key_that_is_not_there_cannot_be_used(kms: Any, key: KeyArn) -> None:
    assert can_use(kms, key)
    assert not can_use(kms, KeyArn(f"{key[:-4]}0000"))
    with pytest.raises(NotFound):
        describe_key(kms, "alias/nowhere")


def test_a_change_is_kept_before_it_is_written_and_read_back(kms: Any, key: KeyArn) -> None:
    diary = Diary()
    change = change_key_policy(kms, key, let_staging_in, before_write=diary)
    assert change is not None
    assert diary.entries == [(change.before, change.after)]
    assert KeyPolicy(change.before) == a_policy()
    assert read_policy(kms, key) == let_staging_in(a_policy()) == KeyPolicy(change.after)


def test_nothing_is_written_if_nothing_is_needed(kms: Any, key: KeyArn) -> None:
    change_key_policy(kms, key, let_staging_in, before_write=Diary())
    diary = Diary()
    whenever_it_is_written(kms, lambda: pytest.fail("it was written"))
    assert change_key_policy(kms, key, let_staging_in, before_write=diary) is None
    assert diary.entries == []


def test_what_cannot_be_kept_is_not_written(kms: Any, key: KeyArn) -> None:
    def full(before: str, after: str) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        change_key_policy(kms, key, let_staging_in, before_write=full)
    assert read_policy(kms, key) == a_policy()


def test_what_is_written_while_it_is_kept_is_merged_with(kms: Any, key: KeyArn) -> None:
    theirs = a_policy(a_denial(Principal={"AWS": PROD}))
    diary = Diary()

    def slowly(before: str, after: str) -> None:
        diary(before, after)
        if len(diary.entries) == 1:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=theirs.text)

    change = change_key_policy(kms, key, let_staging_in, before_write=slowly)
    assert change is not None
    assert KeyPolicy(change.before) == theirs
    assert read_policy(kms, key) == let_staging_in(theirs)
    assert [KeyPolicy(before) for before, _ in diary.entries] == [a_policy(), theirs]


def test_what_somebody_else_does_meanwhile_need_not_be_done(kms: Any, key: KeyArn) -> None:
    both = let_staging_in(a_policy(a_denial(Principal={"AWS": PROD})))

    def slowly(_before: str, _after: str) -> None:
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=both.text)

    assert change_key_policy(kms, key, let_staging_in, before_write=slowly) is None
    assert read_policy(kms, key) == both


def test_one_who_writes_each_time_before_the_bot_is_told_of(kms: Any, key: KeyArn) -> None:
    diary = Diary()

    def slowly(before: str, after: str) -> None:
        diary(before, after)
        theirs = a_policy(a_denial(Sid=f"Theirs{len(diary.entries)}"))
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=theirs.text)

    with pytest.raises(KeyPolicyContested, match=key):
        change_key_policy(kms, key, let_staging_in, before_write=slowly)
    assert own_users(read_policy(kms, key)) == frozenset(), "nothing was written over theirs"


def test_another_writer_who_wipes_the_change_out_is_merged_with(kms: Any, key: KeyArn) -> None:
    theirs = a_policy(a_denial(Principal={"AWS": PROD}))
    put = partial(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=theirs.text)
    whenever_it_is_written(kms, put)
    diary = Diary()
    change = change_key_policy(kms, key, let_staging_in, before_write=diary)
    assert change is not None
    assert KeyPolicy(change.before) == theirs
    assert read_policy(kms, key) == let_staging_in(theirs)
    assert len(diary.entries) == 2


def test_another_writer_who_keeps_the_change_is_no_trouble(kms: Any, key: KeyArn) -> None:
    both = let_staging_in(a_policy(a_denial(Principal={"AWS": PROD})))
    put = partial(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=both.text)
    whenever_it_is_written(kms, put)
    change_key_policy(kms, key, let_staging_in, before_write=Diary())
    assert own_users(read_policy(kms, key)) == {a_principal(STAGING)}


def test_one_who_never_stops_is_told_of(kms: Any, key: KeyArn) -> None:
    put = partial(kms.put_key_policy, KeyId=key, PolicyName="default", Policy=a_policy().text)
    whenever_it_is_written(kms, put, times=50)
    with pytest.raises(KeyPolicyContested, match=key):
        change_key_policy(kms, key, let_staging_in, before_write=Diary())


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Policy contains a statement with one or more invalid principals.", InvalidPrincipals),
        ("The new key policy will not allow you to update the key policy in the future.", PolicyLocksOut),
        ("Something else.", AwsRefused),
    ],
)
def test_what_kms_does_not_take_is_said_clearly(kms: Any, said: str, error: type[Exception]) -> None:
    key = a_key_arn(GOLDEN)
    with Stubber(kms) as stub:
        for _ in range(2):
            stub.add_response("get_key_policy", {"Policy": a_policy().text}, {"KeyId": key, "PolicyName": "default"})
        stub.add_client_error("put_key_policy", "MalformedPolicyDocumentException", said)
        with pytest.raises(error) as caught:
            change_key_policy(kms, key, let_staging_in, before_write=Diary())
    assert type(caught.value) is error
    if isinstance(caught.value, InvalidPrincipals):
        assert caught.value.principals == (a_principal(STAGING),)
