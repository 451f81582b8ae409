"""The reception: reads who signed a request and what it asks, has it answered, and writes it into the journal.

The faults strike here, before a call and after it. What is not played goes on to moto.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import botocore.session

from playground.aws.calls import OPERATIONS, Call, Parameters
from playground.aws.errors import AwsError, Crash, LostAnswer, NotServed
from playground.aws.faults import Moment
from playground.aws.identities import Credentials
from playground.aws.journal import Entry
from playground.aws.policies import Ask
from playground.aws.wire import HttpRequest, HttpResponse, Wire, wire_for

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws

_PLAYED = {"ec2", "kms", "sts", "organizations"}
# Of EC2, moto may answer what has nothing to do with the images, snapshots and instances that it does not know.
_OURS_IN_EC2 = re.compile(
    r"Image|Snapshot|EbsDefault|EbsEncryption|Tags|CreateVolume|SpotInstances|CreateFleet"
    r"|^(Start|Stop|Reboot|Monitor|Unmonitor)Instances$|InstanceStatus|InstanceAttribute"
)
_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")

# How the services say that a caller's keys are unknown, or were good once: code, words, HTTP status.
_UNKNOWN = {
    "ec2": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    "sts": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
}
_UNKNOWN_ELSEWHERE = ("UnrecognizedClientException", "The security token included in the request is invalid.", 400)
_EXPIRED = {
    "ec2": ("RequestExpired", "Request has expired.", 400),
    "sts": ("ExpiredToken", "The security token included in the request is expired", 403),
}
_EXPIRED_ELSEWHERE = ("ExpiredTokenException", "The security token included in the request is expired", 400)


@dataclass
class _Visit:
    """What is known of a request so far; a journal entry in the making."""

    service: str
    region: str
    operation: str
    caller: Credentials | None
    parameters: Mapping[str, Any]
    latency: timedelta = timedelta(0)


class Reception:
    """Answers the requests of one `StrictAws`, one at a time."""

    def __init__(self, aws: "StrictAws") -> None:
        self._aws = aws

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request.

        Raises:
            LostAnswer, Crash: a fault says so.
        """
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        if scope is None:
            told = AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
            return self._refusal(_wire("sts"), told)
        token = request.headers.get("x-amz-security-token")
        caller = self._aws.identities.speaking_with(scope["key"], token)
        visit = _Visit(scope["service"], scope["region"], _name_of(request), caller, {})
        wire = _wire_for(visit, request)
        try:
            answered = self._let_through(request, visit, wire)
        except AwsError as error:
            self._write_down(visit, error.code, error.message)
            return self._refusal(wire, error)
        except Crash:
            self._write_down(visit, "crashed before", answered=False)
            raise
        outcome = "ok" if answered.status < 400 else str(answered.status)  # noqa: PLR2004 - where HTTP's errors begin
        try:
            self._strike(visit, "after")
        except (LostAnswer, Crash):
            self._write_down(visit, outcome, answered=False)
            raise
        self._write_down(visit, outcome)
        return answered

    def _let_through(self, request: HttpRequest, visit: _Visit, wire: Wire) -> HttpResponse:
        caller = self._checked(visit)
        if not _is_ours(visit):
            self._strike(visit, "before")
            return self._pass_on(request, visit, caller)
        operation = wire.operation(request)
        visit.parameters = wire.decode(operation, request)
        self._strike(visit, "before")
        serve = OPERATIONS.get((visit.service, visit.operation))
        if serve is None:
            raise NotServed(f"{visit.service} {visit.operation}")
        call = self._call(visit, caller)
        answer = serve(call)
        for unread in call.parameters.unread():
            raise NotServed(f"{unread} of {visit.operation}")
        headers = {"content-type": wire.content_type, "x-amzn-requestid": call.request_id}
        return HttpResponse(200, headers, wire.encode(operation, answer, call.request_id), visit.latency)

    def _call(self, visit: _Visit, caller: Credentials) -> Call:
        aws, asked = self._aws, Parameters(visit.parameters)
        request_id = aws.ids.uuid("request")
        return Call(aws, caller, visit.service, visit.operation, visit.region, asked, aws.clock(), request_id)

    def _pass_on(self, request: HttpRequest, visit: _Visit, caller: Credentials) -> HttpResponse:
        """Let moto answer in the caller's account, knowing what of it matters here."""
        account_id = caller.account_id
        match visit.service, visit.operation:
            case "autoscaling", operation if operation.startswith("Describe"):
                self._call(visit, caller).authorize(Ask(f"autoscaling:{operation}"))
                answered = self._aws.moto.answer(request, visit.service, visit.region, account_id)
            case "sqs", "ReceiveMessage" if "x-amz-target" in request.headers:
                answered = self._aws.moto.receive(request, visit.region, account_id)
            case "events", operation:
                self._aws.image_events.heard(operation, json.loads(request.body), account_id, visit.region)
                answered = self._aws.moto.answer(request, visit.service, visit.region, account_id)
            case _:
                answered = self._aws.moto.answer(request, visit.service, visit.region, account_id)
        return replace(answered, latency=visit.latency + answered.latency)

    def _checked(self, visit: _Visit) -> Credentials:
        """Refuse keys that are unknown or expired, in each service's own words."""
        caller = visit.caller
        if caller is None:
            raise AwsError(*_UNKNOWN.get(visit.service, _UNKNOWN_ELSEWHERE))
        if caller.expires is not None and caller.expires <= self._aws.session_clock():
            raise AwsError(*_EXPIRED.get(visit.service, _EXPIRED_ELSEWHERE))
        return caller

    def _strike(self, visit: _Visit, moment: Moment) -> None:
        account_id = visit.caller.account_id if visit.caller else ""
        visit.latency += self._aws.faults.strike(visit.service, visit.operation, account_id, moment)

    def _refusal(self, wire: Wire, error: AwsError) -> HttpResponse:
        request_id = self._aws.ids.uuid("request")
        headers = {"content-type": wire.content_type, "x-amzn-requestid": request_id}
        return HttpResponse(error.status, headers, wire.encode_error(error, request_id))

    def _write_down(self, visit: _Visit, outcome: str, message: str = "", *, answered: bool = True) -> None:
        self._aws.journal.entries.append(
            Entry(
                time=self._aws.clock(),
                account_id=visit.caller.account_id if visit.caller else None,
                caller=visit.caller.arn if visit.caller else None,
                service=visit.service,
                operation=visit.operation,
                region=visit.region,
                parameters=visit.parameters,
                outcome=outcome,
                message=message,
                answered=answered,
                latency=visit.latency,
            )
        )


def _is_ours(visit: _Visit) -> bool:
    if visit.service != "ec2":
        return visit.service in _PLAYED
    is_known = visit.operation in _wire("ec2").model.operation_names
    return not is_known or ("ec2", visit.operation) in OPERATIONS or bool(_OURS_IN_EC2.search(visit.operation))


def _name_of(request: HttpRequest) -> str:
    """Name the operation of any request: a JSON target, a form's action, or the path of a REST service."""
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if target:
        return target
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.body.decode())).get("Action", "")
    return f"{request.method} {urlsplit(request.url).path}"


def _wire_for(visit: _Visit, request: HttpRequest) -> Wire:
    """Return the service's wire; for one that moto answers, one of the same protocol: it only words refusals."""
    if visit.service in _PLAYED:
        return _wire(visit.service)
    return _wire("kms" if "x-amz-target" in request.headers else "sts")


@cache
def _wire(service: str) -> Wire:
    return wire_for(botocore.session.Session().get_service_model(service))
