"""A small internet on loopback: a proxy behind which every host is here, under its real name.

Browsers are told to reach everything through it, so that the address bar, the cookies' domains and the
extension's list of hosts are those of the real consoles. It holds each partition's sign-in endpoint and
consoles as AWS's behave (tokens are single use and lead to consoles only; sessions are cookies), pages
of somebody who means ill, and a record of every request with the cookies that came. It shares no code
with `usher`.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import json
import secrets
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# partition: (sign-in host, console host, the domain that both share and the session's cookie is for)
PARTITIONS = {
    "aws": ("signin.aws.amazon.com", "console.aws.amazon.com", "aws.amazon.com"),
    "aws-us-gov": (
        "signin.amazonaws-us-gov.com",
        "console.amazonaws-us-gov.com",
        "amazonaws-us-gov.com",
    ),
    "aws-cn": ("signin.amazonaws.cn", "console.amazonaws.cn", "amazonaws.cn"),
    "aws-eusc": (
        "eusc-de-east-1.signin.amazonaws-eusc.eu",
        "console.amazonaws-eusc.eu",
        "amazonaws-eusc.eu",
    ),
}
SESSION_COOKIE = "aws-session"
USER_COOKIE = "aws-userInfo"
JAR_COOKIE = "aws-sessions-of-this-browser"
MOST_SESSIONS = 5
LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True)
class Who:
    """A role in an account: what a session is of."""

    account: str
    role: str

    @property
    def arn(self):
        return (
            f"arn:aws:sts::{self.account}:assumed-role/AWSReservedSSO_{self.role}_0123456789abcdef/somebody"
        )


@dataclass(frozen=True)
class Request:
    """What a browser really asked for."""

    when: float
    method: str
    scheme: str
    host: str
    path: str
    query: dict[str, str]
    cookies: dict[str, str]
    frame: bool
    """Whether it is for a frame inside of a page."""

    @property
    def url(self):
        return f"{self.scheme}://{self.host}{self.path}"


class Authority:
    """A certificate authority of this run, and a certificate for each name that is asked for."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stand-in internet")])
        self._issuer = name
        self._certificate = self._sign(name, x509.BasicConstraints(ca=True, path_length=0), None)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._guard = threading.Lock()
        self._folder = tempfile.TemporaryDirectory()
        self.bundle = Path(self._folder.name) / "authority.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def key_digest(self):
        """How Chromium is told to trust the key that all certificates are of."""
        key = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(hashlib.sha256(key).digest()).decode()

    def context(self, host):
        with self._guard:
            if host not in self._contexts:
                self._contexts[host] = self._make_context(host)
            return self._contexts[host]

    def _make_context(self, host):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._sign(subject, x509.BasicConstraints(ca=False, path_length=None), names)
        pem = Path(self._folder.name) / f"{secrets.token_hex(8)}.pem"
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + self._key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _sign(self, subject, constraints, names):
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._issuer)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(constraints, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False).add_extension(
                x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


@dataclass
class Aws:
    """What the sign-in endpoints and consoles know."""

    multi_session: bool = False
    tokens: dict[str, Who] = field(default_factory=dict)
    sessions: dict[str, Who] = field(default_factory=dict)
    jars: dict[str, dict[Who, str]] = field(default_factory=dict)
    arrivals: dict[str, str] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Which account and role an access key id is for: the portal that gives the keys writes it down."""

    def token(self, who):
        token = secrets.token_urlsafe(24)
        self.tokens[token] = who
        return token


class Internet(ThreadingHTTPServer):
    """The proxy, everything behind it, and the record."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Connection)
        self.authority = Authority()
        self.aws = Aws()
        self.pages: dict[tuple[str, str], str] = {}
        """Pages of other people's hosts: (host, path) to HTML."""
        self.record: list[Request] = []
        self.changed = threading.Condition()

    @property
    def proxy(self):
        return f"127.0.0.1:{self.server_port}"

    def sign_in_url(self, who, destination, partition="aws", issuer="https://portal.example/"):
        """What `usher` gets from the federation endpoint for `who`: an address that works once."""
        query = {
            "Action": "login",
            "Issuer": issuer,
            "Destination": destination,
            "SigninToken": self.aws.token(who),
        }
        return f"https://{PARTITIONS[partition][0]}/federation?{urlencode(query)}"

    def remember(self, request):
        with self.changed:
            self.record.append(request)
            self.changed.notify_all()

    def asked(self, since=0, **wanted):
        """The requests after the `since` first ones whose fields are as wanted."""
        with self.changed:
            return [
                each
                for each in self.record[since:]
                if all(getattr(each, name) == value for name, value in wanted.items())
            ]

    def until(self, since=0, count=1, **wanted):
        """The requests that are as wanted, as soon as there are `count`."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.asked(since, **wanted)) >= count, LONGEST_WAIT_SECONDS)
            found = self.asked(since, **wanted)
            if len(found) < count:
                pytest.fail(f"no {wanted} among {[each.url for each in self.record[since:]]}")
            return found

    def entered(self, since=0):
        """The requests after the `since` first ones to AWS, to whoever means ill, and to this machine."""
        ours = (*(domain for _, _, domain in PARTITIONS.values()), "amazon.com", "evil.example", "127.0.0.1")
        with self.changed:
            return [
                each.url
                for each in self.record[since:]
                if any(is_below(each.host.partition(":")[0], own) for own in ours)
                and each.path != "/favicon.ico"  # comes when it likes
            ]

    @property
    def mark(self):
        """How much was asked for until now."""
        with self.changed:
            return len(self.record)

    def handle_error(self, request, client_address):
        """A browser that hangs up is none of our business."""


class Connection(BaseHTTPRequestHandler):
    server: Internet
    protocol_version = "HTTP/1.1"
    tunnel = None
    timeout = 120

    def do_CONNECT(self):
        host = self.path.rpartition(":")[0]
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.tunnel = host
        self.connection = self.server.authority.context(host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile.close()
        self.wfile = _Writer(self.connection)
        self.close_connection = False

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        host = self.tunnel or parts.netloc or self.headers.get("Host", "")
        request = Request(
            time.time(),
            self.command,
            "https" if self.tunnel else "http",
            host,
            parts.path or "/",
            dict(parse_qsl(parts.query)),
            {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("Cookie", "")).items()},
            self.headers.get("Sec-Fetch-Dest") in {"iframe", "frame", "embed", "object"},
        )
        self.server.remember(request)
        for sign_in, console, domain in PARTITIONS.values():
            if request.scheme == "https" and host == sign_in:
                return self.sign_in(request, body, console, domain)
            if request.scheme == "https" and is_below(host, console):
                return self.console(request)
        if request.path == "/sends-there":
            return self.send(302, b"", [("Location", unquote(parts.query))])
        page = self.server.pages.get((host, request.path))
        return self.page(200 if page else 404, page or "<title>Nothing here</title>")

    def sign_in(self, request, body, console, domain):
        if request.path != "/federation":
            return self.page(404, "<title>No such page</title>")
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()} or request.query
        if form.get("Action") == "getSigninToken":
            session = json.loads(form["Session"])
            known = self.server.aws.keys.get(session["sessionId"])
            if known is None:
                return self.send(400, b"{}", [("Content-Type", "application/json")])
            document = json.dumps({"SigninToken": self.server.aws.token(Who(*known))}).encode()
            return self.send(200, document, [("Content-Type", "application/json")])
        who = self.server.aws.tokens.pop(form.get("SigninToken", ""), None)
        destination = urlsplit(form.get("Destination", ""))
        if who is None or destination.scheme != "https" or not is_below(destination.netloc, console):
            return self.page(400, "<title>Sign-in refused</title><h1>This sign-in link is used or wrong</h1>")
        session = secrets.token_hex(12)
        self.server.aws.sessions[session] = who
        told = f"{USER_COOKIE}={quote(json.dumps({'arn': who.arn}))}; Domain={domain}; Path=/; Secure"
        if self.server.aws.multi_session:
            return self.sign_in_beside(request, who, session, destination, domain, told)
        cookie = f"{SESSION_COOKIE}={session}; Domain={domain}; Path=/; Secure; HttpOnly; Max-Age=43200"
        return self.redirect(destination.geturl(), cookie, told)

    def sign_in_beside(self, request, who, session, destination, domain, told):
        """With AWS's multi-session: each session on a host of its own, no more than five in a browser."""
        jar = request.cookies.get(JAR_COOKIE) or secrets.token_hex(8)
        hosts = self.server.aws.jars.setdefault(jar, {})
        if who not in hosts and len(hosts) >= MOST_SESSIONS:
            words = "<h1>You have five sessions; sign out of one to add another</h1>"
            return self.page(200, f"<title>Session limit reached</title>{words}")
        label = hosts.setdefault(who, f"{who.account}-{secrets.token_hex(4)}")
        host = f"{label}.{destination.netloc}"
        arrival = secrets.token_urlsafe(12)
        self.server.aws.arrivals[arrival] = session
        after = destination._replace(netloc=host).geturl()
        cookie = f"{JAR_COOKIE}={jar}; Domain={domain}; Path=/; Secure; HttpOnly; Max-Age=43200"
        arrive = f"https://{host}/arrive?{urlencode({'code': arrival, 'to': after})}"
        return self.redirect(arrive, cookie, told)

    def console(self, request):
        if request.path == "/favicon.ico":
            return self.send(200, FAVICON, [("Content-Type", "image/svg+xml")])
        if request.path == "/arrive":
            session = self.server.aws.arrivals.pop(request.query["code"])
            cookie = f"{SESSION_COOKIE}={session}; Path=/; Secure; HttpOnly; Max-Age=43200"
            return self.redirect(request.query["to"], cookie)
        who = self.server.aws.sessions.get(request.cookies.get(SESSION_COOKIE, ""))
        service = request.path.strip("/").split("/")[0] or "console"
        title = (
            "Console Home"
            if service == "console"
            else f"{service.upper()} | {request.query.get('region', '')}"
        )
        signed_in = f"{who.role} @ {who.account}" if who else "Signed out"
        return self.page(
            200 if who else 403, CONSOLE % {"title": html.escape(title), "who": html.escape(signed_in)}
        )

    def redirect(self, where, *cookies):
        self.send(302, b"", [("Location", where), *(("Set-Cookie", each) for each in cookies)])

    def page(self, status, content):
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
        self.send(status, content.encode(), headers)

    def send(self, status, content, headers):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class _Writer:
    """Writes to a TLS connection, which has no unbuffered file of its own."""

    closed = False

    def __init__(self, connection):
        self._connection = connection

    def write(self, content):
        self._connection.sendall(content)
        return len(content)

    def flush(self):
        pass

    def close(self):
        pass


def is_below(host, parent):
    return host == parent or host.endswith(f".{parent}")


def running_internet():
    server = Internet()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


FAVICON = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<rect width="16" height="16" rx="3" fill="#ff9900"/></svg>"""

# The console's own top navigation is fixed, 48 pixels high, dark, and above everything of the page.
CONSOLE = """<!doctype html>
<html lang="en">
<head>
<title>%(title)s</title>
<link rel="icon" href="/favicon.ico">
<style>
body { margin: 0; font: 14px/1.5 sans-serif; background: #f2f3f3; color: #16191f }
#awsc-navigation { position: fixed; z-index: 1000; top: 0; left: 0; right: 0; height: 48px; display: flex;
  align-items: center; gap: 24px; padding: 0 16px; background: #161d26; color: #fff }
#awsc-navigation b { color: #ff9900 } #who { margin-left: auto }
main { margin: 64px 32px; min-height: 1600px }
.card { background: #fff; border: 1px solid #d5dbdb; padding: 16px 24px }
</style>
</head>
<body>
<header id="awsc-navigation">
<b>aws</b><span>Services</span><span>Search</span><span id="who">%(who)s</span>
</header>
<main><h1>%(title)s</h1>
<div class="card"><h2>Recently visited</h2><p>EC2, S3, Lambda</p></div></main>
</body>
</html>
"""
