"""Answers as AWS puts them on the wire: STS results, and errors for the query, JSON and S3 protocols."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import uuid4

from lxml import etree

_STS = "https://sts.amazonaws.com/doc/2011-06-15/"

Fields = Mapping[str, "str | Fields"]


class Protocol(Enum):
    """How a service writes its errors."""

    QUERY = "query"
    JSON = "json"
    S3 = "s3"


class AwsError(Exception):
    """A refusal as AWS words it: an error code, a message and an HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. `headers` includes the content type."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


# What the JSON and S3 services call the query protocol's credential errors.
_JSON_NAMES = {
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "ExpiredToken": "ExpiredTokenException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "AccessDenied": "AccessDeniedException",
}
_S3_NAMES = {"InvalidClientTokenId": "InvalidAccessKeyId", "MissingAuthenticationToken": "AccessDenied"}


def error_answer(error: AwsError, protocol: Protocol) -> Answer:
    """`error` in the words and shape of `protocol`."""
    request_id = str(uuid4())
    if protocol is Protocol.JSON:
        name = _JSON_NAMES.get(error.code, error.code)
        body = json.dumps({"__type": name, "message": error.message}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", name)]
        return Answer(400, [*headers, ("x-amzn-RequestId", request_id)], body)
    if protocol is Protocol.S3:
        root = etree.Element("Error")
        code = _S3_NAMES.get(error.code, error.code)
        _add_fields(root, {"Code": code, "Message": error.message, "RequestId": request_id})
    else:
        root = etree.Element(f"{{{_STS}}}ErrorResponse", nsmap={None: _STS})
        _add_fields(
            root,
            {
                "Error": {"Type": "Sender", "Code": error.code, "Message": error.message},
                "RequestId": request_id,
            },
        )
    return _xml_answer(error.status, root, request_id)


def sts_answer(action: str, result: Fields) -> Answer:
    """The STS answer to `action`, with `result` as nested elements."""
    request_id = str(uuid4())
    root = etree.Element(f"{{{_STS}}}{action}Response", nsmap={None: _STS})
    _add_fields(root, {f"{action}Result": result, "ResponseMetadata": {"RequestId": request_id}})
    return _xml_answer(200, root, request_id)


def _xml_answer(status: int, root: etree._Element, request_id: str) -> Answer:
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Answer(status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)], body)


def _add_fields(parent: etree._Element, fields: Fields) -> None:
    namespace = etree.QName(parent).namespace
    for name, value in fields.items():
        child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
        if isinstance(value, str):
            child.text = value
        else:
            _add_fields(child, value)
