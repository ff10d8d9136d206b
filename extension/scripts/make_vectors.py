"""Writes tests/link_vectors.json: links that the command line made, for the extension's tests to open."""

import json
from pathlib import Path

from usher.console.sealed_links import ConsoleSession, Place, Visit, seal_visit
from usher.core.looks import Colour
from usher.core.secrets import Secret

KEY = Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
MADE = 1_800_000_000.25
SESSION = ConsoleSession(
    "mkdev-production/AdministratorAccess",
    "mkdev",
    "333333333333",
    "production",
    "AdministratorAccess",
    "eu-west-1",
    "PRODUCTION",
    Colour.RED,
    MADE + 3600,
)
LOGIN = "https://signin.aws.amazon.com/federation?Action=login"
DESTINATION = "https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fec2%2Fhome"
SIGN_IN = f"{LOGIN}&Destination={DESTINATION}&SigninToken=secret"


def link(url: str, partition: str = "aws", origin: str | None = None, seed: int = 7) -> str:
    visit = Visit(
        Secret(url), partition, SESSION, Place("container", "production/AdministratorAccess"), origin
    )
    return seal_visit(visit, KEY, MADE, lambda size: bytes([seed]) * size).reveal()


vectors = {
    "key": KEY.reveal(),
    "made": MADE,
    "good": link(SIGN_IN),
    "emulated": link(
        "http://127.0.0.1:5000/federation?Destination=http%3A%2F%2F127.0.0.1%3A5000%2F&SigninToken=t",
        origin="http://127.0.0.1:5000",
        seed=8,
    ),
    "elsewhere": link("https://evil.example/federation?Destination=" + DESTINATION, seed=9),
    "leadsElsewhere": link(
        "https://signin.aws.amazon.com/federation?Action=login&Destination=https%3A%2F%2Fevil.example%2F",
        seed=10,
    ),
}
if __name__ == "__main__":
    target = Path(__file__).parent.parent / "tests" / "link_vectors.json"
    target.write_text(json.dumps(vectors, indent=2) + "\n", "utf-8")
