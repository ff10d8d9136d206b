"""The HTTP client: no redirects, proxies and certificates from the environment, a watch on the clock."""

import contextlib
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from usher.core.errors import ExitCode, UsageError
from usher.session.errors import PortalAnswerError, PortalUnavailableError
from usher.session.http import LARGEST_ANSWER_BYTES, HttpClient


class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            body = b""
        elif self.path == "/large":
            self.send_response(200)
            body = b"x" * (LARGEST_ANSWER_BYTES + 1)
        elif self.path == "/silent":
            return
        else:
            self.send_response(200)
            body = self.server.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.seen, server.body = [], b"{}"
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_redirect_is_an_answer_and_is_not_followed(echo, clock):
    answer = HttpClient({}, clock).send("GET", echo.url + "/redirect", {"x-amz-sso_bearer_token": "secret"})
    assert answer.status == 302
    assert [path for path, _ in echo.seen] == ["/redirect"]


def test_header_names_arrive_as_they_were_given(echo, clock):
    HttpClient({}, clock).send("GET", echo.url + "/x", {"x-amz-sso_bearer_token": "secret"})
    assert {name.lower() for name in echo.seen[0][1]} >= {"x-amz-sso_bearer_token"}


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_from_the_environment_is_used(echo, clock, name):
    answer = HttpClient({name: echo.url}, clock).send("GET", "http://portal.example/x")
    assert answer.status == 200
    assert echo.seen[0][0] == "http://portal.example/x"


def test_hosts_named_in_no_proxy_are_reached_directly(echo, clock):
    environ = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    assert HttpClient(environ, clock).send("GET", echo.url + "/x").status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST"])
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_token_for_this_machine_never_goes_to_a_proxy(echo, portal, clock, name, host):
    url = f"http://{host}:{portal.server_port}/nothing"
    with contextlib.suppress(PortalUnavailableError):  # the portal listens on one of these addresses only
        HttpClient({name: echo.url}, clock).send("GET", url, {"x-amz-sso_bearer_token": "secret"})
    assert echo.seen == []


def test_a_token_for_the_ipv6_loopback_never_goes_to_a_proxy(echo, clock):
    with pytest.raises(PortalUnavailableError):
        HttpClient({"HTTP_PROXY": echo.url}, clock).send("GET", "http://[::1]:9/x")
    assert echo.seen == []


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff"])
def test_an_answer_that_is_no_json_object_is_one_clear_error(echo, clock, body):
    echo.body = body
    with pytest.raises(PortalAnswerError, match="not a JSON object"):
        HttpClient({}, clock).send("GET", echo.url + "/x").json()


def test_an_empty_answer_is_an_empty_object(echo, clock):
    echo.body = b""
    assert HttpClient({}, clock).send("GET", echo.url + "/x").json() == {}


def test_an_answer_without_end_is_cut(echo, clock):
    with pytest.raises(PortalAnswerError, match="larger"):
        HttpClient({}, clock).send("GET", echo.url + "/large")


def test_a_server_that_hangs_up_is_unavailable(echo, clock):
    with pytest.raises(PortalUnavailableError) as caught:
        HttpClient({}, clock).send("GET", echo.url + "/silent")
    assert caught.value.exit_code is ExitCode.TRY_AGAIN


def test_a_ca_bundle_that_is_not_there_is_named(clock):
    with pytest.raises(UsageError, match="AWS_CA_BUNDLE"):
        HttpClient({"AWS_CA_BUNDLE": "/nowhere.pem"}, clock).send("GET", "https://127.0.0.1:9/")


def test_an_untrusted_certificate_says_how_to_trust_it(clock, certificate):
    server, _ = certificate
    with pytest.raises(PortalUnavailableError, match="not trusted") as caught:
        HttpClient({}, clock).send("GET", f"https://127.0.0.1:{server.server_port}/x")
    assert "AWS_CA_BUNDLE" in caught.value.hint


def test_the_ca_bundle_of_the_environment_is_trusted(clock, certificate):
    server, bundle = certificate
    client = HttpClient({"AWS_CA_BUNDLE": str(bundle)}, clock)
    for _ in range(2):
        assert client.send("GET", f"https://127.0.0.1:{server.server_port}/x").status == 200


@pytest.fixture
def certificate(tmp_path):
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    bundle, secret = tmp_path / "ca.pem", tmp_path / "key.pem"
    bundle.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.seen, server.body = [], b"{}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, secret)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server, bundle
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("error", "noticed"), [(0, False), (290, False), (400, True), (-400, True)])
def test_a_clock_more_than_five_minutes_off_is_noticed(portal, clock, error, noticed):
    portal.clock_error = error
    skews = []
    HttpClient({}, clock, skews.append).send("GET", portal.url + "/nothing")
    assert bool(skews) is noticed
    assert all(abs(skew + error) < 5 for skew in skews)


def test_an_answer_without_a_usable_date_says_nothing_about_the_clock(echo, clock):
    Echo.date_time_string = lambda *_: "not a date"
    skews = []
    try:
        HttpClient({}, clock, skews.append).send("GET", echo.url + "/x")
    finally:
        del Echo.date_time_string
    assert skews == []
