"""Warnings: what to know before saying yes. However many there are, something of each kind is shown. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from aws_ops.plan import Caution, Plan
from handlers import layout, mrkdwn, wording
from handlers.layout import ALL, ShownIn
from handlers.speech import Speech
from sharing.requests import Request, RequestKind

_OLD = timedelta(days=90)


def warnings(
    say: Speech, request: Request, plan: Plan, environments: Mapping[str, str], room: int | None = None
) -> list[str]:
    """Return what to know before saying yes, in lines of `room` characters in all, or all of it without any.

    The age of an image counts from when it is asked for.
    """
    kinds = [
        *_of_environments(say, request, environments),
        *filter(None, [_of_age(say, request, plan)]),
        *_of_cautions(say, plan.cautions),
    ]
    if room is None:
        return [line(ALL) for kind in kinds for line in kind]
    return layout.of_each_kind(say, kinds, room)


def _of_environments(say: Speech, request: Request, environments: Mapping[str, str]) -> Iterator[list[ShownIn]]:
    """A kind of its own for each environment."""
    places: dict[str, list[str]] = {}
    for target in request.targets:
        if target in environments:
            places.setdefault(environments[target], []).append(f"*{mrkdwn.escape(target)}*")
    for environment, names in places.items():
        yield [partial(_environment, say, environment, names)]


def _environment(say: Speech, environment: str, names: list[str], in_a_list: int) -> str:
    targets = wording.some(say, names, in_a_list)
    return f":warning: {say('environment', targets=targets, environment=mrkdwn.escape(environment))}"


def _of_age(say: Speech, request: Request, plan: Plan) -> list[ShownIn]:
    """The images that are old, the oldest first."""
    if request.kind not in (RequestKind.SHARE, RequestKind.PREVIEW):
        return []
    ages = [(request.created_at - image.created, image.image_id) for image in plan.images]
    old = sorted(((age, image_id) for age, image_id in ages if age >= _OLD), reverse=True)
    lines = [say("image-old", image=mrkdwn.code(image_id), days=age.days) for age, image_id in old]
    return [lambda _, line=line: f":warning: {line}" for line in lines]  # type: ignore[misc]


def _of_cautions(say: Speech, cautions: Iterable[Caution]) -> list[list[ShownIn]]:
    kinds: dict[str, list[ShownIn]] = {}
    for one in _together(cautions):
        kinds.setdefault(one.kind, []).append(partial(_caution, say, one))
    return list(kinds.values())


def _caution(say: Speech, one: Caution, in_a_list: int) -> str:
    return f":warning: {wording.caution(say, one, in_a_list)}"


def _together(cautions: Iterable[Caution]) -> Iterator[Caution]:
    """The cautions, with those in one that say the same of several targets."""
    targets: dict[Caution, list[str]] = {}
    for one in cautions:
        rest = tuple((name, value if name != "target" else "") for name, value in one.details)
        targets.setdefault(replace(one, details=rest), []).append(dict(one.details).get("target", ""))
    for said, names in targets.items():
        told = ", ".join(names)
        yield replace(said, details=tuple((name, told if name == "target" else value) for name, value in said.details))
