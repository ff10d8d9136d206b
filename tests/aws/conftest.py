"""A scripted AWS on loopback: it answers as told, and remembers what it was asked, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from usher.aws.calls import CallCount, ServiceCalls
from usher.aws.clients import AwsKeys, AwsSettings
from usher.core.secrets import Secret


@dataclass
class ScriptedAws:
    """`answers[operation]` are given one after another, the last one again and again; one that is a function
    is asked with the request's parameters."""

    url: str = ""
    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    count: CallCount = field(default_factory=CallCount)

    def answer(self, operation: str, *answers: object) -> None:
        self.answers[operation] = list(answers)

    def refuse(self, operation: str, code: str, *, status: int = 400, **fields: object) -> None:
        self.answer(operation, (status, {"__type": code, "Message": f"{code} it is", **fields}))

    def calls(self, service: str) -> ServiceCalls:
        settings = AwsSettings(
            "eu-central-1", endpoint_url=self.url, keys=AwsKeys("AKIAEXAMPLE", Secret("secret"))
        )
        return ServiceCalls(service, settings, count=self.count)

    def asked_for(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.asked if name == operation]

    def reply(self, operation: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append((operation, parameters))
        answers = self.answers.get(operation, [{}])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        answer = answer(parameters) if callable(answer) else answer
        return answer if isinstance(answer, tuple) else (200, answer)


@pytest.fixture
def aws() -> Iterator[ScriptedAws]:
    """A scripted AWS, listening."""
    scripted = ScriptedAws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            status, answer = scripted.reply(operation, json.loads(body))
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    yield scripted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def operations() -> Callable[[ScriptedAws], list[str]]:
    """The operations asked, in order."""
    return lambda aws: [name for name, _ in aws.asked]
