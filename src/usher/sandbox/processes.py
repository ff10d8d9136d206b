"""Other `usher` processes: commands that are waited for, and the directory until it is stopped."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from usher.core.errors import ExitCode, UnavailableError, UsherError

_COMMAND_SECONDS = 120
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_USHER = (sys.executable, "-m", "usher")


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs `usher` with exactly the environment given."""

    environ: Mapping[str, str]

    def run(self, *arguments: str, **variables: str) -> str:
        """What the command printed. Raises UsherError with its words when it fails."""
        done = self._run(arguments, variables, stderr=subprocess.STDOUT)
        return done.stdout

    def run_json(self, *arguments: str, **variables: str) -> dict[str, object]:
        """The JSON document the command printed."""
        done = self._run(arguments, variables, stderr=subprocess.PIPE)
        try:
            document = json.loads(done.stdout)
        except json.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise UsherError(f"'usher {_shown(arguments)}' did not print a JSON document")
        return document

    def _run(
        self, arguments: Sequence[str], variables: Mapping[str, str], *, stderr: int
    ) -> subprocess.CompletedProcess[str]:
        try:
            done = subprocess.run(
                [*_USHER, *arguments],
                env={**self.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnavailableError(
                f"'usher {_shown(arguments)}' did not finish in {_COMMAND_SECONDS} seconds"
            ) from None
        if done.returncode != ExitCode.DONE:
            words = (done.stderr or done.stdout or "").strip()
            raise UsherError(f"'usher {_shown(arguments)}' failed with {done.returncode}", hint=words[-2000:])
        return done

    def start_directory(self, arguments: Sequence[str], log: Path, **variables: str) -> DirectoryProcess:
        """Start `usher serve`; its words go to `log`. It has a process group of its own, so that Ctrl-C
        reaches the demonstration alone, which then stops the directory in order.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*_USHER, "serve", *arguments],
                env={**self.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return DirectoryProcess(process, log)


@dataclass(frozen=True, slots=True)
class DirectoryProcess:
    """A running `usher serve`."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Return when `GET /healthz` answers 200. Raises UnavailableError with the log's end otherwise."""
        deadline = monotonic() + _START_SECONDS
        while monotonic() < deadline:
            self.check_alive()
            if _answers(f"{url}/healthz"):
                return
            time.sleep(0.05)
        raise UnavailableError(f"the directory at {url} did not get ready", hint=self._last_words())

    def check_alive(self) -> None:
        """Raises UnavailableError when the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise UnavailableError(f"the directory ended with {code}", hint=self._last_words())

    def stop(self) -> None:
        """End the directory: politely, then firmly."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace").strip()[-2000:]


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _shown(arguments: Sequence[str]) -> str:
    return " ".join(arguments[:2])
