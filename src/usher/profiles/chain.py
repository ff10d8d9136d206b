"""From a profile's name to the chain of hops that leads to its keys: text in, values out, no network.

The precedence is botocore's, and a test holds it against botocore itself. A profile with `role_arn` and
a source leads through that source; a profile that is its own source uses the keys that stand in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from usher.core.errors import UsageError
from usher.core.hops import (
    CHAINED_ROLE_SECONDS,
    ROLE_SECONDS,
    Chain,
    Hop,
    KeyPlace,
    Link,
    LoginSessionHop,
    PortalHop,
    RoleHop,
    SessionTokenHop,
    StaticKeysHop,
    WebIdentityHop,
)
from usher.profiles import own_keys
from usher.profiles.aws_files import AwsFiles, Profile
from usher.profiles.own_keys import Source, can_be_its_own_source, has_static_keys, own_source
from usher.profiles.sts_place import endpoint_of, sts_place

MFA_SESSION_SECONDS = 43_200
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_MFA_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_KEY_SETTINGS = ("aws_access_key_id", "aws_secret_access_key")
_ROLE_SETTINGS = (
    "role_arn",
    "source_profile",
    "credential_source",
    "external_id",
    "role_session_name",
    "duration_seconds",
    "mfa_serial",
    "usher_source_identity",
    "usher_session_tags",
    "usher_session_policy",
    "usher_session_policy_arns",
)


def read_chain(files: AwsFiles, name: str, environ: Mapping[str, str]) -> Chain:
    """The chain of the profile `name`, which is there. Raises UsageError with file and line."""
    requested = files.profiles[name]
    reader = _Reader(files, environ, requested)
    links = reader.way(requested, (name,))
    return Chain(
        name,
        tuple(links),
        requested.text("region"),
        endpoint_of(files, requested, environ, ""),
        (*reader.notes, *files.problems),
    )


@dataclass
class _Reader:
    files: AwsFiles
    environ: Mapping[str, str]
    requested: Profile
    notes: list[str] = field(default_factory=list)

    def way(self, profile: Profile, visited: tuple[str, ...]) -> list[Link]:
        """All hops to the keys of `profile`; `visited` are the profiles that led here, itself last."""
        if not profile.get("role_arn") or profile.get("web_identity_token_file"):
            return self._own(profile, visited)
        links = self._source_of_role(profile, visited)
        return self._through_role(profile, links)

    def _source_of_role(self, profile: Profile, visited: tuple[str, ...]) -> list[Link]:
        source, other = profile.get("source_profile"), profile.get("credential_source")
        if source is not None and other is not None:
            raise profile.wrong("credential_source", "stands beside 'source_profile': only one may")
        if other is not None:
            return [self._from_credential_source(profile, other.text)]
        if source is None:
            raise profile.wrong(
                "role_arn", "needs keys to enter the role with", hint="add 'source_profile = PROFILE'"
            )
        parent = self.files.profiles.get(source.text)
        if parent is None:
            raise profile.wrong("source_profile", f"names '{source.text}', which is not there")
        itself = parent.name == profile.name
        if itself and not can_be_its_own_source(profile):
            raise profile.wrong("source_profile", "is the profile itself, which has no keys of its own")
        if itself or has_static_keys(parent):
            return self._own(parent, visited)
        self._refuse_loop(profile, "source_profile", parent.name, visited)
        return self.way(parent, (*visited, parent.name))

    def _refuse_loop(self, profile: Profile, key: str, following: str, visited: tuple[str, ...]) -> None:
        if following in visited:
            circle = " -> ".join((*visited[visited.index(following) :], following))
            raise profile.wrong(key, f"leads in a circle: {circle}")

    def _from_credential_source(self, profile: Profile, source: str) -> Link:
        if source == "Environment":
            hop = own_keys.environment_keys(profile, self.environ)
            return Link(hop, profile.name, profile.settings("credential_source"))
        if source in {"Ec2InstanceMetadata", "EcsContainer"}:
            raise profile.wrong(
                "credential_source",
                f"says {source}: the keys of a machine, which usher does not serve",
                hint="use AWS's own tools on that machine, or 'source_profile'",
            )
        raise profile.wrong("credential_source", f"says {source!r}, which is none of AWS's sources")

    def _own(self, profile: Profile, visited: tuple[str, ...]) -> list[Link]:
        source = own_source(profile)
        if source is Source.PROCESS:
            return self._from_process(profile, visited)
        hop, keys = self._start(profile, source)
        links = [Link(hop, profile.name, profile.settings(*keys))]
        serial = profile.text("mfa_serial")
        if serial and isinstance(hop, StaticKeysHop) and _is_lasting(hop):
            links.append(self._session_token(profile, serial))
        return links

    def _start(self, profile: Profile, source: Source | None) -> tuple[Hop, tuple[str, ...]]:
        match source:
            case Source.WEB_IDENTITY:
                return self._web_identity(profile), ("web_identity_token_file", *_ROLE_SETTINGS)
            case Source.USHER_PORTAL:
                return own_keys.usher_portal(profile, self.files), own_keys.USHER
            case Source.GRANTED_PORTAL:
                return own_keys.granted_portal(profile), own_keys.GRANTED
            case Source.SSO_PORTAL:
                return own_keys.sso_portal(profile, self.files), own_keys.SSO
            case Source.VAULT_KEYS:
                name = profile.text(own_keys.USHER_KEYS) or profile.name
                return StaticKeysHop(KeyPlace.VAULT, name), (own_keys.USHER_KEYS,)
            case Source.CREDENTIALS_FILE | Source.CONFIG_FILE:
                return self._open_keys(profile, source), _KEY_SETTINGS
            case Source.LOGIN_SESSION:
                return LoginSessionHop(profile.text("login_session") or ""), ("login_session",)
            case _:
                raise UsageError(
                    f"{profile.place}: the profile '{profile.name}' has nothing that leads to keys",
                    hint="it needs role_arn and source_profile, sso_, usher_ or credential_process settings",
                )

    def _open_keys(self, profile: Profile, source: Source) -> StaticKeysHop:
        in_credentials = source is Source.CREDENTIALS_FILE
        place = KeyPlace.CREDENTIALS_FILE if in_credentials else KeyPlace.CONFIG_FILE
        hop = own_keys.static_keys(profile, place)
        if _is_lasting(hop):
            where = _line_of(profile, "aws_access_key_id")
            self.notes.append(
                f"{where}: the keys of '{profile.name}' lie open in the file: "
                f"'usher keys import --profile {profile.name}' takes them to the vault"
            )
        return hop

    def _from_process(self, profile: Profile, visited: tuple[str, ...]) -> list[Link]:
        hop = own_keys.process(profile)
        asked = own_keys.asked_of_usher(hop.command)
        if asked is None:
            settings = profile.settings("credential_process", "aws_account_id")
            return [Link(hop, profile.name, settings)]
        parent = self.files.profiles.get(asked)
        if parent is None:
            raise profile.wrong("credential_process", f"asks usher for '{asked}', which is not there")
        if asked == profile.name:
            raise profile.wrong(
                "credential_process",
                "asks usher for this very profile, which says nothing else",
                hint="'usher profiles sync' writes the settings that belong to it",
            )
        self._refuse_loop(profile, "credential_process", asked, visited)
        return self.way(parent, (*visited, asked))

    def _session_token(self, profile: Profile, serial: str) -> Link:
        place = sts_place(self.files, profile, self.requested, self.environ, serial)
        hop = SessionTokenHop(self._serial(profile, serial), MFA_SESSION_SECONDS, place)
        return Link(hop, profile.name, profile.settings("mfa_serial"))

    def _serial(self, profile: Profile, serial: str) -> str:
        if not _MFA_SERIAL.fullmatch(serial):
            raise profile.wrong("mfa_serial", "is neither an ARN nor a serial number")
        return serial

    def _through_role(self, profile: Profile, links: list[Link]) -> list[Link]:
        serial, last = profile.text("mfa_serial"), links[-1].hop
        # An IAM user's session holds the code for all roles; nothing else can hold it.
        if serial and isinstance(last, StaticKeysHop) and _is_lasting(last):
            links = [*links, self._session_token(profile, serial)]
            last = links[-1].hop
        held = isinstance(last, SessionTokenHop) and last.mfa_serial == serial
        role = self._role(profile, None if held or not serial else self._serial(profile, serial))
        longest = CHAINED_ROLE_SECONDS
        if isinstance(last, PortalHop | RoleHop | WebIdentityHop) and (role.duration_seconds or 0) > longest:
            role = replace(role, duration_seconds=longest)
            self.notes.append(
                f"{_line_of(profile, 'duration_seconds')}: a role that a role enters lasts an hour at most: "
                f"{longest} s are asked for"
            )
        return [*links, Link(role, profile.name, profile.settings(*_ROLE_SETTINGS))]

    def _role(self, profile: Profile, serial: str | None) -> RoleHop:
        arn = self._role_arn(profile)
        policies = profile.text("usher_session_policy_arns") or ""
        return RoleHop(
            arn,
            sts_place(self.files, profile, self.requested, self.environ, arn),
            self._session_name(profile, "role_session_name"),
            _duration(profile),
            profile.text("external_id"),
            serial,
            self._session_name(profile, "usher_source_identity"),
            _tags(profile),
            _policy(profile),
            tuple(each.strip() for each in policies.split(",") if each.strip()),
        )

    def _web_identity(self, profile: Profile) -> WebIdentityHop:
        if not profile.get("role_arn"):
            raise profile.wrong("web_identity_token_file", "needs 'role_arn' beside it")
        arn = self._role_arn(profile)
        return WebIdentityHop(
            arn,
            profile.text("web_identity_token_file") or "",
            sts_place(self.files, profile, self.requested, self.environ, arn),
            self._session_name(profile, "role_session_name"),
            _duration(profile),
        )

    def _role_arn(self, profile: Profile) -> str:
        arn = profile.text("role_arn") or ""
        if not _ROLE_ARN.fullmatch(arn):
            raise profile.wrong("role_arn", "is not a role's", hint="arn:aws:iam::123456789012:role/NAME")
        return arn

    def _session_name(self, profile: Profile, key: str) -> str | None:
        name = profile.text(key)
        if name is not None and not _SESSION_NAME.fullmatch(name):
            raise profile.wrong(key, "must be 2 to 64 letters, digits or _ + = , . @ -")
        return name


def _line_of(profile: Profile, key: str) -> str:
    return next(str(each.place) for each in profile.settings(key))


def _is_lasting(hop: StaticKeysHop) -> bool:
    return hop.place is KeyPlace.VAULT or hop.open_keys.session_token is None


def _duration(profile: Profile) -> int | None:
    text = profile.text("duration_seconds")
    if text is None:
        return None
    shortest, longest = ROLE_SECONDS
    if not (text.isascii() and text.isdigit()) or not shortest <= int(text) <= longest:
        raise profile.wrong("duration_seconds", f"must be {shortest} to {longest}, not {text!r}")
    return int(text)


def _tags(profile: Profile) -> dict[str, str]:
    text = profile.text("usher_session_tags") or ""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if not all(key.strip() and equals for key, equals, _ in pairs):
        raise profile.wrong("usher_session_tags", "is written as 'key = value, key = value'")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _policy(profile: Profile) -> str | None:
    text = profile.text("usher_session_policy")
    if text is None:
        return None
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError as error:
        raise profile.wrong("usher_session_policy", f"is not JSON: {error}") from None
