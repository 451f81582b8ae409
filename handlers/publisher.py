"""The publisher: makes Slack show what is stored, by posting or editing the difference.

Each message is written down before it is posted and again, with its `ts`, after. One that was written down but has no
`ts` may have been posted by a publisher that died in between; it is looked for by its metadata before it is posted.

The good ends of several shares that one reader hears of at a time are one message, of one of the requests. That it
stands for those of the others is written down with it: nobody posts them any more, whoever goes on.

What Slack says against one message is written down with it, and it is tried again later; the others don't wait for it.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from handlers.channels import CLOSED
from handlers.messages import (
    STORY,
    UNREACHABLE,
    Audience,
    Message,
    Pace,
    Place,
    digest,
    end_key,
    is_told_together,
    messages_of,
)
from handlers.people import language_of
from handlers.speech import Language, speech
from handlers.traces import DELETED, Traces, metadata
from handlers.trouble import RATE_LIMITED, SLACK_TROUBLE, code_of, concerns_all
from sharing.clock import Clock
from sharing.context import about
from sharing.ends import waits_until
from sharing.postings import Posting, Postings, ToldElsewhere, Untold
from sharing.rates import Rate
from sharing.requests import NOBODY, Person, Request
from sharing.rules import ApprovalRules
from sharing.states import is_final
from sharing.transaction import LeaseLost

_log = logging.getLogger(__name__)

_BETWEEN_EDITS = timedelta(seconds=10)
# Edits that can wait, of all messages: chat.update is of Tier 3, 50 a minute, and those that can't wait come on top
# (docs.slack.dev/apis/web-api/rate-limits).
_EDITS = Rate(every=timedelta(seconds=2.5), burst=8)
_EDIT, _POST = "chat.update", "chat.postMessage"
_AFTER_TROUBLE = timedelta(seconds=15)
# How often it is looked whether there is still something that an end waits for.
_BETWEEN_LOOKS = timedelta(seconds=15)
# The longest that one message's trouble is waited for: while the request goes on, and once it is over. After that it
# is given up: nobody will ever mend what a channel was left with years ago.
_LONGEST_PAUSE, _LONGEST_PAUSE_AFTERWARDS = timedelta(minutes=10), timedelta(days=1)
_MOST_DOUBLINGS = 20
_LANGUAGE_HOLDS = timedelta(hours=1)


@dataclass
class Publisher:
    """Tells Slack. Any number of publishers, in any number of processes, may share one store."""

    client: WebClient
    postings: Postings
    clock: Clock
    rules: ApprovalRules
    language: Language
    notifications_channel: str | None = None
    digest_within: timedelta = timedelta(0)
    on_lease_lost: Callable[[str], None] = lambda _: None
    _quiet_until: datetime | None = None
    _methods_quiet_until: dict[str, datetime] = field(default_factory=dict)
    _languages: dict[Person, tuple[Language, datetime]] = field(default_factory=dict)
    _traces: Traces = field(init=False)

    def __post_init__(self) -> None:
        self._traces = Traces(self.client)

    def run_once(self) -> bool:
        """Tell what there is to tell of the request that has waited longest; say whether there was one."""
        if self._quiet_until is not None and self.clock() < self._quiet_until:
            return False
        untold = self.postings.claim(self.clock())
        if untold is None:
            return False
        with about(untold.request.id):
            self._try_to_tell(untold)
        return True

    def _try_to_tell(self, untold: Untold) -> None:
        try:
            self._tell(untold)
        except LeaseLost:
            _log.warning("request %s: overtaken by another publisher", untold.request.id)
            self.on_lease_lost("publish")
        except SlackApiError as error:
            again_at = self.clock() + _pause(error)
            if code_of(error) == RATE_LIMITED:
                self._quiet_until = again_at
            _log.warning("request %s: Slack refused (%s), again at %s", untold.request.id, code_of(error), again_at)
            self.postings.put_off(untold, again_at)
        except SLACK_TROUBLE as error:
            again_at = self.clock() + _AFTER_TROUBLE
            _log.warning("request %s: Slack is out of reach (%s), again at %s", untold.request.id, error, again_at)
            self.postings.put_off(untold, again_at)

    def _tell(self, untold: Untold) -> None:
        """Post and edit what differs, and note when to look again, if something had to wait for its time."""
        if untold.retell_at is not None and untold.retell_at <= self.clock():
            self._remove_doubles(untold)
            untold = self.postings.retell(untold, self.clock())
        posted = dict(untold.postings)
        waiting: list[datetime] = []
        for message in _slow_edits_last(self._messages(untold.request, posted), posted):
            try:
                again_at = self._bring_up_to_date(untold, message, posted)
            except ToldElsewhere:
                again_at = self.clock()  # and this time with what is written down by now
            except SlackApiError as error:
                if (method := _limited_alone(error)) is not None:
                    again_at = self._methods_quiet_until[method] = self.clock() + _pause(error)
                    _log.warning("Slack has had enough of %s until %s", method, again_at)
                elif concerns_all(error):
                    raise
                else:
                    again_at = self._refused(untold, message, posted, code_of(error))
            waiting += [again_at] if again_at is not None else []
        again_at = min(waiting, default=None)
        held = any(self._quiet(method) is not None for method in (_EDIT, _POST))
        if again_at is not None and (held or any(one.refusal is not None for one in posted.values())):
            self.postings.put_off(untold, again_at)
        else:
            self.postings.told(untold, again_at)

    def _bring_up_to_date(self, untold: Untold, message: Message, posted: dict[str, Posting]) -> datetime | None:
        """Post or edit one message, if it differs; return when to look at it again, if it has to wait."""
        posting = posted.get(message.key)
        parent = _parent(message, posted)
        if message.place is Place.THREAD and (parent is None or not parent.ts):
            return None  # it comes with the one it is under
        if not _differs(message, posting):
            return None
        free_at = _free_at(posting, self._channel_known(message, posting, parent), posted.values())
        if free_at is not None and free_at > self.clock():
            return free_at
        if posting is None or posting.ts is None:
            if (quiet_until := self._quiet(_POST)) is not None:
                return quiet_until
            gathered = self._gathered(untold.request, message, posting)
            if isinstance(gathered, datetime):
                return gathered
            self._post(untold, gathered, posted, parent)
            # That it stands at last is told as well.
            return self.clock() if posting is not None and posting.refusal is not None else None
        if (due := self._edit_due(untold, message, posting)) > self.clock():
            return due
        if not self._edit(untold, message, posting):
            self._post(untold, message, posted, parent)
        return None

    def _gathered(self, request: Request, message: Message, posting: Posting | None) -> Message | datetime:
        """Return a message as one of what else its reader is to hear of, or when to look again for more of that.

        One that was begun is what it was begun as.
        """
        if posting is not None:
            others = self.postings.read(posting.others) if posting.others else []
        elif message.pace is not Pace.TOGETHER or not self.digest_within:
            return message
        else:
            now, known = self.clock(), self.postings.others(request.id, message.reader)
            if (until := waits_until(request, known.under_way, self.digest_within, now)) is not None:
                return min(until, now + _BETWEEN_LOOKS)
            others = [
                other
                for other in known.ended
                if is_told_together(other) and (other.id, end_key(other, message.reader)) not in known.begun
            ]
        if not others:
            return message
        return digest(speech(self._language_of(message.reader or NOBODY)), message, request, others)

    def _refused(self, untold: Untold, message: Message, posted: dict[str, Posting], refusal: str) -> datetime | None:
        """Write down what stands against one message; return when to try again, or None if it is given up."""
        now, known = self.clock(), posted[message.key]
        pause = _AFTER_TROUBLE * 2 ** min(known.tries, _MOST_DOUBLINGS)
        over = is_final(untold.request.state)
        if over and pause > _LONGEST_PAUSE_AFTERWARDS:
            _log.warning("%s is given up in %s: %s", message.key, known.channel, refusal)
            posting = Posting(message.key, known.channel, known.ts or "", _digest(message), now)
        else:
            again_at = now + min(pause, _LONGEST_PAUSE_AFTERWARDS if over else _LONGEST_PAUSE)
            posting = replace(known, refusal=refusal, tries=known.tries + 1, again_at=again_at)
            _log.warning("%s can't be told in %s: %s; again at %s", message.key, known.channel, refusal, again_at)
        self.postings.shown(untold, posting, now)
        posted[message.key] = posting
        # Of what is new there may be something to say.
        return now if known.refusal is None else posting.again_at

    def _language_of(self, person: Person) -> Language:
        """Return what `person` reads, as Slack said within the hour; the channels' language where Slack can't say."""
        if person == NOBODY:
            return self.language
        known, since = self._languages.get(person, (self.language, None))
        if since is not None and self.clock() < since + _LANGUAGE_HOLDS:
            return known
        try:
            found = language_of(self.client, person)
        except SLACK_TROUBLE as error:
            _log.warning("can't read the language of %s: %s", person.user_id, error)
            return known
        self._languages[person] = found, self.clock()
        return found

    def _messages(self, request: Request, posted: Mapping[str, Posting]) -> Iterator[Message]:
        """Yield the messages; those in other channels link to the first one, which is posted by then."""
        audience = Audience(
            speech(self.language), lambda person: speech(self._language_of(person)), self.notifications_channel
        )
        closed = _closed_channels(posted)
        messages = messages_of(request, self.rules, audience, closed=closed)
        yield from messages[:1]
        if len(request.asked_in) > 1 and (first := posted.get(STORY)) is not None and first.ts:
            messages = messages_of(request, self.rules, audience, self._link_to(first), closed)
        yield from messages[1:]

    def _link_to(self, posting: Posting) -> str | None:
        try:
            link = self.client.chat_getPermalink(channel=posting.channel, message_ts=str(posting.ts))
        except SlackApiError as error:
            if concerns_all(error):
                raise
            return None
        return cast("str", link["permalink"])

    def _post(self, untold: Untold, message: Message, posted: dict[str, Posting], parent: Posting | None) -> None:
        ts: str | None = None
        thread_ts = parent.ts if parent else None
        begun = posted.get(message.key)
        if begun is None:
            channel = parent.channel if parent else self._channel_of(untold.request, message)
            if channel is None:
                posted[message.key] = self._give_up(untold, message)
                return
            self.postings.begin(untold, message.key, channel, self.clock(), message.others)
            posted[message.key] = Posting(message.key, channel, others=tuple(message.others))
        else:
            channel = begun.channel
            ts = next(self._traces.find(untold.request, message.key, channel, thread_ts), None)
        if ts is None:
            answer = self.client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks),
                thread_ts=thread_ts,
                metadata=metadata(untold.request, message.key),
                unfurl_links=False,
                unfurl_media=False,
            )
            ts = cast("str", answer["ts"])
        now = self.clock()
        posting = Posting(message.key, channel, ts, _digest(message), now, others=tuple(message.others))
        try:
            self.postings.shown(untold, posting, now)
        except LeaseLost:
            stands = self.postings.overtaken(untold.request.id, message.key, now)
            if stands:
                self._traces.remove(channel, {ts} - {stands})
            raise
        posted[message.key] = posting
        if begun is not None:
            # Whoever began may only have been stopped, and have posted after it was looked for.
            self._traces.keep(untold.request, channel, thread_ts, {message.key: ts})

    def _edit(self, untold: Untold, message: Message, posting: Posting) -> bool:
        """Bring a message up to date; False if there is none to be edited any more."""
        try:
            self.client.chat_update(
                channel=posting.channel, ts=cast("str", posting.ts), text=message.text, blocks=list(message.blocks)
            )
        except SlackApiError as error:
            if code_of(error) != DELETED:
                raise
            _log.warning("somebody deleted %s, which is posted again", message.key)
            return False
        now = self.clock()
        try:
            self.postings.shown(untold, Posting(message.key, posting.channel, posting.ts, _digest(message), now), now)
        except LeaseLost:
            self.postings.overtaken(untold.request.id, message.key, now)
            raise
        return True

    def _remove_doubles(self, untold: Untold) -> None:
        """Take back what another publisher posted as well, and couldn't note any more."""
        posted = untold.postings
        places: dict[tuple[str, str | None], dict[str, str]] = {}
        for message in self._messages(untold.request, posted):
            posting = posted.get(message.key)
            parent = _parent(message, posted)
            if posting is not None and posting.ts:
                known = places.setdefault((posting.channel, parent.ts if parent else None), {})
                known[message.key] = posting.ts
        for (channel, thread_ts), known in places.items():
            try:
                self._traces.keep(untold.request, channel, thread_ts, known)
            except SlackApiError as error:
                if concerns_all(error):
                    raise
                _log.warning("nothing can be taken back in %s: %s", channel, code_of(error))

    def _edit_due(self, untold: Untold, message: Message, posting: Posting) -> datetime:
        """Return when a message may be edited; if that is now, the edit is counted."""
        now = self.clock()
        if (quiet_until := self._quiet(_EDIT)) is not None:
            return quiet_until
        if message.pace is Pace.AT_ONCE:
            self.postings.count_edit(_EDITS, now)
            return now
        if posting.shown_at is not None and posting.shown_at + _BETWEEN_EDITS > now:
            return posting.shown_at + _BETWEEN_EDITS
        if posting.has_turn and posting.again_at is not None:
            return posting.again_at
        return self.postings.reserve_edit(untold, message.key, _EDITS, now)

    def _quiet(self, method: str) -> datetime | None:
        """Return until when a method isn't to be called, if Slack has had enough of it."""
        until = self._methods_quiet_until.get(method)
        return until if until is not None and until > self.clock() else None

    def _give_up(self, untold: Untold, message: Message) -> Posting:
        """Write down that the reader can't be reached; the rest of the story is told all the same."""
        now = self.clock()
        posting = Posting(message.key, _reader(untold.request, message).user_id, "", _digest(message), now)
        self.postings.begin(untold, message.key, posting.channel, now)
        self.postings.shown(untold, posting, now)
        return posting

    def _channel_known(self, message: Message, posting: Posting | None, parent: Posting | None) -> str | None:
        """Return where a message goes, as far as that can be said without asking Slack."""
        if (there := posting or parent) is not None:
            return there.channel
        return None if message.place is Place.DIRECT else message.channel or self.rules.channel

    def _channel_of(self, request: Request, message: Message) -> str | None:
        if message.place is not Place.DIRECT:
            return message.channel or self.rules.channel
        # A direct message wants the channel's id: chat.update takes no user's.
        try:
            opened = self.client.conversations_open(users=[_reader(request, message).user_id])
        except SlackApiError as error:
            if concerns_all(error):
                raise
            # Somebody who has left since asking, for one (docs.slack.dev/reference/methods/conversations.open).
            _log.warning("%s can't be told directly: %s", _reader(request, message).user_id, code_of(error))
            return None
        return cast("str", opened["channel"]["id"])


def _parent(message: Message, posted: Mapping[str, Posting]) -> Posting | None:
    """Return the message whose thread this one is in, as far as that is posted."""
    return posted.get(message.under) if message.place is Place.THREAD else None


def _slow_edits_last(messages: Iterable[Message], posted: Mapping[str, Posting]) -> Iterator[Message]:
    """Yield the messages in their order, but after all others those that stand already and can wait."""
    later: list[Message] = []
    for message in messages:
        known = posted.get(message.key)
        if message.pace is Pace.SLOWLY and known is not None and known.ts:
            later.append(message)
        else:
            yield message
    yield from later


def _limited_alone(error: SlackApiError) -> str | None:
    """Return the method that there were too many calls of, if it is one that the others don't wait for."""
    method = str(error.response.api_url).rpartition("/")[2]
    return method if code_of(error) == RATE_LIMITED and method in (_EDIT, _POST) else None


def _differs(message: Message, posting: Posting | None) -> bool:
    """Whether Slack doesn't show a message as it should be; what was given up stays as it is."""
    if posting is None or posting.ts is None:
        return True
    changes = message.pace not in (Pace.ONCE, Pace.TOGETHER)
    return bool(posting.ts) and changes and posting.content_digest != _digest(message)


def _free_at(posting: Posting | None, channel: str | None, posted: Iterable[Posting]) -> datetime | None:
    """Return when a message may be tried again after it was refused, or another one was since the channel is closed."""
    refused = [each for each in posted if each.refusal in CLOSED and each.channel == channel]
    own = [posting] if posting is not None and not posting.has_turn else []
    times = [each.again_at for each in (*refused, *own) if each.again_at is not None]
    return max(times, default=None)


def _closed_channels(posted: Mapping[str, Posting]) -> dict[str, str | None]:
    """Return where approval was to be asked and Slack says no, with why; None where it was asked after all."""
    asked = [each for key, each in posted.items() if key.partition(":")[0] == STORY]
    open_again = (each for each in asked if each.ts and f"{UNREACHABLE}:{each.channel}" in posted)
    return {each.channel: None for each in open_again} | {
        each.channel: each.refusal for each in asked if each.ts is None and each.refusal is not None
    }


def _reader(request: Request, message: Message) -> Person:
    return message.reader or request.requester


def _digest(message: Message) -> str:
    return hashlib.sha256(json.dumps([message.text, message.blocks], sort_keys=True).encode()).hexdigest()


def _pause(error: SlackApiError) -> timedelta:
    if code_of(error) == RATE_LIMITED:
        return timedelta(seconds=int(error.response.headers.get("Retry-After", "30")))
    return _AFTER_TROUBLE
