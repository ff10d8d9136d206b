"""The composition root of the directory: builds the rooms and mounts them; reads top to bottom."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from usher.aws.clients import AwsSettings
from usher.aws.organizations import read_accounts
from usher.server.accounts import AccountList
from usher.server.awsapi.answering import Around
from usher.server.awsapi.control import control_routes
from usher.server.awsapi.oidc import oidc_routes
from usher.server.awsapi.portal import portal_api_routes
from usher.server.awsapi.rehearsed_organization import RehearsedReads
from usher.server.config import ServerConfig
from usher.server.headers import SecurityHeaders
from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.routes import saml_routes
from usher.server.limits.gate import AwsGate
from usher.server.limits.settings import AwsLimits
from usher.server.limits.slow_jobs import SlowJobs, in_the_background
from usher.server.portal.routes import portal_routes
from usher.server.provisioning.jobs import ProvisioningJobs
from usher.server.provisioning.rehearsal import NoRoleCredentials, RehearsalJobs
from usher.server.proxies import TrustedProxies
from usher.server.rehearsal import RehearsedOrganization
from usher.server.role_credentials import RoleCredentialIssuer
from usher.server.services import Jobs, OrganizationReads, RoleCredentialSource, Services
from usher.server.setup import load_directory
from usher.server.store.database import Database
from usher.server.store.instance import Instance


def build_app(config: ServerConfig) -> Starlette:
    """The directory as an ASGI application. Raises UsageError when its data folder is not in order."""
    database, instance, sealer = load_directory(config.data_dir, time.time)
    signing_keys = SigningKeys(database, sealer)
    cloud = (
        _cloud_of_aws(config, instance, database, signing_keys)
        if config.rehearsal is None
        else _rehearsed_cloud(config, config.rehearsal, database)
    )
    gate, jobs = _limited(config.aws_limits, cloud.jobs)
    services = Services(
        config, instance, database, sealer, cloud.accounts, jobs, cloud.credentials, cloud.organization
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(cloud.jobs.start)
        yield
        await run_in_threadpool(cloud.jobs.stop)
        database.close()

    return Starlette(
        routes=[
            *control_routes(services, gate),
            *oidc_routes(services),
            *portal_api_routes(services),
            *saml_routes(config.public_url, signing_keys),
            *public_routes(services),
            *portal_routes(services),
        ],
        middleware=[
            Middleware(SecurityHeaders, https=config.public_url.startswith("https://")),
            Middleware(TrustedProxies, networks=config.trusted_proxies),
        ],
        lifespan=lifespan,
    )


@dataclass(frozen=True, slots=True)
class _Cloud:
    """The accounts behind the directory, and what is done in them."""

    accounts: AccountList
    jobs: ProvisioningJobs | RehearsalJobs
    credentials: RoleCredentialSource
    organization: OrganizationReads | None = None


def _cloud_of_aws(
    config: ServerConfig, instance: Instance, database: Database, signing_keys: SigningKeys
) -> _Cloud:
    aws = AwsSettings(instance.region)
    accounts = AccountList(lambda: read_accounts(aws, with_tags=False), database.now)
    return _Cloud(
        accounts,
        ProvisioningJobs(config, instance, database, accounts, signing_keys, aws),
        RoleCredentialIssuer(config, instance, database, accounts, signing_keys, aws),
    )


def _rehearsed_cloud(config: ServerConfig, organization: RehearsedOrganization, database: Database) -> _Cloud:
    accounts = AccountList(lambda: organization.accounts, database.now)
    return _Cloud(
        accounts,
        RehearsalJobs(config, database, accounts),
        NoRoleCredentials(),
        RehearsedReads(organization, config.partition.name),
    )


def _limited(limits: AwsLimits | None, jobs: Jobs) -> tuple[Around | None, Jobs]:
    if limits is None:
        return None, jobs
    chance = random.Random(limits.seed).random
    gate = AwsGate(limits, clock=time.monotonic, random=chance)
    return gate.around, SlowJobs(jobs, limits, later=in_the_background, random=chance)


def public_routes(services: Services) -> list[Route]:
    """What anybody may read: health, and which Identity Center this is."""
    instance = services.instance

    def health(_: Request) -> Response:
        with services.database.read():
            return PlainTextResponse("ok\n")

    def card(_: Request) -> Response:
        return JSONResponse(
            {
                "name": instance.name,
                "instance_arn": instance.arn,
                "region": instance.region,
                "start_url": instance.alias_start_url,
                "portal_session_seconds": instance.portal_session_seconds,
                "console_url": f"{services.config.public_url}/console",
            }
        )

    def start_owner(_: Request) -> Response:
        # AWS CLI 2.35.13 and later ask HEAD who owns a start URL, and want one redirect to an AWS host.
        return RedirectResponse(instance.regional_start_url, 302)

    return [
        Route("/healthz", health, methods=["GET"]),
        Route("/.well-known/usher-directory", card, methods=["GET"]),
        Route("/start", start_owner, methods=["HEAD"]),
    ]
