"""Accounts: clients that act as a role in an account, made once and shared by all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from aws_ops.calls import calling, is_throttling, is_unanswered
from aws_ops.fence import fence
from aws_ops.ids import Region

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_kms import KMSClient

    from aws_ops.facts import Role
    from aws_ops.ids import RoleArn

Observer = Callable[[str, str, str], None]
SESSION_NAME = "ami-share-bot"
"""How the bot signs in CloudTrail."""

_CONFIG = Config(
    # `adaptive` would share one rate between all threads; three attempts are too few for EC2's token buckets.
    retries={"mode": "standard", "total_max_attempts": 8},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=20,
    user_agent_extra=SESSION_NAME,
)
_ONCE = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
_HOME_REGION = "us-east-1"
_ORGANIZATIONS_REGIONS = {"aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}


class Accounts:
    """Clients for EC2 and KMS in any account whose role may be assumed.

    Roles are assumed when first needed and again before they expire. A client costs a parse of its service's model
    only once, whatever the number of accounts. `AWS_ENDPOINT_URL` is honoured, as are all of botocore's settings.

    Args:
        own: the session whose credentials assume the roles; by default botocore's usual chain (environment, profile,
            web identity, instance role).
        observe: told of each call: the service, the operation, and AWS's error code, or `ok`; a call that was sent and
            brought no answer at all is `no-answer`.
        on_throttle: told of each try that AWS turned down as one too many, by service and operation; botocore tries
            again by itself, so most of them nobody else sees.
    """

    def __init__(
        self,
        own: Session | None = None,
        observe: Observer | None = None,
        on_throttle: Callable[[str, str], None] | None = None,
    ) -> None:
        self._own = own or Session()
        self._observe = observe
        self._on_throttle = on_throttle
        self._loader = self._own.get_component("data_loader")
        self._lock = threading.RLock()
        self._roles: dict[tuple[RoleArn, str | None], _AssumedRole] = {}
        self._sts: Any = None
        self._clients: dict[tuple[str, RoleArn, str | None, Region, Config], Any] = {}

    def ec2(self, role: Role, region: Region) -> EC2Client:
        return self._client("ec2", role, region)

    def kms(self, role: Role, region: Region) -> KMSClient:
        return self._client("kms", role, region)

    def kms_once(self, role: Role, region: Region) -> KMSClient:
        """A client of KMS that tries nothing again by itself: a write's second try would rest on an old reading."""
        return self._client("kms", role, region, _ONCE)

    def autoscaling(self, role: Role, region: Region) -> Any:
        """A client of Auto Scaling in `region`, as `role`; the one place that needs it isn't worth its type stubs."""
        return self._client("autoscaling", role, region)

    def ssm(self, role: Role, region: Region) -> Any:
        """A client of Systems Manager in `region`, as `role`; two calls of it aren't worth its type stubs."""
        return self._client("ssm", role, region)

    def sqs(self, role: Role, region: Region) -> Any:
        """A client of SQS in `region`, as `role`; two calls of it aren't worth its type stubs."""
        return self._client("sqs", role, region)

    def organizations(self, role: Role) -> Any:
        """A client of AWS Organizations, as `role`. It is asked in one region of each partition (its endpoints)."""
        partition = role.arn.split(":")[1]
        return self._client("organizations", role, Region(_ORGANIZATIONS_REGIONS.get(partition, _HOME_REGION)))

    def assume(self, role: Role) -> None:
        """Make sure that `role` can be assumed; a role assumed within the hour isn't tried again.

        Raises:
            AccessDenied: its trust policy or the bot's own permissions don't allow it, or it doesn't exist.
            AwsBusy: AWS can't say now, or the bot's own credentials are no good.
        """
        with calling("AssumeRole"):
            self._assumed(role).credentials.get_frozen_credentials()

    @overload
    def _client(self, service: Literal["ec2"], role: Role, region: Region) -> EC2Client: ...
    @overload
    def _client(self, service: Literal["kms"], role: Role, region: Region, config: Config = _CONFIG) -> KMSClient: ...
    @overload
    def _client(
        self, service: Literal["autoscaling", "organizations", "sqs", "ssm"], role: Role, region: Region
    ) -> Any: ...
    def _client(self, service: str, role: Role, region: Region, config: Config = _CONFIG) -> Any:
        key = (service, role.arn, role.external_id, region, config)
        # A botocore session may not be used by two threads at once; its clients may.
        with self._lock, calling("create_client"):
            if key not in self._clients:
                session = self._assumed(role).session
                self._clients[key] = self._observed(session.create_client(service, region_name=region, config=config))
            return self._clients[key]

    def _observed(self, client: Any) -> Any:
        fence(client)
        if (observe := self._observe) is not None:

            def answered(model: Any, parsed: Any, **_: Any) -> None:
                code = (parsed or {}).get("Error", {}).get("Code", "ok")
                observe(model.service_model.service_name, model.name, code)

            def unanswered(exception: Exception, event_name: str, **_: Any) -> None:
                # What stopped the call before it was sent, the fence or a lack of credentials, is no result of AWS's.
                if is_unanswered(exception):
                    observe(client.meta.service_model.service_name, event_name.rpartition(".")[2], "no-answer")

            client.meta.events.register("after-call", answered)
            client.meta.events.register("after-call-error", unanswered)
        if (on_throttle := self._on_throttle) is not None:

            def received(parsed_response: Any, event_name: str, **_: Any) -> None:
                if is_throttling((parsed_response or {}).get("Error", {}).get("Code", "")):
                    on_throttle(client.meta.service_model.service_name, event_name.rpartition(".")[2])

            client.meta.events.register("response-received", received)
        return client

    def _assumed(self, role: Role) -> _AssumedRole:
        key = (role.arn, role.external_id)
        with self._lock:
            if key not in self._roles:
                credentials = DeferredRefreshableCredentials(lambda: self._fetch(role), "assume-role")
                session = Session()
                # Each loader parses the models again: 255 ms and 20 MB a session without sharing it.
                session.register_component("data_loader", self._loader)
                session.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
                self._roles[key] = _AssumedRole(session, credentials)
            return self._roles[key]

    def _fetch(self, role: Role) -> dict[str, str]:
        external_id = {"ExternalId": role.external_id} if role.external_id else {}
        sts = self._security_tokens()
        given = sts.assume_role(RoleArn=role.arn, RoleSessionName=SESSION_NAME, **external_id)["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    def _security_tokens(self) -> Any:
        with self._lock:
            if self._sts is None:
                if self._own.get_credentials() is None:  # a client made without would never look again
                    raise NoCredentialsError
                region = self._own.get_config_variable("region") or _HOME_REGION
                self._sts = self._observed(self._own.create_client("sts", region_name=region, config=_CONFIG))
            return self._sts


@dataclass(frozen=True)
class _AssumedRole:
    """A role's session, and the credentials it works with: had when first needed, and again before they expire."""

    session: Session
    credentials: DeferredRefreshableCredentials


class _Given(CredentialProvider):
    """The one source of credentials that a role's session knows."""

    METHOD = "assume-role"

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials
