"""Warnings: what to know before saying yes. However many there are, something of each kind is shown. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from aws_ops.plan import Caution, Plan, Refusal
from handlers import layout, mrkdwn, wording
from handlers.layout import ALL, ShownIn
from handlers.speech import Speech
from sharing.requests import Request, RequestKind
from sharing.rules import ApprovalRules, WarningRules


def warnings(say: Speech, request: Request, plan: Plan, rules: ApprovalRules, room: int | None = None) -> list[str]:
    """Return what to know before saying yes, in lines of `room` characters in all, or all of it without any.

    The age of an image counts from when it is asked for.
    """
    kinds = [
        *_of_environments(say, request, rules),
        *filter(None, [_of_age(say, request, plan, rules.warnings)]),
        *_of_obstacles(say, plan.obstacles),
        *_of_cautions(say, plan.cautions),
    ]
    if room is None:
        return [line(ALL) for kind in kinds for line in kind]
    return layout.of_each_kind(say, kinds, room)


def _of_environments(say: Speech, request: Request, rules: ApprovalRules) -> Iterator[list[ShownIn]]:
    """A kind of its own for each environment: first those that are warned of, then those that are only named."""
    places: dict[str, list[str]] = {}
    for target in request.targets:
        if target in rules.environments:
            places.setdefault(rules.environments[target], []).append(f"*{mrkdwn.escape(target)}*")
    named: dict[str, ShownIn] = {one: partial(_environment, say, one, names) for one, names in places.items()}
    warned: list[ShownIn] = [partial(_warning, line) for one, line in named.items() if rules.warnings.warn_of(one)]
    yield from ([line] for line in warned)
    yield from ([line] for one, line in named.items() if not rules.warnings.warn_of(one))


def _environment(say: Speech, environment: str, names: list[str], in_a_list: int) -> str:
    targets = wording.some(say, names, in_a_list)
    return say("environment", targets=targets, environment=mrkdwn.escape(environment))


def _warning(line: ShownIn, in_a_list: int) -> str:
    return f":warning: {line(in_a_list)}"


def _of_age(say: Speech, request: Request, plan: Plan, rules: WarningRules) -> list[ShownIn]:
    """The images that are old, the oldest first."""
    if request.kind not in (RequestKind.SHARE, RequestKind.PREVIEW):
        return []
    ages = [(request.created_at - image.created, image.image_id) for image in plan.images]
    old = sorted(((age, image_id) for age, image_id in ages if age >= rules.image_age), reverse=True)
    lines = [say("image-old", image=mrkdwn.code(image_id), days=age.days) for age, image_id in old]
    return [lambda _, line=line: f":warning: {line}" for line in lines]  # type: ignore[misc]


def _of_obstacles(say: Speech, obstacles: Iterable[Refusal]) -> list[list[ShownIn]]:
    kinds: dict[str, list[ShownIn]] = {}
    for one in obstacles:
        kinds.setdefault(one.kind, []).append(lambda _, one=one: f":warning: {wording.left_behind(say, one)}")  # type: ignore[misc]
    return list(kinds.values())


def _of_cautions(say: Speech, cautions: Iterable[Caution]) -> list[list[ShownIn]]:
    kinds: dict[str, list[ShownIn]] = {}
    for one in _together(cautions):
        kinds.setdefault(one.kind, []).append(partial(_warning, partial(wording.caution, say, one)))
    return list(kinds.values())


def _together(cautions: Iterable[Caution]) -> Iterator[Caution]:
    """The cautions, with those in one that say the same of several targets."""
    targets: dict[Caution, list[str]] = {}
    for one in cautions:
        rest = tuple((name, value if name != "target" else "") for name, value in one.details)
        targets.setdefault(replace(one, details=rest), []).append(dict(one.details).get("target", ""))
    for said, names in targets.items():
        told = ", ".join(names)
        yield replace(said, details=tuple((name, told if name == "target" else value) for name, value in said.details))
