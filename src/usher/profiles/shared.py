"""Profiles that a team shares: data and nothing else, whatever the file they come from tries to say.

Only what is named here is taken over. A registry cannot run a program, lead to another endpoint, trust
another certificate authority, or give the person a default profile; what it says beyond is dropped and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from usher.core.errors import UsageError
from usher.core.ids import ACCOUNT_ID, PERMISSION_SET_NAME, AccountId
from usher.core.looks import Colour
from usher.profiles.names import is_profile_name
from usher.session.organizations import DEFAULT_SCOPES, NAME, REGION, check_address

MOST_PROFILES = 10_000
_TEXT = 200
_NO_ACCOUNT = AccountId("")
_ROLE_ARN = re.compile(r"arn:aws(-[a-z]{1,5}){0,3}:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_MFA_ARN = re.compile(r"arn:aws(-[a-z]{1,5}){0,3}:iam::\d{12}:mfa/[\w+=,.@/-]{1,256}", re.ASCII)
_PLAIN = re.compile(r"[\w+=,.@:/-]{1,1224}", re.ASCII)
_SCOPE = re.compile(r"[A-Za-z0-9_:.-]{1,80}", re.ASCII)
CHAIN_KEYS: Mapping[str, re.Pattern[str]] = {
    "role_arn": _ROLE_ARN,
    "source_profile": re.compile(r".{1,200}"),
    "external_id": _PLAIN,
    "role_session_name": re.compile(r"[\w+=,.@-]{2,64}", re.ASCII),
    "duration_seconds": re.compile(r"\d{3,5}"),
    "mfa_serial": _MFA_ARN,
}


@dataclass(frozen=True, slots=True)
class SharedSession:
    """Where the people of a registry sign in."""

    name: str
    start_url: str
    region: str
    scopes: tuple[str, ...] = DEFAULT_SCOPES


@dataclass(frozen=True, slots=True)
class SharedProfile:
    """One profile: a way in through a session, or a role that is assumed from another profile (`chain`)."""

    name: str
    session: str = ""
    account_id: AccountId = _NO_ACCOUNT
    permission_set: str = ""
    region: str = ""
    output: str = ""
    description: str = ""
    colour: str = ""
    chain: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    """What a registry gives, and words on what was dropped of it."""

    sessions: Mapping[str, SharedSession]
    profiles: Mapping[str, SharedProfile]
    dropped: tuple[str, ...] = ()

    @property
    def start_urls(self) -> tuple[str, ...]:
        """Where its people are sent to sign in."""
        return tuple(sorted({session.start_url for session in self.sessions.values()}))


class RegistryError(UsageError):
    """A registry, or what it holds, cannot be used; nothing was changed."""


class Gathering:
    """Takes over what is allowed, entry by entry, and notes what is not."""

    def __init__(self) -> None:
        self._sessions: dict[str, SharedSession] = {}
        self._profiles: dict[str, SharedProfile] = {}
        self._dropped: list[str] = []

    def session(self, name: str, *, start_url: str, region: str, scopes: tuple[str, ...] = ()) -> bool:
        """Take over a session; False when something in it cannot be meant."""
        problem = _session_problem(name, start_url, region, scopes)
        if problem is not None:
            self.drop(f"session '{name}'", problem)
            return False
        self._sessions[name] = SharedSession(name, start_url, region, scopes or DEFAULT_SCOPES)
        return True

    def session_at(self, start_url: str, region: str) -> str:
        """The name of a session at that address, made up where no session says it; empty when it is wrong."""
        for known in self._sessions.values():
            if known.start_url == start_url:
                return known.name
        host = re.sub(r"^https?://", "", start_url).split("/")[0].split(".")[0]
        name = host if NAME.fullmatch(host) else "shared"
        while name in self._sessions:
            name += "-2"
        return name if self.session(name, start_url=start_url, region=region) else ""

    def profile(self, profile: SharedProfile) -> None:
        """Take over a profile, when all of it can be meant."""
        problem = self._profile_problem(profile)
        if problem is not None:
            self.drop(f"profile '{profile.name}'", problem)
        elif len(self._profiles) >= MOST_PROFILES:
            raise RegistryError(f"the registry has more than {MOST_PROFILES:,} profiles")
        else:
            self._profiles[profile.name] = profile

    def drop(self, what: str, why: str) -> None:
        """Note that something is not taken over."""
        self._dropped.append(f"{what}: {why}")

    def result(self) -> Shared:
        """All that was taken over. A chain whose root was not is dropped with it."""
        while lost := [p for p in self._profiles.values() if p.chain and self._root_is_missing(p)]:
            for profile in lost:
                del self._profiles[profile.name]
                self.drop(
                    f"profile '{profile.name}'",
                    f"its source_profile '{profile.chain.get('source_profile', '')}' is not in this registry",
                )
        used = {profile.session for profile in self._profiles.values()}
        sessions = {name: session for name, session in self._sessions.items() if name in used}
        return Shared(sessions, self._profiles, tuple(self._dropped))

    def _root_is_missing(self, profile: SharedProfile) -> bool:
        return profile.chain.get("source_profile", "") not in self._profiles

    def _profile_problem(self, profile: SharedProfile) -> str | None:
        if profile.name == "default" or not is_profile_name(profile.name):
            return "a registry cannot give a profile that name"
        if profile.name in self._profiles:
            return "it is there twice"
        checks: list[tuple[str, str, Callable[[str], object]]] = [
            ("region", profile.region, REGION.fullmatch),
            ("output", profile.output, re.compile(r"json|yaml|yaml-stream|text|table|off").fullmatch),
            ("colour", profile.colour, lambda text: text in set(Colour)),
            ("description", profile.description, _is_plain_text),
        ]
        if profile.chain:
            checks += [(key, profile.chain.get(key, ""), CHAIN_KEYS[key].fullmatch) for key in CHAIN_KEYS]
            if not profile.chain.get("role_arn"):
                return "it says from where, but no role_arn"
        elif profile.session not in self._sessions:
            return "it names no session that is here"
        else:
            checks += [
                ("account id", profile.account_id or "-", ACCOUNT_ID.fullmatch),
                ("permission set", profile.permission_set or " ", PERMISSION_SET_NAME.fullmatch),
            ]
        wrong = next((what for what, value, is_right in checks if value and not is_right(value)), None)
        return None if wrong is None else f"its {wrong} cannot be meant"


def _session_problem(name: str, start_url: str, region: str, scopes: tuple[str, ...]) -> str | None:
    if not NAME.fullmatch(name):
        return "a session cannot have that name"
    try:
        check_address(start_url, "start URL")
    except UsageError as error:
        return error.message
    if any(c in start_url for c in " #;\\'\"`$<>") or not start_url.isprintable() or not start_url.isascii():
        return "its start URL cannot be meant"
    if not REGION.fullmatch(region):
        return f"its region '{region}' is none"
    if not all(map(_SCOPE.fullmatch, scopes)):
        return "its scopes cannot be meant"
    return None


def _is_plain_text(text: str) -> bool:
    return (
        text.isprintable()
        and len(text) <= _TEXT
        and text == text.strip()
        and not re.search(r"(^|\s)[#;]", text)
    )
