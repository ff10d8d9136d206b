"""JSON over HTTP(S), and nothing more: no redirects (a bearer token must not follow one), no cookies.

Proxies and the CA bundle come from the environment value that is passed in, by the names every AWS
tool honours (`HTTPS_PROXY`, `NO_PROXY`, `AWS_CA_BUNDLE`). This machine itself is never asked through a
proxy: a token for a directory on loopback travels in clear and must not leave the machine.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from usher.core.errors import UsageError
from usher.session.errors import PortalAnswerError, PortalUnavailableError
from usher.session.organizations import is_loopback

TIMEOUT_SECONDS = 30.0
TOLERATED_SKEW_SECONDS = 300
LARGEST_ANSWER_BYTES = 4_000_000
_AGENT = "usher"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, headers by lower-case name, and its body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object. Raises PortalAnswerError when it is not one."""
        try:
            document = json.loads(self.body or b"{}")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise PortalAnswerError(
                f"the portal's answer (HTTP {self.status}) is not a JSON object",
                hint="check that the address is a portal's: 'usher status' shows it",
            )
        return document


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class HttpClient:
    """Sends requests. `on_skew` is told the clock's error in seconds when it exceeds five minutes."""

    def __init__(
        self,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        on_skew: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._environ = environ
        self._clock = clock
        self._on_skew = on_skew
        self._proxies = _proxies(environ)
        self._context: ssl.SSLContext | None = None

    def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One exchange. Raises PortalUnavailableError when no answer arrives."""
        host = urlsplit(url).netloc
        request = urllib.request.Request(  # noqa: S310 -- the scheme is checked when an organization is saved
            url, data=body, method=method, headers={"User-Agent": _AGENT, **(headers or {})}
        )
        try:
            with self._opener(url).open(request, timeout=TIMEOUT_SECONDS) as response:
                answer = _answer(response.status, response)
        except urllib.error.HTTPError as error:
            with error:
                answer = _answer(error.code, error)
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(host, error) from None
        self._watch_clock(answer)
        return answer

    def _opener(self, url: str) -> urllib.request.OpenerDirector:
        parts = urlsplit(url)
        bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
        host = parts.hostname or ""
        proxies = {} if is_loopback(host) or bypass(host, self._proxies) else self._proxies
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.ProxyHandler({k: v for k, v in proxies.items() if k != "no"}),
            _NoRedirects(),
        ]
        if parts.scheme == "https":
            handlers.append(urllib.request.HTTPSHandler(context=self._tls()))
        return urllib.request.build_opener(*handlers)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            bundle = self._environ.get("AWS_CA_BUNDLE")
            try:
                self._context = ssl.create_default_context(cafile=bundle or None)
            except OSError as error:
                raise UsageError(
                    f"AWS_CA_BUNDLE names {bundle}, which cannot be used: {error.strerror or error}"
                ) from None
        return self._context

    def _watch_clock(self, answer: Answer) -> None:
        try:
            theirs = email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
        except ValueError:
            return
        skew = self._clock() - theirs.timestamp()
        if abs(skew) > TOLERATED_SKEW_SECONDS:
            self._on_skew(skew)


def _answer(status: int, response: http.client.HTTPResponse | urllib.error.HTTPError) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = response.read(LARGEST_ANSWER_BYTES + 1)
    if len(body) > LARGEST_ANSWER_BYTES:
        raise PortalAnswerError(f"the portal's answer is larger than {LARGEST_ANSWER_BYTES:,} bytes")
    return Answer(status, headers, body)


def _unreachable(host: str, error: Exception) -> PortalUnavailableError:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return PortalUnavailableError(
            f"{host} shows a certificate that is not trusted: {reason.verify_message}",
            hint="set AWS_CA_BUNDLE to the file that holds your certificate authority",
        )
    words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return PortalUnavailableError(
        f"cannot reach {host}: {words}", hint="check the network, proxy and address, then run it again"
    )


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for scheme in ("http", "https", "no"):
        name = f"{scheme}_proxy"
        value = environ.get(name) or environ.get(name.upper())
        if value:
            found[scheme] = value
    return found
