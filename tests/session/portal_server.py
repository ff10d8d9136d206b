"""A small honest portal: real HTTP on loopback, speaking `sso-oidc` and `sso` as AWS does.

It keeps state the way a portal must (codes are single use, refresh tokens rotate, PKCE is checked),
records what it was asked, and can be told to throttle or fail. It shares no code with `usher`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class RefusedError(Exception):
    def __init__(self, status, error, description=""):
        super().__init__(error)
        self.status, self.error, self.description = status, error, description


def require(condition):
    if not condition:
        raise ValueError("the request is not what AWS's clients send")


class TokenBucket:
    """What AWS does to those who call too often: `rate` calls a second, `burst` of them at once."""

    def __init__(self, rate, burst, clock=time.monotonic, retry_after=None):
        self.rate, self.burst, self.clock, self.retry_after = rate, burst, clock, retry_after
        self.tokens, self.filled_at = float(burst), clock()
        self.refused = 0

    def take(self):
        now = self.clock()
        self.tokens = min(self.burst, self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        return True


class PortalServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.guard = threading.RLock()
        self.clients, self.codes, self.devices = {}, {}, {}
        self.access_tokens, self.refresh_tokens = {}, set()
        self.accounts = {
            "111111111111": ("management", ["AdministratorAccess"]),
            "222222222222": ("staging", ["AdministratorAccess", "ReadOnlyAccess"]),
            "333333333333": ("production", ["ReadOnlyAccess"]),
        }
        self.calls = []
        self.issued = []
        self.keys = {}
        """Which account and role each access key id was given out for."""
        self.token_seconds = 3600
        self.role_seconds = 3600
        self.page_size = 100
        self.interval = 1
        self.device_answers = []
        self.failures = []
        self.clock_error = 0
        self.card = None
        self.deny = None
        self.approve_unseen = True
        self.refresh_delay = 0.0
        self.device_address = None
        self.visits = []
        """What each browser at the sign-in page was known as: the cookie it brought, or None."""
        self.grace = False
        self.spent = {}
        self.once_refreshed = lambda: None
        self.bucket = None
        self.broken_accounts = {}
        self.throttled = 0
        self.fail_every = 0
        self.latency = 0.0
        self.on_roles = lambda number: None
        self.on_federation = lambda: None
        self.on_console = lambda: None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def limit(self, rate, burst, clock=time.monotonic, retry_after=None):
        """Let through `rate` calls a second to the lists, `burst` of them at once."""
        self.bucket = TokenBucket(rate, burst, clock, retry_after)

    def count(self, name):
        with self.guard:
            return sum(call == name for call in self.calls)

    def secret(self, kind):
        value = f"{kind}-{secrets.token_hex(16)}"
        self.issued.append(value)
        return value

    def tokens(self, client):
        access, refresh = self.secret("access"), self.secret("refresh")
        self.access_tokens[access] = time.time() + self.token_seconds
        self.refresh_tokens.add((refresh, client))
        return {
            "accessToken": access,
            "tokenType": "Bearer",
            "expiresIn": self.token_seconds,
            "refreshToken": refresh,
        }

    def handle_error(self, request, client_address):
        pass


class Handler(BaseHTTPRequestHandler):
    server: PortalServer
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def answer(self, method):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        routes = {
            ("POST", "/client/register"): self.register,
            ("POST", "/device_authorization"): self.start_device,
            ("POST", "/token"): self.token,
            ("GET", "/authorize"): self.authorize,
            ("GET", "/assignment/accounts"): self.list_accounts,
            ("GET", "/assignment/roles"): self.list_roles,
            ("GET", "/federation/credentials"): self.credentials,
            ("POST", "/logout"): self.logout,
            ("GET", "/.well-known/usher-directory"): self.directory_card,
            ("POST", "/federation"): self.federation,
            ("GET", "/federation"): self.console,
        }
        route = routes.get((method, parts.path))
        if route is None:
            return self.reply(404, {"message": "no such page"})
        if parts.path.startswith("/assignment/"):
            time.sleep(self.server.latency)
        body = content if parts.path == "/federation" else json.loads(content or b"{}")
        with self.server.guard:
            self.server.calls.append(route.__name__)
            failure = self.server.failures.pop(0) if self.server.failures else None
            if isinstance(failure, tuple):
                return self.send(*failure)
            if failure is not None:
                return self.reply(failure, {"message": "HTTP Unknown Code"})
            bucket = self.server.bucket if parts.path.startswith("/assignment/") else None
            if bucket is not None and not bucket.take():
                self.server.throttled += 1
                return self.reply(429, {"message": "HTTP 429 Unknown Code"}, bucket.retry_after)
            if (
                bucket is not None
                and self.server.fail_every
                and len(self.server.calls) % self.server.fail_every == 0
            ):
                return self.reply(503, {"message": "HTTP 503 Unknown Code"})
            try:
                return route(query, body)
            except RefusedError as refused:
                if parts.path.startswith(("/client", "/device", "/token")):
                    document = {"error": refused.error, "error_description": refused.description}
                else:
                    document = {"message": refused.description, "__type": refused.error}
                return self.reply(refused.status, document)

    def register(self, query, body):
        require(body["clientType"] == "public")
        require(body["clientName"])
        if "grantTypes" in body:
            require(body["redirectUris"] == ["http://127.0.0.1/oauth/callback"])
        client = "client-" + secrets.token_hex(8)
        self.server.clients[client] = self.server.secret("clientsecret")
        self.reply(
            200,
            {
                "clientId": client,
                "clientSecret": self.server.clients[client],
                "clientIdIssuedAt": int(time.time()),
                "clientSecretExpiresAt": int(time.time()) + 90 * 86400,
            },
        )

    def check_client(self, body):
        if self.server.clients.get(body["clientId"]) != body["clientSecret"]:
            raise RefusedError(401, "invalid_client")

    def authorize(self, query, body):
        require(query["response_type"] == "code")
        require(query["code_challenge_method"] == "S256")
        require(query["scopes"] == "sso:account:access")
        require("scope" not in query)
        self.server.visits.append(self.headers["Cookie"])
        redirect = urlsplit(query["redirect_uri"])
        require(
            (redirect.scheme, redirect.hostname, redirect.path) == ("http", "127.0.0.1", "/oauth/callback")
        )
        if query["client_id"] not in self.server.clients:
            self.reply(400, {"error": "unknown client"})
            return
        if self.server.deny:
            back = {"error": self.server.deny, "state": query["state"]}
        else:
            code = self.server.secret("code")
            self.server.codes[code] = (query["client_id"], query["redirect_uri"], query["code_challenge"])
            back = {"code": code, "state": query["state"]}
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        if self.headers["Cookie"] is None:
            self.send_header("Set-Cookie", f"who=person-{len(self.server.visits)}; Max-Age=3600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def start_device(self, query, body):
        self.check_client(body)
        require(body["startUrl"])
        code = self.server.secret("device")
        self.server.devices[code] = body["clientId"]
        self.reply(
            200,
            {
                "deviceCode": code,
                "userCode": "ABCD-EFGH",
                "verificationUri": f"{self.server.url}/device",
                "verificationUriComplete": self.server.device_address
                or f"{self.server.url}/device?user_code=ABCD-EFGH",
                "expiresIn": 600,
                "interval": self.server.interval,
            },
        )

    def token(self, query, body):
        require(self.headers["Content-Type"] == "application/json")
        self.check_client(body)
        client = body["clientId"]
        if body["grantType"] == DEVICE:
            error = self.server.device_answers.pop(0) if self.server.device_answers else None
            if error:
                raise RefusedError(400, error)
            if self.server.devices.pop(body["deviceCode"], None) != client:
                raise RefusedError(400, "invalid_grant")
        elif body["grantType"] == "authorization_code":
            challenge = hashlib.sha256(body["codeVerifier"].encode()).digest()
            presented = (
                client,
                body["redirectUri"],
                base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            )
            if self.server.codes.pop(body["code"], None) != presented:
                raise RefusedError(400, "invalid_grant")
        elif body["grantType"] == "refresh_token":
            time.sleep(self.server.refresh_delay)
            self.server.calls.append("refresh")
            held = (body["refreshToken"], client)
            if held not in self.server.refresh_tokens and not self.is_within_grace(held):
                raise RefusedError(400, "invalid_grant", "refresh token is spent or unknown")
            self.server.refresh_tokens.discard(held)
            tokens = self.server.tokens(client)
            self.server.spent[held] = (tokens["refreshToken"], client)
            self.server.once_refreshed()
            self.reply(200, tokens)
            return
        else:
            raise RefusedError(400, "unsupported_grant_type")
        self.reply(200, self.server.tokens(client))

    def is_within_grace(self, held):
        """As Usher's directory does it: a spent token serves again until what it gave was used."""
        return self.server.grace and self.server.spent.get(held) in self.server.refresh_tokens

    def check_bearer(self):
        token = self.headers.get("x-amz-sso_bearer_token")
        if self.server.access_tokens.get(token, 0) < time.time():
            raise RefusedError(401, "UnauthorizedException", "Session token not found or invalid")
        return token

    def page(self, query, field, items):
        require(1 <= int(query["max_result"]) <= 100)
        start = int(query.get("next_token", 0))
        end = start + self.server.page_size
        document = {field: items[start:end], "nextToken": str(end) if end < len(items) else None}
        self.reply(200, document)

    def list_accounts(self, query, body):
        self.check_bearer()
        items = [
            {"accountId": number, "accountName": name, "emailAddress": f"{name}@mkdev.example"}
            for number, (name, _) in self.server.accounts.items()
        ]
        self.page(query, "accountList", items)

    def list_roles(self, query, body):
        self.check_bearer()
        number = query["account_id"]
        self.server.on_roles(number)
        if number in self.server.broken_accounts:
            raise RefusedError(self.server.broken_accounts[number], "InternalServerException", "broken")
        roles = self.server.accounts[number][1]
        self.page(query, "roleList", [{"roleName": role, "accountId": number} for role in roles])

    def credentials(self, query, body):
        self.check_bearer()
        number, role = query["account_id"], query["role_name"]
        if role not in self.server.accounts.get(number, ("", []))[1]:
            raise RefusedError(403, "ForbiddenException", "No access")
        key = "ASIA" + secrets.token_hex(8).upper()
        self.server.keys[key] = (number, role)
        self.reply(
            200,
            {
                "roleCredentials": {
                    "accessKeyId": key,
                    "secretAccessKey": self.server.secret("key"),
                    "sessionToken": self.server.secret("session"),
                    "expiration": int((time.time() + self.server.role_seconds) * 1000),
                }
            },
        )

    def logout(self, query, body):
        token = self.check_bearer()
        del self.server.access_tokens[token]
        self.server.refresh_tokens.clear()
        self.reply(200, None)

    def directory_card(self, query, body):
        published = self.server.card is not None
        self.reply(200 if published else 404, self.server.card if published else {})

    def federation(self, query, body):
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        require(form["Action"] == "getSigninToken")
        self.server.on_federation()
        require(set(json.loads(form["Session"])) == {"sessionId", "sessionKey", "sessionToken"})
        self.reply(200, {"SigninToken": self.server.secret("signin")})

    def console(self, query, body):
        """Where a sign-in link leads."""
        require(query["Action"] == "login")
        self.server.on_console()
        signed_in = query["SigninToken"] in self.server.issued
        page = f"<!doctype html><title>Console</title><p>{'signed in' if signed_in else 'refused'}</p>"
        self.send(200, page.encode(), kind="text/html")

    def reply(self, status, document, retry_after=None):
        self.send(status, b"" if document is None else json.dumps(document).encode(), retry_after)

    def send(self, status, content, retry_after=None, kind="application/json"):
        self.send_response_only(status)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.send_header("Date", formatdate(time.time() + self.server.clock_error, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def running_portal():
    server = PortalServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
