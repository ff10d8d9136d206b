"""Where anybody may read the directory's SAML metadata: at its entity id."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.metadata import idp_metadata

_MEDIA_TYPE = "application/samlmetadata+xml"


def saml_routes(public_url: str, keys: SigningKeys) -> list[Route]:
    """GET /saml/metadata."""

    def metadata(_: Request) -> Response:
        return Response(idp_metadata(public_url, keys.certificates()), media_type=_MEDIA_TYPE)

    return [Route("/saml/metadata", metadata, methods=["GET"])]
