"""The composition root of the directory: builds the rooms and mounts them; reads top to bottom."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from usher.aws.clients import AwsSettings
from usher.aws.organizations import read_accounts
from usher.server.accounts import AccountList
from usher.server.awsapi.control import control_routes
from usher.server.awsapi.oidc import oidc_routes
from usher.server.awsapi.portal import portal_api_routes
from usher.server.config import ServerConfig
from usher.server.headers import SecurityHeaders
from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.routes import saml_routes
from usher.server.portal.routes import portal_routes
from usher.server.provisioning.jobs import ProvisioningJobs
from usher.server.proxies import TrustedProxies
from usher.server.role_credentials import RoleCredentialIssuer
from usher.server.services import Services
from usher.server.setup import load_directory


def build_app(config: ServerConfig) -> Starlette:
    """The directory as an ASGI application. Raises UsageError when its data folder is not in order."""
    database, instance, sealer = load_directory(config.data_dir, time.time)
    aws = AwsSettings(instance.region)
    accounts = AccountList(lambda: read_accounts(aws, with_tags=False), database.now)
    signing_keys = SigningKeys(database, sealer)
    jobs = ProvisioningJobs(config, instance, database, accounts, signing_keys, aws)
    role_credentials = RoleCredentialIssuer(config, instance, database, accounts, signing_keys, aws)
    services = Services(config, instance, database, sealer, accounts, jobs, role_credentials)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(jobs.start)
        yield
        await run_in_threadpool(jobs.stop)
        database.close()

    return Starlette(
        routes=[
            *control_routes(services),
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
