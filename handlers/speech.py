"""Speech: what the bot says, in each language it knows, from the catalogues beside this file (projectfluent.org).

A catalogue holds mrkdwn. What is put into a sentence must be safe to show before it comes here (`mrkdwn.py`).
"""

import logging
from enum import StrEnum
from functools import cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

_log = logging.getLogger(__name__)

# Fluent refuses details of more than 2,500 characters; a mark stands in for a long one.
_LONG = 500
_CATALOGUES = Path(__file__).parent / "catalogues"


class Language(StrEnum):
    """A language that there are catalogues in."""

    ENGLISH = "en"
    JAPANESE = "ja"

    @classmethod
    def of_locale(cls, locale: str | None) -> "Language":
        """Return the language for a Slack `locale` such as `ja-JP`; English where there is no better one."""
        spoken = (locale or "").partition("-")[0].lower()
        return next((language for language in cls if language == spoken), cls.ENGLISH)


class Speech:
    """Says things in one language: `say("no-such-request", request="`R-7K2M9QXA`")`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        # Slack shows the marks that keep directions of writing apart as boxes; no language here needs them.
        self._bundle = FluentBundle([language.value], use_isolating=False)
        for path in sorted((_CATALOGUES / language.value).glob("*.ftl")):
            self._bundle.add_resource(FluentResource(path.read_text("utf-8")))

    def __call__(self, message_id: str, /, **details: str | int) -> str:
        """Return the sentence called `message_id` with `details` in it; numbers choose between singular and plural.

        A detail that is missing shows as its name rather than keeping everything else from the reader.

        Raises:
            KeyError: no sentence is called that.
        """
        message = self._bundle.get_message(message_id)
        if message.value is None:
            raise KeyError(message_id)
        marks = {name: f"\ue000{name}\ue001" for name, detail in details.items() if len(str(detail)) > _LONG}
        said, errors = self._bundle.format_pattern(message.value, details | marks)
        for error in errors:
            _log.error("%s in %s: %s", message_id, self.language.value, error)
        text = str(said)
        for name, mark in marks.items():
            text = text.replace(mark, str(details[name]))
        return text


@cache
def speech(language: Language) -> Speech:
    """Return the one `Speech` in `language`; its catalogues are read once."""
    return Speech(language)


def in_every_language(message_id: str, /, **details: str | int) -> str:
    """Return the sentence in each language, one below the other: for somebody whose language nobody knows."""
    return "\n".join(speech(language)(message_id, **details) for language in Language)
