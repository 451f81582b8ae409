"""The wire: requests into AWS's parameter names and answers back, driven by botocore's service models.

Speaks the protocols of the services played here: EC2's query, AWS's query (STS) and AWS's JSON (KMS, Organizations).
It knows no operation. Whatever the model does not know raises, in both directions: an unknown parameter is refused as
AWS refuses it, and an answer with a member that the model lacks is a mistake of this playground.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.utils import parse_timestamp

from playground.aws.errors import AwsError


@dataclass(frozen=True)
class HttpRequest:
    """A request as either door receives it. Header names are lower-case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    """An answer as either door sends it. `latency` is how slow a fault wants it to be."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency: timedelta = timedelta(0)


class Wire(ABC):
    """One service's protocol. Subclasses know its form; what a value must satisfy is the same for all."""

    content_type = "text/xml;charset=UTF-8"
    invalid = "ValidationError"
    unknown = "ValidationError"
    unreadable = "MalformedQueryString"

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.namespace = model.metadata.get("xmlNamespace", "")

    @abstractmethod
    def operation(self, request: HttpRequest) -> OperationModel:
        """Return the operation that a request asks for, or refuse it."""

    @abstractmethod
    def parameters(self, request: HttpRequest) -> Any:
        """Return what a request carries, as nested as it was sent."""

    @abstractmethod
    def encode(self, operation: OperationModel, answer: Mapping[str, Any], request_id: str) -> bytes:
        """Return the body of an answer."""

    @abstractmethod
    def encode_error(self, error: AwsError, request_id: str) -> bytes:
        """Return the body of a refusal."""

    @abstractmethod
    def _items(self, shape: ListShape, node: Any) -> Iterator[Any]:
        """Yield a list's items in order."""

    @abstractmethod
    def _scalar(self, shape: Shape, node: Any) -> Any:
        """Read a single value."""

    def decode(self, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
        """Return the parameters of a request, by the model's names.

        Raises:
            AwsError: one is unknown, absent, out of bounds, or can't be read at all.
        """
        if operation.input_shape is None:
            return {}
        try:
            decoded: dict[str, Any] = self._decode(operation.input_shape, self.parameters(request), "")
        except (AttributeError, KeyError, TypeError, ValueError) as unreadable:
            raise AwsError(self.unreadable, f"The request can't be read: {unreadable!r}") from unreadable
        return decoded

    def refuse(self, name: str, value: object, constraint: str) -> AwsError:
        told = "null" if value is None else f"'{value}'"
        return AwsError(
            self.invalid,
            f"1 validation error detected: Value {told} at '{name[:1].lower() + name[1:]}' "
            f"failed to satisfy constraint: {constraint}",
        )

    def _absent(self, name: str) -> AwsError:
        return self.refuse(name, None, "Member must not be null")

    def _sent_name(self, member: Shape, name: str) -> str:
        return str(member.serialization.get("name", name))

    def _decode(self, shape: Shape, node: Any, name: str) -> Any:
        if isinstance(shape, StructureShape):
            return self._decode_structure(shape, node)
        if isinstance(shape, MapShape):
            return {key: self._decode(shape.value, value, name) for key, value in node.items()}
        if isinstance(shape, ListShape):
            value: Any = [self._decode(shape.member, item, name) for item in self._items(shape, node)]
        else:
            value = self._scalar(shape, node)
        broken = _broken_constraint(shape, value)
        if broken:
            raise self.refuse(name, value, broken)
        return value

    def _decode_structure(self, shape: StructureShape, node: Mapping[str, Any]) -> dict[str, Any]:
        members = {self._sent_name(member, key): (key, member) for key, member in shape.members.items()}
        decoded = {}
        for sent, child in node.items():
            if sent not in members:
                raise AwsError(self.unknown, f"The parameter {sent} is not recognized")
            key, member = members[sent]
            decoded[key] = self._decode(member, child, key)
        for required in shape.required_members:
            if required not in decoded:
                raise self._absent(required)
        return decoded


class QueryWire(Wire):
    """AWS's query protocol: form fields in, XML out."""

    def operation(self, request: HttpRequest) -> OperationModel:
        name = dict(parse_qsl(request.body.decode())).get("Action", "")
        if name not in self.model.operation_names:
            raise AwsError("InvalidAction", f"The action {name} is not valid for this web service.")
        return self.model.operation_model(name)

    def parameters(self, request: HttpRequest) -> Any:
        """Nest the fields: `Filter.1.Name=x` becomes `{"Filter": {"1": {"Name": "x"}}}`."""
        tree: dict[str, Any] = {}
        for field, text in parse_qsl(request.body.decode(), keep_blank_values=True):
            *path, leaf = field.split(".")
            node = tree
            for step in path:
                node = node.setdefault(step, {})
            node[leaf] = text
        return {field: node for field, node in tree.items() if field not in ("Action", "Version")}

    def encode(self, operation: OperationModel, answer: Mapping[str, Any], request_id: str) -> bytes:
        shape = operation.output_shape
        wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
        body = "".join(_members(shape, answer)) if shape is not None else ""
        result = f"<{wrapper}>{body}</{wrapper}>" if wrapper else ""
        return (
            f'<{operation.name}Response xmlns="{self.namespace}">{result}'
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation.name}Response>"
        ).encode()

    def encode_error(self, error: AwsError, request_id: str) -> bytes:
        return (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{error.code}</Code>"
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        ).encode()

    def _items(self, shape: ListShape, node: Any) -> Iterator[Any]:
        """Yield the items. An empty list is sent as an empty field."""
        if node and not shape.serialization.get("flattened"):
            node = node[shape.member.serialization.get("name", "member")]
        for index in sorted(node or (), key=int):
            yield node[index]

    def _scalar(self, shape: Shape, node: Any) -> Any:
        match shape.type_name:
            case "boolean":
                return {"true": True, "false": False}[node.lower()]
            case "integer" | "long":
                return int(node)
            case "timestamp":
                return parse_timestamp(node).astimezone(UTC)
            case _:
                return node


class Ec2Wire(QueryWire):
    """EC2's dialect of the query protocol: flat lists, capital letters, errors of its own form."""

    unknown = "UnknownParameter"

    def encode(self, operation: OperationModel, answer: Mapping[str, Any], request_id: str) -> bytes:
        body = "".join(_members(operation.output_shape, answer)) if operation.output_shape else "<return>true</return>"
        return (
            f'<{operation.name}Response xmlns="{self.namespace}/"><requestId>{request_id}</requestId>'
            f"{body}</{operation.name}Response>"
        ).encode()

    def encode_error(self, error: AwsError, request_id: str) -> bytes:
        return (
            f"<Response><Errors><Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
            f"</Errors><RequestID>{request_id}</RequestID></Response>"
        ).encode()

    def refuse(self, name: str, value: object, constraint: str) -> AwsError:
        return AwsError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. {constraint}")

    def _absent(self, name: str) -> AwsError:
        return AwsError("MissingParameter", f"The request must contain the parameter {name}")

    def _sent_name(self, member: Shape, name: str) -> str:
        if "queryName" in member.serialization:
            return str(member.serialization["queryName"])
        sent = super()._sent_name(member, name)
        return sent[0].upper() + sent[1:]

    def _items(self, _shape: ListShape, node: Any) -> Iterator[Any]:
        for index in sorted(node, key=int):
            yield node[index]


class JsonWire(Wire):
    """AWS's JSON protocol."""

    content_type = "application/x-amz-json-1.1"
    invalid = "ValidationException"
    unknown = unreadable = "SerializationException"

    def operation(self, request: HttpRequest) -> OperationModel:
        name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if name not in self.model.operation_names:
            raise AwsError("UnknownOperationException", f"Unknown operation {name}")
        return self.model.operation_model(name)

    def parameters(self, request: HttpRequest) -> Any:
        return json.loads(request.body)

    def encode(self, operation: OperationModel, answer: Mapping[str, Any], _request_id: str) -> bytes:
        shape = operation.output_shape
        return json.dumps(_jsonable(shape, answer)).encode() if shape is not None else b"{}"

    def encode_error(self, error: AwsError, _request_id: str) -> bytes:
        return json.dumps({"__type": error.code, "message": error.message}).encode()

    def _items(self, _shape: ListShape, node: Any) -> Iterator[Any]:
        yield from node

    def _scalar(self, shape: Shape, node: Any) -> Any:
        return parse_timestamp(node) if shape.type_name == "timestamp" else node


def wire_for(model: ServiceModel) -> Wire:
    kinds: dict[str, type[Wire]] = {"ec2": Ec2Wire, "query": QueryWire, "json": JsonWire}
    return kinds[model.metadata["protocol"]](model)


def _broken_constraint(shape: Shape, value: Any) -> str | None:
    """Say which of the model's constraints `value` breaks, in the words that AWS's validation uses."""
    rules = shape.metadata
    if "enum" in rules and value not in rules["enum"]:
        return f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]"
    if "pattern" in rules and isinstance(value, str) and not re.fullmatch(rules["pattern"], value):
        return f"Member must satisfy regular expression pattern: {rules['pattern']}"
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        size, what = value, "value"
    else:
        size, what = (len(value), "length") if hasattr(value, "__len__") else (0, "")
    if what and "min" in rules and size < rules["min"]:
        return f"Member must have {what} greater than or equal to {rules['min']}"
    if what and "max" in rules and size > rules["max"]:
        return f"Member must have {what} less than or equal to {rules['max']}"
    return None


def _members(shape: StructureShape, values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if value is not None:
            member = shape.members[key]
            yield _xml(member, member.serialization.get("name", key), value)


def _xml(shape: Shape, tag: str, value: Any) -> str:
    if isinstance(shape, StructureShape):
        body = "".join(_members(shape, value))
    elif isinstance(shape, ListShape):
        item = shape.member.serialization.get("name", "member")
        body = "".join(_xml(shape.member, item, each) for each in value)
    elif isinstance(value, bool):
        body = "true" if value else "false"
    elif isinstance(value, datetime):
        body = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    else:
        body = escape(str(value))
    return f"<{tag}>{body}</{tag}>"


def _jsonable(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return {key: _jsonable(shape.members[key], each) for key, each in value.items() if each is not None}
    if isinstance(shape, ListShape):
        return [_jsonable(shape.member, each) for each in value]
    return value.timestamp() if isinstance(value, datetime) else value
