"""Who a key belongs to, asked of an STS on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.sts import read_caller
from usher.core.callers import Caller
from usher.core.ids import AccountId
from usher.core.secrets import Secret

ANSWER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROA:ana</UserId><Account>111111111111</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
SESSION = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ana"


@pytest.fixture
def sts(request: pytest.FixtureRequest) -> Iterator[AwsSettings]:
    """An STS that calls everybody by the ARN that the test gives."""
    body = ANSWER.format(arn=request.param).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keys = AwsKeys("AKIAEXAMPLE", Secret("secret"))
    yield AwsSettings("eu-central-1", endpoint_url=f"http://127.0.0.1:{server.server_address[1]}", keys=keys)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("sts", [SESSION], indirect=True)
def test_the_keys_of_an_identity_center_session_are_a_person_s(sts: AwsSettings) -> None:
    assert read_caller(sts) == Caller("ana", "Admin", AccountId("1" * 12))


@pytest.mark.parametrize("sts", ["arn:aws:iam::111111111111:user/deployer"], indirect=True)
def test_other_keys_are_nobody_s(sts: AwsSettings) -> None:
    assert read_caller(sts) is None
