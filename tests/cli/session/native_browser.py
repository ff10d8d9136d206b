"""A browser as far as a native host can tell: starts it with pipes, and speaks its frames."""

from __future__ import annotations

import base64
import json
import queue
import struct
import subprocess
import threading

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from usher.console.extension import CHROMIUM_ORIGIN, FIREFOX_ID

ARGUMENTS = {
    "firefox": ["/home/somebody/.mozilla/native-messaging-hosts/io.usher.host.json", FIREFOX_ID],
    "chromium": [CHROMIUM_ORIGIN],
}
BASE_URLS = {"firefox": "moz-extension://01234567-89ab-cdef-0123-456789abcdef/", "chromium": CHROMIUM_ORIGIN}
INSTALL = "0123456789abcdef" * 2


def frame(content: bytes) -> bytes:
    return struct.pack("=I", len(content)) + content


class NativeBrowser:
    """One browser with the extension: `opened` are the links it was sent, answered with `answer`."""

    def __init__(self, home, family="firefox", install=INSTALL, arguments=None, **environ):
        self.home, self.family, self.install = home, family, install
        self.opened = queue.Queue()
        self.answer = {"ok": True}
        self.key = None
        self._numbers = iter(range(1, 10_000))
        self._answers = {}
        self._waiting = threading.Condition()
        self.process = subprocess.Popen(
            [*home.usher, "browser", "host", *(ARGUMENTS[family] if arguments is None else arguments)],
            env={**home.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self.received = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def said(self):
        """What the extension says of itself."""
        return {
            "install": self.install,
            "family": self.family,
            "version": "0.1.0",
            "baseUrl": BASE_URLS[self.family],
        }

    def hello(self):
        answer = self.ask("hello", **self.said())
        self.key = answer.get("key")
        return answer

    def ask(self, op, **fields):
        return self.answer_to(self.send(op, **fields))

    def send(self, op, **fields):
        number = next(self._numbers)
        self.send_bytes(frame(json.dumps({"id": number, "op": op, **fields}).encode()))
        return number

    def send_bytes(self, content):
        self.process.stdin.write(content)

    def answer_to(self, number, within=30):
        with self._waiting:
            if not self._waiting.wait_for(lambda: number in self._answers, within):
                pytest.fail("no answer")
            return self._answers.pop(number)

    def opened_visit(self):
        """What the next sealed link asks for, opened with the key as the extension does."""
        return self.visit(self.opened.get(timeout=30))

    def visit(self, link):
        sealed = _decoded(link.removeprefix("1."))
        key = AESGCM(_decoded(self.key))
        return json.loads(key.decrypt(sealed[:12], sealed[12:], b"usher console link 1"))

    def close(self):
        """Close the port as a browser does; the host's exit code and its words on stderr."""
        self.process.stdin.close()
        return self.ended()

    def ended(self):
        code = self.process.wait(30)
        self._reader.join(30)
        words = self.process.stderr.read().decode()
        self.process.stdout.close()
        self.process.stderr.close()
        return code, words

    def kill(self):
        self.process.kill()
        self.process.stdin.close()
        return self.ended()

    def _read(self):
        while (head := self._exactly(4)) and (content := self._exactly(struct.unpack("=I", head)[0])):
            message = json.loads(content)
            if "op" in message:
                if self.answer is not None:
                    self.send_bytes(frame(json.dumps({"id": message["id"], **self.answer}).encode()))
                self.opened.put(message["link"])
                continue
            with self._waiting:
                self._answers[message["id"]] = message
                self._waiting.notify_all()

    def _exactly(self, length):
        content = b""
        while len(content) < length:
            part = self.process.stdout.read(length - len(content))
            if not part:
                return b""
            content += part
        self.received += content
        return content


def _decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
