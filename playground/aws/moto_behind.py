"""moto, behind this AWS: it answers for the services that are not played here, in the caller's own account.

moto keeps its state per process, not per `StrictAws`; the first call of each forgets what stood there. The account
goes with moto's own header (moto documentation, "Multi-Account support").
"""

from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber

from playground.aws.errors import NotServed
from playground.aws.wire import HttpRequest, HttpResponse


class Moto:
    """Answers requests in the place of AWS."""

    def __init__(self) -> None:
        BackendDict.reset()
        self._stubber = BotocoreStubber()

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
