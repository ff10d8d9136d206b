"""organizations, read only: what a client of Identity Center reads, passed through to AWS or rehearsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from usher.aws.clients import AwsSettings, error_code
from usher.aws.organizations import read_organization
from usher.core.errors import UnavailableError, UsherError
from usher.server.awsapi.call import Call
from usher.server.awsapi.errors import ApiError

READ = (
    "DescribeAccount",
    "DescribeOrganization",
    "DescribeOrganizationalUnit",
    "DescribePolicy",
    "ListAccounts",
    "ListAccountsForParent",
    "ListOrganizationalUnitsForParent",
    "ListParents",
    "ListPoliciesForTarget",
    "ListRoots",
    "ListTagsForResource",
)


def _reading(operation: str) -> Callable[[Call], Mapping[str, Any]]:
    def read(call: Call) -> Mapping[str, Any]:
        if call.services.organization is not None:
            return call.services.organization.read(operation, call.params)
        try:
            return read_organization(AwsSettings(call.services.config.region), operation, call.params)
        except UnavailableError:
            raise
        except UsherError as error:
            code = error_code(error)
            if not code:
                raise
            raise ApiError(code, error.message) from error

    return read


OPERATIONS = {operation: _reading(operation) for operation in READ}
