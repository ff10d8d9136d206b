"""A small honest STS: real HTTP on loopback, deciding by each role's trust as AWS documents it.

It knows which keys it gave out and to whom, wants their session tokens, checks external ids and MFA
(codes work once), keeps chained roles to an hour, lets users change their keys with MFA alone, and records
what it was asked. It shares no code with
`usher`.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

USER = "arn:aws:iam::111111111111:user/ana"
DEVICE = "arn:aws:iam::111111111111:mfa/ana"


class RefusedError(Exception):
    def __init__(self, code, words, status=400):
        super().__init__(words)
        self.code, self.words, self.status = code, words, status


def denied(caller, action, resource):
    words = f"User: {caller['arn']} is not authorized to perform: {action} on resource: {resource}"
    return RefusedError("AccessDenied", words, 403)


class StsServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.guard = threading.RLock()
        self.keys = {}
        self.roles = {}
        self.codes = {"123456"}
        self.calls = []
        self.failures = []
        self.delay = 0.0
        self.portal = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def count(self, action):
        with self.guard:
            return sum(name == action for name, _ in self.calls)

    def asked(self, action):
        with self.guard:
            return [form for name, form in self.calls if name == action]

    def user(self, arn=USER, key=None):
        """Long-term keys of an IAM user: (id, secret)."""
        key = key or "AKIA" + secrets.token_hex(8).upper()
        self.keys[key] = {"arn": arn, "token": "", "ends": None, "mfa": False, "role": False}
        return key, "secret-of-" + key

    def accept(self, key, token, arn="arn:aws:sts::222222222222:assumed-role/Outside/ana", ends=3600):
        """Let in keys that somebody else gave out, a portal or another program."""
        self.keys[key] = {"arn": arn, "token": token, "ends": time.time() + ends, "mfa": False, "role": True}

    def role(self, arn, trusts=None, external_id=None, mfa=False, longest=3600, token=None):
        """A role; `trusts` are patterns of caller ARNs (None: anybody), `token` a web identity's token."""
        self.roles[arn] = {
            "trusts": trusts,
            "external_id": external_id,
            "mfa": mfa,
            "longest": longest,
            "token": token,
        }

    def session(self, arn, seconds, *, mfa=False, role=True):
        key, token = "ASIA" + secrets.token_hex(8).upper(), "token-" + secrets.token_hex(16)
        ends = time.time() + seconds
        self.keys[key] = {"arn": arn, "token": token, "ends": ends, "mfa": mfa, "role": role}
        return {
            "AccessKeyId": key,
            "SecretAccessKey": "secret-of-" + key,
            "SessionToken": token,
            "Expiration": datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def handle_error(self, request, client_address):
        pass


class Handler(BaseHTTPRequestHandler):
    server: StsServer
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        action = form.get("Action", "")
        time.sleep(self.server.delay)
        with self.server.guard:
            self.server.calls.append((action, form))
            try:
                if self.server.failures:
                    raise self.server.failures.pop(0)
                answer = getattr(self, action)(form)
            except RefusedError as refused:
                text = f"<Error><Code>{refused.code}</Code><Message>{refused.words}</Message></Error>"
                return self.reply(refused.status, f"<ErrorResponse>{text}</ErrorResponse>")
        return self.reply(
            200, f"<{action}Response><{action}Result>{answer}</{action}Result></{action}Response>"
        )

    def caller(self):
        found = re.search(r"Credential=(\w+)/\d+/[\w-]+/(?:sts|iam)/", self.headers.get("Authorization", ""))
        if not found:
            raise RefusedError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        key, token = self.server.keys.get(found[1]), self.headers.get("X-Amz-Security-Token", "")
        if key is None and self.server.portal is not None and token in self.server.portal.issued:
            arn = "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_ReadOnlyAccess_0123456789abcdef/ana"
            return {"arn": arn, "ends": None, "mfa": False, "role": True}
        if key is None or token != key["token"]:
            raise RefusedError(
                "InvalidClientTokenId", "The security token included in the request is invalid.", 403
            )
        if key["ends"] is not None and key["ends"] < time.time():
            raise RefusedError("ExpiredToken", "The security token included in the request is expired", 403)
        return key

    def check_code(self, form):
        if "SerialNumber" not in form:
            return False
        if form["SerialNumber"] != DEVICE or form.get("TokenCode") not in self.server.codes:
            words = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            raise RefusedError("AccessDenied", words, 403)
        self.server.codes.remove(form["TokenCode"])
        return True

    def GetCallerIdentity(self, form):  # noqa: N802 -- the operation's name
        arn = self.caller()["arn"]
        return f"<Arn>{arn}</Arn><UserId>U</UserId><Account>{arn.split(':')[4]}</Account>"

    def GetSessionToken(self, form):  # noqa: N802 -- the operation's name
        caller = self.caller()
        if caller["role"]:
            raise RefusedError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
        mfa = self.check_code(form)
        seconds = int(form.get("DurationSeconds", 43200))
        return xml(Credentials=self.server.session(caller["arn"], seconds, mfa=mfa, role=False))

    def AssumeRole(self, form):  # noqa: N802 -- the operation's name
        caller, arn = self.caller(), form["RoleArn"]
        role = self.server.roles.get(arn)
        mfa = self.check_code(form) or caller["mfa"]
        trusted = role is not None and (
            role["trusts"] is None or any(re.search(p, caller["arn"]) for p in role["trusts"])
        )
        if not trusted or role["external_id"] != form.get("ExternalId") or (role["mfa"] and not mfa):
            raise denied(caller, "sts:AssumeRole", arn)
        seconds = int(form.get("DurationSeconds", 3600))
        if caller["role"] and seconds > 3600:
            words = "exceeds the 1 hour session limit for roles assumed by role chaining."
            raise RefusedError("ValidationError", f"The requested DurationSeconds {words}")
        if seconds > role["longest"]:
            words = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise RefusedError("ValidationError", words)
        return self.entered(arn, form["RoleSessionName"], seconds)

    def AssumeRoleWithWebIdentity(self, form):  # noqa: N802 -- the operation's name
        role = self.server.roles.get(form["RoleArn"])
        if "Authorization" in self.headers:
            raise RefusedError("ValidationError", "This request is not signed")
        if role is None or role["token"] is None:
            raise RefusedError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
        if form["WebIdentityToken"] != role["token"]:
            raise RefusedError(
                "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider"
            )
        return self.entered(form["RoleArn"], form["RoleSessionName"], int(form.get("DurationSeconds", 3600)))

    def iam_caller(self):
        caller = self.caller()
        if not caller["mfa"]:
            raise denied(caller, "iam:CreateAccessKey", caller["arn"])
        return caller

    def own_keys(self, caller):
        return {
            key: each
            for key, each in self.server.keys.items()
            if each["arn"] == caller["arn"] and not each["token"]
        }

    def ListAccessKeys(self, form):  # noqa: N802 -- the operation's name
        members = [
            {"AccessKeyId": key, "Status": "Active", "CreateDate": "2026-01-01T00:00:00Z"}
            for key in self.own_keys(self.iam_caller())
        ]
        return xml(AccessKeyMetadata="".join(xml(member=member) for member in members), IsTruncated="false")

    def GetAccessKeyLastUsed(self, form):  # noqa: N802 -- the operation's name
        return xml(UserName="ana", AccessKeyLastUsed={"ServiceName": "N/A", "Region": "N/A"})

    def CreateAccessKey(self, form):  # noqa: N802 -- the operation's name
        key, secret = self.server.user(self.iam_caller()["arn"])
        return xml(
            AccessKey={"AccessKeyId": key, "SecretAccessKey": secret, "Status": "Active", "UserName": "ana"}
        )

    def UpdateAccessKey(self, form):  # noqa: N802 -- the operation's name
        self.iam_caller()
        return ""

    def DeleteAccessKey(self, form):  # noqa: N802 -- the operation's name
        self.iam_caller()
        del self.server.keys[form["AccessKeyId"]]
        return ""

    def entered(self, role_arn, name, seconds):
        account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
        keys = self.server.session(arn, seconds)
        return xml(Credentials=keys, AssumedRoleUser={"Arn": arn, "AssumedRoleId": f"AROA:{name}"})

    def reply(self, status, text):
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def xml(**parts):
    return "".join(
        f"<{name}>{xml(**inner) if isinstance(inner, dict) else inner}</{name}>"
        for name, inner in parts.items()
    )


def running_sts():
    server = StsServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
