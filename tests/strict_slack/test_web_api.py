"""The Web API: what Slack answers to calls that it doesn't like (docs.slack.dev/reference/methods)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.strict_slack.conftest import Here


def refusal(call: Callable[[], Any]) -> Any:
    """What Slack answers to a call that it refuses."""
    with pytest.raises(SlackApiError) as refused:
        call()
    return refused.value.response


def post(here: Here, **what: Any) -> Any:
    return here.client.chat_postMessage(**({"channel": here.room.id, "text": "oink"} | what))


def test_tokens_are_asked_for(here: Here) -> None:
    stranger = WebClient(token="xoxb-not-yours", base_url=f"{here.url}/api/")
    assert refusal(stranger.auth_test)["error"] == "invalid_auth"
    assert here.client.auth_test()["user_id"] == here.slack.bot_user_id


def test_unknown_methods_are_refused(here: Here) -> None:
    assert refusal(lambda: here.client.api_call("chat.shout"))["error"] == "unknown_method"


def test_unknown_arguments_are_flagged(here: Here) -> None:
    here.client.api_call("chat.postMessage", json={"channel": here.room.id, "text": "oink", "colour": "pink"})
    assert here.slack.violations == ["chat.postMessage: unknown argument colour"]


def test_a_missing_scope_is_named(here: Here) -> None:
    answer = refusal(here.client.usergroups_list)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "usergroups:read")
    assert "chat:write" in answer["provided"]


def test_a_private_channel_s_history_takes_a_scope_of_its_own(here: Here) -> None:
    private = here.slack.channel("secret-pigs", private=True)
    answer = refusal(lambda: here.client.conversations_history(channel=private.id))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:history")


def test_channels_the_bot_is_not_in(here: Here) -> None:
    public = here.slack.channel("sheep", bot_in=False)
    private = here.slack.channel("wolves", bot_in=False, private=True)
    archived = here.slack.channel("mammoths", archived=True)
    assert refusal(lambda: post(here, channel=public.id))["error"] == "not_in_channel"
    assert refusal(lambda: post(here, channel=private.id))["error"] == "channel_not_found"
    assert refusal(lambda: post(here, channel=archived.id))["error"] == "is_archived"
    assert refusal(lambda: post(here, channel="#pigs"))["error"] == "channel_not_found"


def test_a_message_says_something(here: Here) -> None:
    empty = {"channel": here.room.id}
    assert refusal(lambda: here.client.api_call("chat.postMessage", json=empty))["error"] == "no_text"
    assert refusal(lambda: post(here, thread_ts="1.000001"))["error"] == "thread_not_found"


def test_an_ephemeral_message_reaches_members_alone(here: Here) -> None:
    def whisper(user: str) -> Any:
        return here.client.chat_postEphemeral(channel=here.room.id, user=user, text="psst")

    whisper(here.mika.id)
    assert [message.text for message in here.slack.ephemerals(here.mika)] == ["psst"]
    assert here.slack.messages(here.room) == []
    assert refusal(lambda: whisper(here.sam.id))["error"] == "user_not_in_channel"


def test_an_edit_keeps_what_was_said_before(here: Here) -> None:
    ts = post(here)["ts"]
    here.client.chat_update(channel=here.room.id, ts=ts, text="oink oink")
    (message,) = here.slack.messages(here.room)
    assert message.text == "oink oink"
    assert [earlier.text for earlier in message.history] == ["oink"]
    missing = refusal(lambda: here.client.chat_update(channel=here.room.id, ts="1.000001", text="?"))
    assert missing["error"] == "message_not_found"


def test_the_bot_deletes_its_own_messages(here: Here) -> None:
    ts = post(here, text="oops")["ts"]
    here.client.chat_delete(channel=here.room.id, ts=ts)
    assert here.slack.messages(here.room) == []
    assert refusal(lambda: here.client.chat_delete(channel=here.room.id, ts=ts))["error"] == "message_not_found"
    theirs = here.slack.say(here.mika, here.room, "mine")
    refused = refusal(lambda: here.client.chat_delete(channel=here.room.id, ts=theirs.ts))
    assert refused["error"] == "cant_delete_message"


def test_metadata_is_shown_on_request(here: Here) -> None:
    post(here, metadata={"event_type": "pig", "event_payload": {"number": 1}})
    (without,) = here.client.conversations_history(channel=here.room.id)["messages"]
    assert "metadata" not in without
    (whole,) = here.client.conversations_history(channel=here.room.id, include_all_metadata=True)["messages"]
    assert whole["metadata"]["event_payload"] == {"number": 1}
    too_large = {"event_type": "pig", "event_payload": {"text": "x" * 17_000}}
    assert refusal(lambda: post(here, metadata=too_large))["error"] == "metadata_too_large"


def test_history_says_which_app_wrote_what(here: Here) -> None:
    post(here)
    here.slack.say(here.slack.user("other-app", bot=True), here.room, "moo")
    here.slack.say(here.mika, here.room, "hello")
    person, other, own = here.client.conversations_history(channel=here.room.id)["messages"]
    assert (own["user"], own["bot_id"]) == (here.slack.bot_user_id, here.client.auth_test()["bot_id"])
    assert other["bot_id"] not in (None, own["bot_id"])
    assert "bot_id" not in person


def test_history_comes_in_pages_newest_first(here: Here) -> None:
    for number in range(5):
        post(here, text=f"oink {number}")
    pages = here.client.conversations_history(channel=here.room.id, limit=2)
    assert [[message["text"] for message in page["messages"]] for page in pages] == [
        ["oink 4", "oink 3"],
        ["oink 2", "oink 1"],
        ["oink 0"],
    ]


def test_direct_messages_go_to_living_people(here: Here) -> None:
    gone = here.slack.user("gone", deleted=True)
    assert here.client.conversations_open(users=[here.mika.id])["channel"]["id"].startswith("D")
    assert refusal(lambda: here.client.conversations_open(users=[gone.id]))["error"] == "user_disabled"
    assert refusal(lambda: here.client.conversations_open(users=["U0NOBODY"]))["error"] == "user_not_found"


def test_a_person_s_kind_is_told(here: Here) -> None:
    guest, stranger = here.slack.user("guest", guest=True), here.slack.user("stranger", stranger=True)
    assert here.client.users_info(user=guest.id)["user"]["is_restricted"]
    told = here.client.users_info(user=stranger.id)["user"]
    assert told["is_stranger"]
    assert told["team_id"] != here.slack.team_id


def test_rate_limits_say_how_long_to_wait(here: Here) -> None:
    here.slack.rate_limits = True
    post(here)
    limited = refusal(lambda: post(here))
    assert (limited.status_code, limited["error"]) == (429, "ratelimited")
    assert limited.headers["Retry-After"] == "1"
    here.clock.advance(timedelta(seconds=1))
    post(here)


def test_a_tier_holds_for_a_minute(here: Here) -> None:
    here.slack.rate_limits = True
    for _ in range(50):
        here.client.conversations_history(channel=here.room.id)
    limited = refusal(lambda: here.client.conversations_history(channel=here.room.id))
    assert int(limited.headers["Retry-After"]) > 30
    here.clock.advance(timedelta(minutes=1))
    here.client.conversations_history(channel=here.room.id)


def test_faults_do_what_they_say(here: Here) -> None:
    here.slack.faults.fail("chat.postMessage", error="fatal_error")
    assert refusal(lambda: post(here))["error"] == "fatal_error"
    here.slack.faults.drop("chat.postMessage")
    with pytest.raises(OSError, match="closed connection"):
        post(here)
    assert here.slack.messages(here.room) == [], "a dropped call has no effect"
    here.slack.faults.lose_answer("chat.postMessage")
    with pytest.raises(OSError, match="closed connection"):
        post(here)
    assert len(here.slack.messages(here.room)) == 1, "a lost answer has its effect"
    here.slack.faults.server_error("chat.postMessage")
    assert refusal(lambda: post(here)).status_code == 503
    assert len(here.slack.journal.calls("chat.postMessage")) >= 2
    here.slack.faults.slow("users.info", seconds=60)
    impatient = WebClient(here.slack.bot_token, base_url=here.client.base_url)
    impatient.timeout = 0.1  # type: ignore[assignment]
    with pytest.raises(TimeoutError):
        impatient.users_info(user=here.mika.id)
    here.slack.faults.clear()
