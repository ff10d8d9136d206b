"""The demonstration: a local AWS, a directory, the example access file applied, and settings for clients.

Opened as a context manager; leaving it stops what it started. The data folder stays where it is.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from usher.access.load import load_access_file
from usher.access.resolve import resolve_access
from usher.aws.clients import AwsKeys
from usher.core.accounts import Account
from usher.core.errors import UsageError, UsherError
from usher.core.principals import PrincipalKind
from usher.core.secrets import Secret
from usher.profiles.ways import WayIn
from usher.sandbox.client_settings import write_aws_config, write_usher_settings
from usher.sandbox.cloud import Cloud, start_cloud
from usher.sandbox.organization import SandboxOrganization, create_mkdev
from usher.sandbox.processes import DirectoryProcess, Runner
from usher.session.agent.client import AgentClient
from usher.session.agent.place import NoAgentError, agent_socket
from usher.session.directory import read_directory_card
from usher.session.http import HttpClient
from usher.session.organizations import PortalOrganization, new_organization
from usher.session.vault.files import make_private_folder, write_private

ORGANIZATION = "mkdev"
ADMIN = "admin@mkdev.example"
OPERATOR = "operator@mkdev.example"
DEVELOPER = "developer@mkdev.example"
# The native profiles carry the names people give theirs by hand: mkdev-mgmt, mkdev-staging, ...
_SHORT = {"management": "mgmt"}
EXAMPLE = Path(__file__).with_name("mkdev.yaml")


class Stage(StrEnum):
    """The steps of setting up, in order, as `timings_s` names them."""

    CLOUD = "cloud"
    ORGANIZATION = "organization"
    DIRECTORY_INIT = "directory_init"
    DIRECTORY_START = "directory_start"
    PLAN = "plan"
    APPLY = "apply"
    PASSWORDS = "passwords"
    SETTINGS = "settings"


Progress = Callable[[Stage, str], None]


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Somebody may enter an account with a permission set."""

    user_name: str
    account: str
    permission_set: str


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Where the demonstration lives: an empty folder, the directory's port, its processes' environment."""

    data: Path
    port: int
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demonstration. `plan` and `applied` are the words of the two commands."""

    cloud: Cloud
    organization: SandboxOrganization
    portal: PortalOrganization
    directory: DirectoryProcess
    entries: tuple[Entry, ...]
    passwords: Mapping[str, Secret]
    profiles: tuple[str, ...]
    plan: str
    applied: str
    timings: Mapping[str, float]
    access_file: Path
    aws_config_file: Path
    usher_home: Path

    @property
    def directory_url(self) -> str:
        """The directory's origin."""
        return self.portal.oidc_url


@contextmanager
def open_demo(
    settings: DemoSettings, progress: Progress, *, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[Demo]:
    """Set everything up, hand it over, and stop it at the end.

    Raises UsageError when the data folder is not empty, UsherError when a step fails.
    """
    _claim_folder(settings.data)
    stopwatch = _Stopwatch(progress, monotonic)
    with ExitStack() as stack:
        with stopwatch.step(Stage.CLOUD, "starting a local AWS"):
            cloud = start_cloud()
            stack.callback(cloud.stop)
        stack.callback(_end_agent, settings)
        with stopwatch.step(Stage.ORGANIZATION, "creating the organization mkdev with three accounts"):
            organization = create_mkdev(cloud)
        yield _set_up(settings, stopwatch, stack, cloud, organization)


def _end_agent(settings: DemoSettings) -> None:
    """End the agent that holds what a person signed in to here, if their commands started one."""
    place = agent_socket(settings.environ, _usher_home(settings.data) / "cache", os.getuid())
    with suppress(NoAgentError, UsherError, OSError):  # what cannot be asked any more has ended
        AgentClient(place).call("stop")


def expected_entries(text: str, organization: SandboxOrganization) -> tuple[Entry, ...]:
    """Who may enter where according to the access file `text`: groups resolved to their members."""
    accounts = [
        Account(number, name, tags={"env": name}, is_management=number == organization.management_id)
        for name, number in organization.accounts.items()
    ]
    wanted = resolve_access(load_access_file(text, EXAMPLE.name), accounts, now=datetime.now(UTC))
    entries = set()
    for assignment in wanted.assignments:
        principal = assignment.principal
        is_group = principal.kind is PrincipalKind.GROUP
        users = wanted.groups[principal.name].members if is_group else {principal.name}
        account = wanted.accounts[assignment.account_id].name
        entries |= {Entry(user, account, assignment.permission_set) for user in users}
    return tuple(sorted(entries))


def _set_up(
    settings: DemoSettings,
    stopwatch: _Stopwatch,
    stack: ExitStack,
    cloud: Cloud,
    organization: SandboxOrganization,
) -> Demo:
    # The commands' own notes (journals) belong into the data folder, not into the person's home.
    runner = Runner({**settings.environ, "USHER_HOME": str(_usher_home(settings.data))})
    desk = _DirectoryDesk(runner, settings.data, cloud, organization, f"http://127.0.0.1:{settings.port}")
    with stopwatch.step(Stage.DIRECTORY_INIT, "setting up Usher's directory"):
        admin, region = desk.initialise()
    with stopwatch.step(Stage.DIRECTORY_START, "starting the directory"):
        directory = desk.start(stack)
    access_file = settings.data / "access.yaml"
    access_file.write_text(EXAMPLE.read_text())
    as_admin = _key_variables(admin, desk.origin, region)
    with stopwatch.step(Stage.PLAN, "comparing the access file with what there is"):
        plan = desk.runner.run("access", "plan", str(access_file), **as_admin)
    with stopwatch.step(Stage.APPLY, "making it so"):
        applied = desk.runner.run("access", "apply", "--yes", str(access_file), **as_admin)
    entries = expected_entries(access_file.read_text(), organization)
    with stopwatch.step(Stage.PASSWORDS, "giving the example people a one-time password each"):
        people = dict.fromkeys(entry.user_name for entry in entries)
        passwords = {name: desk.reset_password(name) for name in people}
    with stopwatch.step(Stage.SETTINGS, "writing settings for your tools"):
        portal = _portal(desk.origin, cloud, region)
        profiles = _write_settings(settings.data, portal, organization, entries, admin)
    demo = Demo(
        cloud=cloud,
        organization=organization,
        portal=portal,
        directory=directory,
        entries=entries,
        passwords=passwords,
        profiles=profiles,
        plan=plan,
        applied=applied,
        timings=stopwatch.timings,
        access_file=access_file,
        aws_config_file=_aws_config(settings.data),
        usher_home=_usher_home(settings.data),
    )
    _write_facts(settings.data / "demo.json", demo)
    return demo


@dataclass(frozen=True, slots=True)
class _DirectoryDesk:
    """The directory's commands, with the AWS key of its own user in mkdev."""

    runner: Runner
    data: Path
    cloud: Cloud
    organization: SandboxOrganization
    origin: str

    def initialise(self) -> tuple[AwsKeys, str]:
        """The administrator's key, and the directory's region."""
        first = self._json(
            "init", "--admin", ADMIN, "--public-url", self.origin, "--region", self.organization.region
        )
        admin = AwsKeys(_text(first, "access_key_id"), Secret(_text(first, "secret_access_key")))
        return admin, _text(first, "region")

    def start(self, stack: ExitStack) -> DirectoryProcess:
        arguments = ["--data", self._store, "--listen", self.origin.partition("//")[2]]
        arguments += ["--public-url", self.origin, "--federation-url", self.cloud.federation_url]
        directory = self.runner.start_directory(arguments, self.data / "directory.log", **self._own_access)
        stack.callback(directory.stop)
        directory.wait_until_ready(self.origin)
        return directory

    def reset_password(self, user_name: str) -> Secret:
        return Secret(_text(self._json("user", "reset-password", user_name), "one_time_password"))

    def _json(self, *arguments: str) -> dict[str, object]:
        return self.runner.run_json(
            "directory", *arguments, "--data", self._store, "--json", **self._own_access
        )

    @property
    def _store(self) -> str:
        return str(self.data / "directory")

    @property
    def _own_access(self) -> dict[str, str]:
        return _key_variables(self.organization.directory_keys, self.cloud.url, self.organization.region)


def _write_settings(
    data: Path,
    portal: PortalOrganization,
    organization: SandboxOrganization,
    entries: Iterable[Entry],
    admin: AwsKeys,
) -> tuple[str, ...]:
    """Settings for Usher's client and the AWS tools, the latter with the operator's ways in."""
    write_usher_settings(_usher_home(data), portal)
    ways = [
        WayIn(
            organization.accounts[entry.account],
            _SHORT.get(entry.account, entry.account),
            entry.permission_set,
        )
        for entry in entries
        if entry.user_name == OPERATOR
    ]
    return write_aws_config(_aws_config(data), portal, ways, admin)


def _usher_home(data: Path) -> Path:
    return data / "usher"


def _aws_config(data: Path) -> Path:
    return data / "aws" / "config"


def _write_facts(path: Path, demo: Demo) -> None:
    """What another program needs to join in. Written last: when it is there, everything is up."""
    facts = {
        "directory_url": demo.directory_url,
        "start_url": demo.portal.start_url,
        "alias_start_url": demo.portal.alias_start_url,
        "region": demo.portal.region,
        "cloud_url": demo.cloud.url,
        "federation_url": demo.cloud.federation_url,
        "accounts": dict(demo.organization.accounts),
        "buckets": dict(demo.organization.buckets),
        "access_file": str(demo.access_file),
        "aws_config_file": str(demo.aws_config_file),
        "usher_home": str(demo.usher_home),
        "profiles": list(demo.profiles),
        "users": {name: password.reveal() for name, password in demo.passwords.items()},
    }
    write_private(path, json.dumps(facts, indent=2).encode() + b"\n")


def _portal(origin: str, cloud: Cloud, region: str) -> PortalOrganization:
    card = read_directory_card(HttpClient({}, time.time), origin)
    return new_organization(
        name=ORGANIZATION,
        start_url=f"{origin}/start",
        region=region,
        endpoint_url=origin,
        aws_endpoint_url=cloud.url,
        alias_start_url=card.start_url,
    )


def _key_variables(keys: AwsKeys, endpoint_url: str, region: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def _claim_folder(folder: Path) -> None:
    make_private_folder(folder)
    if any(folder.iterdir()):
        raise UsageError(
            f"the data folder {folder} is not empty",
            hint="a demonstration's cloud lives in memory, so each one starts in an empty folder",
        )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise UsherError(f"the directory's set-up did not say '{name}'")
    return value


class _Stopwatch:
    def __init__(self, progress: Progress, monotonic: Callable[[], float]) -> None:
        self.timings: dict[str, float] = {}
        self._progress = progress
        self._monotonic = monotonic

    @contextmanager
    def step(self, stage: Stage, words: str) -> Iterator[None]:
        self._progress(stage, words)
        began = self._monotonic()
        yield
        self.timings[stage.value] = round(self._monotonic() - began, 3)
