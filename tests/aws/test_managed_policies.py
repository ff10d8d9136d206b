"""Documents of managed policies over IAM's own wire: read once per version, kept, and used without IAM."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest

from usher.aws.calls import CallCount, ServiceCalls
from usher.aws.clients import AwsKeys, AwsSettings
from usher.aws.managed_policies import PolicyShelf, kept_documents, read_documents
from usher.core.policy_document import policy_document
from usher.core.secrets import Secret

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"


def allowing(action: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


@dataclass
class Iam:
    """A small IAM: the version in force and the document of each policy. `refusing` answers every call."""

    url: str = ""
    policies: dict[str, tuple[str, str]] = field(default_factory=dict)
    refusing: tuple[int, str] | None = None
    count: CallCount = field(default_factory=CallCount)

    def answer(self, form: dict[str, list[str]]) -> tuple[int, str]:
        action, arn = form["Action"][0], form["PolicyArn"][0]
        if self.refusing or arn not in self.policies:
            status, code = self.refusing or (404, "NoSuchEntity")
            return (
                status,
                f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>",
            )
        version, document = self.policies[arn]
        inside = f"<Policy><Arn>{arn}</Arn><DefaultVersionId>{version}</DefaultVersionId></Policy>"
        if action == "GetPolicyVersion":
            inside = f"<PolicyVersion><Document>{quote(document)}</Document></PolicyVersion>"
        return 200, f"<{action}Response><{action}Result>{inside}</{action}Result></{action}Response>"

    @property
    def calls(self) -> ServiceCalls:
        keys = AwsKeys("AKIAEXAMPLE", Secret("secret"))
        return ServiceCalls(
            "iam", AwsSettings("eu-central-1", endpoint_url=self.url, keys=keys), count=self.count
        )


@pytest.fixture
def iam() -> Iterator[Iam]:
    small = Iam(policies={READ: ("v3", allowing("s3:Get*")), BILLING: ("v1", allowing("billing:*"))})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, text = small.answer(form)
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    small.url = f"http://127.0.0.1:{server.server_port}"
    yield small
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shelf(tmp_path: Path) -> PolicyShelf:
    return PolicyShelf(tmp_path / "cache" / "policies")


def test_documents_are_read_once_and_then_one_call_asks_for_the_version(iam, shelf):
    first = read_documents(iam.calls, shelf, [READ, BILLING])
    assert first.by_arn[READ] == policy_document(json.loads(allowing("s3:Get*")))
    assert iam.count.by_operation == {"GetPolicy": 2, "GetPolicyVersion": 2}
    again = read_documents(iam.calls, shelf, [READ, BILLING])
    assert again == first
    assert iam.count.by_operation == {"GetPolicy": 4, "GetPolicyVersion": 2}
    assert (first.stale, first.missing, first.failures) == (frozenset(), frozenset(), ())


def test_a_new_version_is_read_and_the_newest_answers_without_iam(iam, shelf):
    for number in (3, 9, 10):
        iam.policies[READ] = (f"v{number}", allowing(f"s3:Get{number}"))
        read_documents(iam.calls, shelf, [READ])
    kept = kept_documents(shelf, [READ, BILLING])
    assert kept.by_arn == {READ: policy_document(json.loads(allowing("s3:Get10")))}
    assert (kept.stale, kept.missing) == ({READ}, {BILLING})


@pytest.mark.parametrize("refusing", [(403, "AccessDenied"), (503, "ServiceUnavailable")])
def test_without_an_answer_of_iam_the_kept_documents_serve_and_the_failure_is_told(iam, shelf, refusing):
    before = read_documents(iam.calls, shelf, [READ])
    iam.refusing = refusing
    offline = read_documents(iam.calls, shelf, [READ, BILLING])
    assert offline.by_arn == before.by_arn
    assert (offline.stale, offline.missing) == ({READ}, {BILLING})
    assert refusing[1] in offline.failures[0]


def test_a_policy_that_does_not_exist_is_missing_and_no_failure(iam, shelf):
    found = read_documents(iam.calls, shelf, ["arn:aws:iam::aws:policy/NoSuch"])
    assert found.missing == {"arn:aws:iam::aws:policy/NoSuch"}
    assert not found.failures


def test_what_is_no_policy_is_a_failure_and_is_not_kept(iam, shelf):
    iam.policies[READ] = ("v1", "{}")
    found = read_documents(iam.calls, shelf, [READ])
    assert "a Statement is needed" in found.failures[0]
    assert kept_documents(shelf, [READ]).missing == {READ}


def test_kept_documents_are_private_and_a_version_cannot_name_another_file(iam, shelf, tmp_path):
    iam.policies[BILLING] = ("../../v1", allowing("billing:*"))
    found = read_documents(iam.calls, shelf, [READ, BILLING])
    assert set(found.by_arn) == {READ, BILLING}
    folder = tmp_path / "cache" / "policies"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_spoilt_file_is_read_again_and_an_older_version_answers_offline(iam, shelf, tmp_path):
    read_documents(iam.calls, shelf, [READ])
    iam.policies[READ] = ("v4", allowing("s3:Put*"))
    read_documents(iam.calls, shelf, [READ])
    (newest,) = (tmp_path / "cache" / "policies").glob("*v4.json")
    newest.write_text("{")
    assert "s3:Get*" in kept_documents(shelf, [READ]).by_arn[READ].json
    assert "s3:Put*" in read_documents(iam.calls, shelf, [READ]).by_arn[READ].json
    assert "s3:Put*" in kept_documents(shelf, [READ]).by_arn[READ].json


def test_a_folder_that_cannot_be_used_costs_nothing_but_calls(iam, tmp_path):
    (tmp_path / "cache").write_text("a file in the way")
    shelf = PolicyShelf(tmp_path / "cache")
    assert READ in read_documents(iam.calls, shelf, [READ]).by_arn
