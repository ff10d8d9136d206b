"""iam, of which only AWS managed policies can be read: passed through to AWS, answered in IAM's XML.

A client that sends everything to the directory learns there what AWS managed policies allow. Policies of the
directory's own account are none of its business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4

from lxml import etree
from starlette.responses import Response

from usher.aws.calls import ServiceCalls
from usher.aws.clients import AwsSettings, error_code
from usher.core.errors import UnavailableError, UsherError
from usher.core.ids import MANAGED_POLICY_ARN
from usher.server.awsapi.answering import Service, answer, who_signed
from usher.server.awsapi.call import Call
from usher.server.awsapi.errors import ApiError
from usher.server.awsapi.sigv4 import ControlRequest
from usher.server.services import Services

_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
_FORM = "application/x-www-form-urlencoded"
_ENVELOPE = ("Action", "Version")


def is_query(request: ControlRequest) -> bool:
    """Whether `request` speaks AWS's Query protocol: a form, and no X-Amz-Target."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == _FORM and "x-amz-target" not in request.headers


def query_response(services: Services, request: ControlRequest) -> Response:
    """The answer to a call of IAM."""
    form = dict(parse_qsl(request.body.decode("ascii", "replace"), keep_blank_values=True))
    name = form.get("Action", "")
    try:
        key = who_signed(services, IAM, request)
        params = {member: value for member, value in form.items() if member not in _ENVELOPE}
        found = answer(services, IAM, name, params, key)
    except ApiError as error:
        kind = "Sender" if error.status < 500 else "Receiver"
        body: dict[str, Any] = {"Error": {"Type": kind, "Code": error.type, "Message": error.message}}
        return _xml("ErrorResponse", {**body, "RequestId": str(uuid4())}, error.status)
    metadata = {"RequestId": str(uuid4())}
    return _xml(f"{name}Response", {f"{name}Result": found, "ResponseMetadata": metadata}, 200)


def _get_policy(call: Call) -> Mapping[str, Any]:
    policy = _read(call, "GetPolicy", PolicyArn=_arn(call))["Policy"]
    kept = ("PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId", "Description")
    return {"Policy": {member: policy[member] for member in kept if policy.get(member)}}


def _get_policy_version(call: Call) -> Mapping[str, Any]:
    version = str(call.params["VersionId"])
    found = _read(call, "GetPolicyVersion", PolicyArn=_arn(call), VersionId=version)["PolicyVersion"]
    # IAM sends documents percent-encoded; botocore decodes them into values.
    return {"PolicyVersion": {"Document": quote(json.dumps(found["Document"])), "VersionId": version}}


IAM = Service("iam", "iam", False, {"GetPolicy": _get_policy, "GetPolicyVersion": _get_policy_version})


def _arn(call: Call) -> str:
    arn = str(call.params["PolicyArn"])
    if not MANAGED_POLICY_ARN.fullmatch(arn):
        raise ApiError("AccessDenied", "This directory reads AWS managed policies only.", 403)
    return arn


def _read(call: Call, operation: str, **parameters: str) -> Mapping[str, Any]:
    if call.services.organization is not None:
        raise ApiError("NoSuchEntity", "This rehearsal has no IAM to ask for policies.", 404)
    try:
        return _calls(call.services.config.region).call(operation, f"iam:{operation}", **parameters)
    except UnavailableError:
        raise
    except UsherError as error:
        code = error_code(error)
        if not code:
            raise
        raise ApiError(code, error.message, 404 if code == "NoSuchEntity" else 403) from error


@cache
def _calls(region: str) -> ServiceCalls:
    return ServiceCalls("iam", AwsSettings(region))


def _xml(name: str, members: Mapping[str, Any], status: int) -> Response:
    root = etree.Element(f"{{{_NAMESPACE}}}{name}", nsmap={None: _NAMESPACE})
    _add(root, members)
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(body, status, media_type="text/xml")


def _add(parent: Any, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        child = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
        if isinstance(value, Mapping):
            _add(child, value)
        else:
            child.text = str(value)
