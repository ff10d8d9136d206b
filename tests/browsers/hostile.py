"""What links are made of that nobody may open: by name, how they are made and what the page says of them."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from links import HOME, OURS, Links, bytes_of, link_of
from stand_in_internet import Internet

FORGED = "This link is not from your usher"
MALFORMED = "This is not a link of Usher's"
EXPIRED = "This link is too old"
REPLAYED = "This link was used before"
ELSEWHERE = "This link leads away from AWS"
SIGN_IN = "https://signin.aws.amazon.com/federation"
CONSOLE = "https://console.aws.amazon.com/"


@dataclass(frozen=True)
class Maker:
    """Makes links for one test."""

    links: Links
    internet: Internet

    def good(self) -> str:
        return self.links.seal(self.links.visit(kind="plain"))

    def visit(self, **changed: object) -> str:
        return self.links.seal(self.links.visit(kind="plain", **changed))

    def to(self, url: str, **changed: object) -> str:
        return self.visit(url=url, **changed)

    def changed_byte(self, place: int) -> str:
        content = bytes_of(self.good())
        content[place] ^= 1
        return link_of(content)

    @property
    def loopback(self) -> str:
        return f"http://{self.internet.proxy}"

    def login(self, *destinations: str) -> str:
        token = self.internet.aws.token(OURS)
        parts = "".join(f"&Destination={quote(each, safe='')}" for each in destinations)
        return f"?Action=login&Issuer=x{parts}&SigninToken={token}"

    def without(self, field: str) -> str:
        visit = self.links.visit(kind="plain")
        del visit[field]
        return self.links.seal(visit)

    def session(self, **changed: object) -> str:
        visit = self.links.visit(kind="plain")
        visit["session"] |= changed
        return self.links.seal(visit)


def _spliced(make: Maker) -> str:
    one, other = bytes_of(make.good()), bytes_of(make.good())
    return link_of(one[:40] + other[40:])


def _unsealed(make: Maker) -> str:
    plain = json.dumps(make.links.visit(kind="plain")).encode()
    return "1." + base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


HOSTILE: dict[str, tuple[Callable[[Maker], str], str]] = {
    # made by somebody who has not the key
    "sealed with another key": (lambda m: m.links.seal(m.links.visit(), secrets.token_bytes(32)), FORGED),
    "sealed with a key of zeros": (lambda m: m.links.seal(m.links.visit(), bytes(32)), FORGED),
    "sealed for another purpose": (lambda m: m.links.seal(m.links.visit(), associated=b"usher 1"), FORGED),
    "changed in its nonce": (lambda m: m.changed_byte(0), FORGED),
    "changed in its first byte": (lambda m: m.changed_byte(12), FORGED),
    "changed in the middle": (lambda m: m.changed_byte(200), FORGED),
    "changed in its last byte": (lambda m: m.changed_byte(-1), FORGED),
    "cut by a byte": (lambda m: link_of(bytes_of(m.good())[:-1]), FORGED),
    "longer by a byte": (lambda m: link_of(bytes_of(m.good()) + b"\0"), FORGED),
    "a nonce and nothing else": (lambda _: link_of(bytes(12)), FORGED),
    "two good links spliced": (_spliced, FORGED),
    "not sealed at all": (_unsealed, FORGED),
    # no link
    "of another version": (lambda m: m.links.seal(m.links.visit(), version="2"), MALFORMED),
    "an address": (lambda _: "https://signin.aws.amazon.com/federation?Action=login", MALFORMED),
    "with something behind it": (lambda m: m.good() + "&more", MALFORMED),
    "far too long": (lambda _: "1." + "A" * 40_000, MALFORMED),
    "without a session": (lambda m: m.without("session"), MALFORMED),
    "of an account that is none": (lambda m: m.session(accountId="<script>"), MALFORMED),
    "in a place that is none": (
        lambda m: m.visit(place={"kind": "host", "name": "x", "icon": ""}),
        MALFORMED,
    ),
    # at another time
    "31 seconds old": (lambda m: m.visit(made=time.time() - 31), EXPIRED),
    "a day old": (lambda m: m.visit(made=time.time() - 86_400), EXPIRED),
    "from the next minute": (lambda m: m.visit(made=time.time() + 60), EXPIRED),
    # to somewhere else
    "to a host of nobody's": (lambda m: m.to("https://evil.example/federation"), ELSEWHERE),
    "to a longer host": (lambda m: m.to("https://console.aws.amazon.com.evil.example/"), ELSEWHERE),
    "to a host that ends alike": (lambda m: m.to("https://xconsole.aws.amazon.com/"), ELSEWHERE),
    "to a sign-in that ends alike": (lambda m: m.to("https://x.signin.aws.amazon.com/federation"), ELSEWHERE),
    "to a host with a Cyrillic letter": (lambda m: m.to("https://console.aws.\u0430mazon.com/"), ELSEWHERE),
    "to the host with a dot behind": (lambda m: m.to("https://console.aws.amazon.com./"), ELSEWHERE),
    "to another service of AWS": (lambda m: m.to("https://s3.amazonaws.com/evil/index.html"), ELSEWHERE),
    "without TLS": (lambda m: m.to("http://console.aws.amazon.com/"), ELSEWHERE),
    "to a port": (lambda m: m.to("https://console.aws.amazon.com:8443/"), ELSEWHERE),
    "with a name and password": (lambda m: m.to("https://a:b@console.aws.amazon.com/"), ELSEWHERE),
    "to a host behind a name": (lambda m: m.to("https://console.aws.amazon.com@evil.example/"), ELSEWHERE),
    "to a host behind a backslash": (
        lambda m: m.to("https://evil.example\\@console.aws.amazon.com/"),
        ELSEWHERE,
    ),
    "to another partition's console": (lambda m: m.to("https://console.amazonaws.cn/"), ELSEWHERE),
    "of a partition that is none": (lambda m: m.to(CONSOLE, partition="__proto__"), ELSEWHERE),
    "to a script": (lambda m: m.to("javascript:location='https://evil.example/'"), ELSEWHERE),
    "to a page in the link": (lambda m: m.to("data:text/html,<h1>console</h1>"), ELSEWHERE),
    "to a file": (lambda m: m.to("file:///etc/passwd"), ELSEWHERE),
    "to nothing": (lambda m: m.to("//console.aws.amazon.com/"), ELSEWHERE),
    # through the sign-in to somewhere else
    "with a destination elsewhere": (lambda m: m.to(SIGN_IN + m.login("https://evil.example/")), ELSEWHERE),
    "with a destination that looks alike": (
        lambda m: m.to(SIGN_IN + m.login("https://console.aws.amazon.com.evil.example/")),
        ELSEWHERE,
    ),
    "with two destinations": (lambda m: m.to(SIGN_IN + m.login(HOME, "https://evil.example/")), ELSEWHERE),
    "without a destination": (lambda m: m.to(SIGN_IN + m.login()), ELSEWHERE),
    "to another page of the sign-in": (
        lambda m: m.to("https://signin.aws.amazon.com/oauth" + m.login(HOME)),
        ELSEWHERE,
    ),
    # to this machine, where AWS may be emulated
    "to this machine": (lambda m: m.to(f"{m.loopback}/federation"), ELSEWHERE),
    "to another port than it says": (
        lambda m: m.to(f"{m.loopback}/federation", emulatedOrigin="http://127.0.0.1:1"),
        ELSEWHERE,
    ),
    "to an emulation elsewhere": (
        lambda m: m.to("http://evil.example/", emulatedOrigin="http://evil.example"),
        ELSEWHERE,
    ),
    "from an emulation to elsewhere": (
        lambda m: m.to(
            f"{m.loopback}/federation" + m.login("https://evil.example/"), emulatedOrigin=m.loopback
        ),
        ELSEWHERE,
    ),
}
