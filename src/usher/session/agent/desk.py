"""Where keys are handed out: to this user's own programs by profile, and to whoever holds a grant's token."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from usher.core.credentials import Credentials
from usher.core.errors import NotFoundError, UsageError
from usher.core.secrets import Secret
from usher.session.agent.audit import Audit
from usher.session.agent.endpoint import LOOPBACK, Address, Endpoint, url_of
from usher.session.agent.fields import flag_of, list_of, number_of, text_of, texts_of
from usher.session.agent.gate import RefusedError
from usher.session.agent.grants import LONGEST_SECONDS, Grant, GrantBook, Terms
from usher.session.agent.operations import Operation
from usher.session.agent.peers import Peer, ProcessWatch, process_words
from usher.session.agent.supply import CredentialSupply, Supplied, Wanted
from usher.session.vault.files import write_private

DEFAULT_GRANT_SECONDS = 8 * 3600.0
RENEW_EVERY_SECONDS = 5.0
ENDLESS_KEYS_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk needs from outside.

    `token_folder` is a private folder in memory for token files, None where there is none. `renew_ready`
    renews what the hot path serves and says how many it renewed.
    """

    clock: Callable[[], float]
    uid: int
    token_folder: Path | None
    renew_ready: Callable[[], int] = lambda: 0


class Desk:
    """Opens grants, answers the endpoint, and renews keys in the background once it is started."""

    def __init__(self, supply: CredentialSupply, surroundings: Surroundings, audit: Audit) -> None:
        self._supply = supply
        self._around = surroundings
        self._audit = audit
        self._book = GrantBook(surroundings.clock, self._note_end)
        self._endpoint = Endpoint(self._give, self._note_refusal)
        self._due, self._ended = threading.Event(), threading.Event()
        supply.wake = self._due.set

    def operations(self) -> dict[str, Operation]:
        """What the desk adds to the agent's operations."""
        return {
            "credentials": self._credentials,
            "grants.open": self._open,
            "grants.list": self._list,
            "grants.close": self._close,
            "log": lambda _request, _peer: {"events": self._audit.events()},
        }

    def _list(self, _request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        self._book.sweep()  # a grant whose process has just ended is not open any more
        return {"grants": [_shown(each) for each in self._book.all()]}

    def held(self) -> int:
        """How many grants are open."""
        return len(self._book.all())

    def told(self) -> Mapping[str, object]:
        """For `status`: grants, where the endpoint listens, and what could not be renewed."""
        return {
            "grants": self.held(),
            "endpoint": [url_of(address) for address in self._endpoint.addresses()],
            "profiles": self._supply.profiles(),
            "problems": self._supply.problems(),
        }

    def sweep(self) -> None:
        """End the grants whose time is over; called every second."""
        self._book.sweep()

    def start(self, asked: Callable[[], None]) -> None:
        """Renew in the background until `stop`; `asked` is told when the hot path's records were in use."""

        def renew() -> None:
            while not self._ended.is_set():
                self._due.wait(RENEW_EVERY_SECONDS)
                self._due.clear()
                with contextlib.suppress(OSError):  # a place that goes away meanwhile: there is a next time
                    self._supply.renew_due()
                    if self._around.renew_ready():
                        asked()

        threading.Thread(target=renew, daemon=True).start()

    def stop(self) -> None:
        """End every grant and stop serving."""
        self._ended.set()
        self._due.set()
        self._endpoint.close()
        self._book.close_all("the agent ended")

    def _credentials(self, request: Mapping[str, object], peer: Peer) -> Mapping[str, object]:
        wanted = Wanted.of(text_of(request, "profile"), texts_of(request, "environment"))
        supplied = self._supply.credentials(wanted)
        self._note_given(wanted, supplied, peer, via="socket")
        return {
            "region": supplied.region,
            "endpoint_url": supplied.endpoint_url,
            "credentials": _document(supplied.credentials, self._around.clock()),
        }

    def _open(self, request: Mapping[str, object], peer: Peer) -> Mapping[str, object]:
        wanted = Wanted.of(text_of(request, "profile"), texts_of(request, "environment"))
        seconds = number_of(request, "seconds", DEFAULT_GRANT_SECONDS)
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise UsageError(
                f"a grant lasts at most {LONGEST_SECONDS / 3600:.0f} hours, and a second at least"
            )
        port = int(number_of(request, "port", 0))
        supplied = self._supply.credentials(wanted)
        addresses = [self._endpoint.listen(host, port) for host in list_of(request, "listen") or [LOOPBACK]]
        terms = Terms(
            wanted,
            supplied.identity,
            supplied.account_id,
            supplied.role,
            self._around.clock() + seconds,
            frozenset(addresses),
            flag_of(request, "any_user"),
            supplied.organization,
        )
        process = None
        if flag_of(request, "ends_with_caller") and peer.pid is not None:
            process = ProcessWatch(peer.pid)
        grant, token = self._book.open(terms, process)
        grant.token_file = self._write_token(grant.id, token)
        self._audit.note("grant opened", grant=grant.id, **_about(terms), who=process_words(peer.pid))
        return {
            **_shown(grant),
            "token": token.reveal(),
            "token_file": str(grant.token_file) if grant.token_file else None,
            "url": url_of(addresses[0]),
            "region": supplied.region,
            "endpoint_url": supplied.endpoint_url,
        }

    def _close(self, request: Mapping[str, object], _peer: Peer) -> Mapping[str, object]:
        if flag_of(request, "all"):
            return {"closed": self._book.close_all("it was revoked")}
        if "organization" in request:
            signed_out = text_of(request, "organization")
            return {"closed": self._book.close_all("its person signed out", signed_out)}
        wanted = text_of(request, "id")
        if not self._book.close(wanted, "it was revoked"):
            raise NotFoundError(
                f"there is no grant '{wanted}'", hint="'usher agent grants' shows the open ones"
            )
        return {"closed": 1}

    def _write_token(self, grant_id: str, token: Secret) -> Path | None:
        """The file ends with the token's last character: SDKs send its bytes as they are."""
        if self._around.token_folder is None:
            return None
        path = self._around.token_folder / f"{grant_id}.token"
        write_private(path, token.reveal().encode())
        return path

    def _give(self, token: str, address: Address, peer: Peer | None) -> Mapping[str, object]:
        grant = self._book.find(token, address)
        if grant is None:
            raise RefusedError(
                403,
                "GrantNotValid",
                "this token opens nothing (any more): its grant has ended or was revoked, or the agent was "
                "restarted; 'usher agent grant PROFILE' opens a new one",
            )
        terms = grant.terms
        if peer is not None and peer.uid not in {self._around.uid, 0} and not terms.any_user:
            raise RefusedError(403, "OtherUser", "this grant is for another user of this machine")
        supplied = self._supply.credentials(terms.wanted)
        if not grant.fits(supplied):
            self._book.close(grant.id, "its profile leads elsewhere now")
            raise RefusedError(
                403,
                "GrantNotValid",
                f"the profile '{terms.wanted.profile}' means something else than when this grant was opened; "
                "'usher agent grant PROFILE' opens a new one",
            )
        self._book.used(grant)
        self._note_given(terms.wanted, supplied, peer, via=grant.id)
        return _document(supplied.credentials, self._around.clock()) | _role_arn(supplied)

    def _note_given(self, wanted: Wanted, supplied: Supplied, peer: Peer | None, via: str) -> None:
        self._audit.note(
            "keys given",
            profile=wanted.profile,
            account=supplied.account_id,
            role=supplied.role,
            expires_at=supplied.credentials.expires_at,
            via=via,
            who=process_words(peer.pid if peer else None),
        )

    def _note_refusal(self, code: str, peer: Peer | None) -> None:
        self._audit.note("request refused", reason=code, who=process_words(peer.pid if peer else None))

    def _note_end(self, grant: Grant, reason: str) -> None:
        self._audit.note("grant ended", grant=grant.id, **_about(grant.terms), reason=reason)


def _about(terms: Terms) -> dict[str, object]:
    return {"profile": terms.wanted.profile, "account": terms.account_id, "role": terms.role}


def _shown(grant: Grant) -> dict[str, object]:
    return {
        "id": grant.id,
        **_about(grant.terms),
        "expires_at": grant.terms.expires_at,
        "addresses": sorted(url_of(address) for address in grant.terms.addresses),
        "any_user": grant.terms.any_user,
        "ends_with_a_process": grant.process is not None,
        "uses": grant.uses,
        "last_used": grant.last_used,
    }


def _document(keys: Credentials, now: float) -> dict[str, object]:
    """The answer of the container-credentials protocol, whose clients want every field but the account."""
    expires_at = keys.expires_at if keys.expires_at is not None else now + ENDLESS_KEYS_SECONDS
    document: dict[str, object] = {
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.reveal(),
        "Token": keys.session_token.reveal() if keys.session_token is not None else "",
        "Expiration": datetime.fromtimestamp(int(expires_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return document | ({"AccountId": keys.account_id} if keys.account_id is not None else {})


def _role_arn(supplied: Supplied) -> dict[str, object]:
    return {"RoleArn": supplied.role_arn} if supplied.role_arn is not None else {}
