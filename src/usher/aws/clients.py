"""How a client of an AWS service is made, and how its failures become words.

Every botocore exception ends here: callers see `UsherError`s that name the service and operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore import exceptions as aws_errors
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError

from usher.core.errors import ExitCode, NoAccessError, NotFoundError, UnavailableError, UsageError, UsherError
from usher.core.secrets import Secret

_THROTTLES = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# sso-admin documents ConflictException as "a previous successful write has not propagated yet, retry with
# backoff"; identitystore uses the same code for names already taken, which its `Reason` tells apart.
_TAKEN = "UNIQUENESS_CONSTRAINT_VIOLATION"
_NOT_FOUND = frozenset({"ResourceNotFoundException", "NoSuchEntity", "AccountNotFoundException"})
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
_BAD_KEYS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """One set of AWS keys; `session_token` is absent for a long-term key."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How to reach AWS, or something that speaks its protocols.

    Without `keys` botocore's own credential chain is used (environment, `profile`, instance role).
    `endpoint_url` replaces every service's endpoint; empty means what botocore's configuration says.
    """

    region: str
    profile: str = ""
    endpoint_url: str = ""
    keys: AwsKeys | None = None


def make_client(service: str, settings: AwsSettings, *, unsigned: bool = False, attempts: int = 4) -> Any:
    """A botocore client for `service` that retries only what is safe to retry, up to `attempts` in all.

    Raises UsageError when the profile does not exist or the region is unknown.
    """
    try:
        session = botocore.session.Session(profile=settings.profile or None)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        if settings.keys is not None:
            token = settings.keys.session_token
            session.set_credentials(
                settings.keys.access_key_id,
                settings.keys.secret_access_key.reveal(),
                token.reveal() if token else None,
            )
        config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=5,
            read_timeout=30,
            signature_version=botocore.UNSIGNED if unsigned else None,
            max_pool_connections=20,
        )
        return session.create_client(
            service,
            region_name=settings.region or None,
            endpoint_url=settings.endpoint_url or None,
            config=config,
        )
    except aws_errors.ProfileNotFound:
        raise UsageError(
            f"there is no AWS profile '{settings.profile}'", hint="see 'aws configure list-profiles'"
        ) from None
    except aws_errors.NoRegionError:
        raise UsageError("no AWS region is set", hint="give --region or set AWS_REGION") from None
    except (ValueError, aws_errors.BotoCoreError) as error:
        raise UsageError(f"cannot make a client for {service}: {error}") from None


@cache
def _loader(data_path: str | None) -> Loader:
    # One for all sessions: the models are read-only, and a copy of IAM's for each account of a large
    # organization costs 11 MB and 60 ms, instead of 0.5 MB and 10 ms.
    return create_loader(data_path)


@contextmanager
def aws_errors_as_words(service: str, what: str) -> Iterator[None]:
    """Turn botocore's exceptions inside the block into `UsherError`s that say `what` was tried."""
    try:
        yield
    except aws_errors.ClientError as error:
        raise _from_client_error(error, service, what) from error
    except (aws_errors.NoCredentialsError, aws_errors.PartialCredentialsError):
        raise NoAccessError(
            f"{what}: there are no AWS credentials",
            hint="give --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID",
        ) from None
    except (aws_errors.EndpointConnectionError, aws_errors.ConnectionClosedError) as error:
        raise UnavailableError(f"{what}: {service} cannot be reached ({error})") from error
    except aws_errors.HTTPClientError as error:
        raise UnavailableError(f"{what}: {service} did not answer ({error})") from error
    except aws_errors.ParamValidationError as error:
        raise UsherError(f"{what}: {error}") from error
    except ResponseParserError as error:
        raise UsherError(
            f"{what}: what answered does not speak {service}", hint="check the endpoint that is set for it"
        ) from error
    except aws_errors.BotoCoreError as error:
        raise UsherError(f"{what}: {error}", exit_code=ExitCode.FAILED) from error


def error_code(error: BaseException) -> str:
    """AWS's error code behind an error of this room, or an empty string."""
    cause = error if isinstance(error, aws_errors.ClientError) else error.__cause__
    if isinstance(cause, aws_errors.ClientError):
        return str(cause.response.get("Error", {}).get("Code", ""))
    return ""


def is_throttle(error: BaseException) -> bool:
    """Whether `error` says that there were too many calls."""
    return error_code(error) in _THROTTLES


def is_taken(error: BaseException) -> bool:
    """Whether `error` says that a name is taken already."""
    response = getattr(error.__cause__, "response", None)
    return isinstance(response, Mapping) and response.get("Reason") == _TAKEN


def _from_client_error(error: aws_errors.ClientError, service: str, what: str) -> UsherError:
    details = error.response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message") or "no message")
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = f"{what}: {service} answered {code}: {message}"
    if code in _THROTTLES:
        return UnavailableError(
            f"{what}: {service} is busy: the calls it takes in a second are used up",
            hint="running the command again is safe",
        )
    if code in _BAD_KEYS:
        return NoAccessError(
            text,
            hint="check the keys, the region and this machine's clock (five minutes of skew are allowed)",
        )
    if code in _DENIED:
        return NoAccessError(text, hint="the key in use lacks the right to do this")
    if code in _NOT_FOUND:
        return NotFoundError(text)
    if status >= 500:
        return UnavailableError(text, hint="running the command again is safe")
    return UsherError(text)
