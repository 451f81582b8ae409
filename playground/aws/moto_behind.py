"""moto, behind this AWS: it answers for the services that are not played here, in the caller's own account.

moto keeps its state per process, not per `StrictAws`; the first call of each forgets what stood there. The account
goes with moto's own header (moto documentation, "Multi-Account support").
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import botocore.loaders
import botocore.session
from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber

from playground.aws.errors import NotServed
from playground.aws.inprocess import as_botocore, plain
from playground.aws.wire import HttpRequest, HttpResponse

_LOADER = botocore.loaders.Loader(include_default_search_paths=True)  # one for all: it parses EC2's model once
_BETWEEN_POLLS = timedelta(seconds=1)


def _session_without_doors() -> botocore.session.Session:
    """Return a session that is not answered by whoever answers the others, this AWS among them."""
    made = botocore.session.Session()
    made.register_component("data_loader", _LOADER)
    for event, handler, *_ in handlers.BUILTIN_HANDLERS:
        if event == "before-send":
            made.unregister(event, handler)
    return made


class Moto:
    """Answers requests in the place of AWS."""

    def __init__(self) -> None:
        BackendDict.reset()
        self._stubber = BotocoreStubber()
        self._session = _session_without_doors()
        self._clients: dict[tuple[str, str, str], Any] = {}

    def answer(self, request: HttpRequest, service: str, region: str, account_id: str) -> HttpResponse:
        """Pass a request on, to the host that AWS has for it: the door it came in by has another."""
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name] = value
        headers["x-moto-account-id"] = account_id
        parts = urlsplit(request.url)
        host = parts.netloc if parts.netloc.endswith("amazonaws.com") else f"{service}.{region}.amazonaws.com"
        headers["host"] = host
        url = parts._replace(scheme="https", netloc=host).geturl()
        prepared = AWSPreparedRequest(request.method, url, headers, request.body, stream_output=False)
        answered = self._stubber.process_request(prepared)
        if answered is None:
            raise NotServed(f"{service}, and moto does not either")
        status, answer_headers, body = answered
        sent = {str(name): str(value) for name, value in dict(answer_headers).items()}
        return HttpResponse(int(status), sent, body.encode() if isinstance(body, str) else bytes(body))

    def receive(self, request: HttpRequest, region: str, account_id: str) -> HttpResponse:
        """Answer `ReceiveMessage` without waiting for messages: moto would hold this AWS still meanwhile.

        SQS answers "empty" after the 20 seconds that it was asked to wait at most; here that takes a second where
        answers take their time (`StrictAws.serve(sleeps=True)`), and no time elsewhere.
        """
        asked = json.loads(request.body)
        at_once = replace(request, body=json.dumps(asked | {"WaitTimeSeconds": 0}).encode())
        answered = self.answer(at_once, "sqs", region, account_id)
        is_empty = not json.loads(answered.body or b"{}").get("Messages")
        return replace(answered, latency=_BETWEEN_POLLS) if asked.get("WaitTimeSeconds") and is_empty else answered

    def client(self, service: str, region: str, account_id: str) -> Any:
        """Return a client that asks moto alone, as an account: neither the journal nor the faults see it."""
        key = service, region, account_id
        if key not in self._clients:
            made: Any = self._session.create_client(
                service,
                region,
                endpoint_url=f"https://{service}.{region}.amazonaws.com",
                aws_access_key_id="moto",
                aws_secret_access_key="moto",
            )

            def ask(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
                return as_botocore(request.url, self.answer(plain(request), service, region, account_id))

            made.meta.events.register("before-send", ask)
            self._clients[key] = made
        return self._clients[key]
