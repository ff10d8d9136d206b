"""`usher doctor`: each check on a machine where it has something to say, and the hunt for plain text."""

import json
import os
import pty
import stat
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.once  # the processes that are started do not inherit -O

STATIC = "AKIAY34FZKBOKMUTVV7A"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEYS = f"aws_access_key_id = {STATIC}\naws_secret_access_key = {SECRET}\n"
OLD_TOKEN = '{"accessToken": "hunter2", "expiresAt": "2000-01-01T00:00:00Z"}'
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::609629065308:user/me</Arn>"
    "<UserId>AIDA</UserId><Account>609629065308</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def doctor(home, *checks, code=0, **environ):
    done = home.run("doctor", *checks, "--json", **environ)
    assert done.returncode == code, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    return json.loads(done.stdout)


def one(home, check, code=0, **environ):
    (verdict,) = doctor(home, check, code=code, **environ)
    return verdict["state"], f"{verdict['words']} {verdict['fix'] or ''}"


def write(home, name, text, mode=0o600):
    path = home.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_every_check_has_its_say_and_its_fix(synced):
    words = synced.run("doctor").stdout
    for check in ("path", "clock", "proxies", "vault", "agent", "files", "shell", "aws-config", "winner"):
        assert f"  {check} " in words, words
    assert "Traceback" not in words
    assert synced.run("doctor", "nonsense").returncode == 2
    assert synced.run("doctor", "--remove").returncode == 2


def test_a_wrong_clock_is_seen_against_the_portal(mkdev, portal):
    assert one(mkdev, "clock")[0] == "good"
    portal.clock_error = 900
    state, words = one(mkdev, "clock", code=1)
    assert state == "bad"
    assert "15m behind the server's" in words
    portal.shutdown()
    portal.server_close()
    assert "cannot be asked" in one(mkdev, "clock", code=1)[1]


def test_without_an_organization_there_is_no_clock_to_compare(home):
    assert "no organization is known" in one(home, "clock")[1]


def test_the_usher_that_the_shell_finds_is_named(home, tmp_path):
    assert one(home, "path", code=1, PATH="")[0] == "bad"
    for folder in ("one", "shims"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "usher").touch()
    assert one(home, "path", PATH=str(tmp_path / "one")) == ("good", f"usher is {tmp_path}/one/usher ")
    assert "pyenv shim" in one(home, "path", PATH=str(tmp_path / "shims"))[1]
    assert "too is on the PATH" in one(home, "path", PATH=f"{tmp_path}/one:{tmp_path}/shims")[1]


def test_proxies_are_shown_without_their_passwords(home):
    assert one(home, "proxies") == ("good", "none ")
    state, words = one(home, "proxies", HTTPS_PROXY="http://me:hunter2@proxy.example:8080")
    assert state == "note"
    assert "HTTPS_PROXY=proxy.example:8080" in words
    assert "hunter2" not in words
    assert "export NO_PROXY='127.0.0.1,localhost,169.254.169.254'" in words
    exceptions = "127.0.0.1,localhost,169.254.169.254"
    assert one(home, "proxies", HTTPS_PROXY="proxy:x", NO_PROXY=exceptions)[0] == "good"
    both = doctor(home, "proxies", code=1, HTTPS_PROXY="http://a", https_proxy="http://b")
    assert both[0]["state"] == "bad"


def test_the_vault_and_the_agent_say_how_secrets_are_kept(home, bare, portal):
    assert "no OS key ring" in one(bare, "vault")[1]
    assert one(bare, "agent") == ("good", "does not run; nothing needs it now ")
    bare.ok("login", "mkdev", "--start-url", portal.url, "--region", "eu-central-1", "--device")
    assert one(bare, "agent")[0] == "good"
    assert "the agent's memory only" in one(bare, "vault")[1]
    bare.ok("agent", "stop")
    assert "usher vault move --to file" in one(bare, "agent")[1]


@pytest.mark.once
@pytest.mark.client("gnome-keyring")
def test_a_key_ring_that_could_be_used_is_pointed_out(desktop):
    assert "has an OS key ring" in one(desktop, "vault")[1]
    desktop.ok("vault", "init", USHER_VAULT="agent")
    assert "usher vault move --to os" in one(desktop, "vault")[1]
    desktop.ok("vault", "move", "--to", "os")
    assert one(desktop, "vault")[0] == "good"


def test_a_locked_key_file_is_noted(bare):
    import pyrage

    public = str(pyrage.x25519.Identity.generate().to_public())
    bare.ok("vault", "init", "--recipient", public)
    state, words = one(bare, "vault")
    assert state == "note"
    assert "usher vault unlock" in words


def test_settings_that_make_no_sense_are_a_verdict_and_not_the_end(home):
    verdicts = doctor(home, "vault", "proxies", code=1, USHER_VAULT="paper")
    assert [verdict["state"] for verdict in verdicts] == ["bad", "good"]


def test_own_files_that_others_can_read_are_named(synced):
    assert one(synced, "files")[0] == "good"
    (synced.folder / ".config/usher/organizations.json").chmod(0o644)
    state, words = one(synced, "files", code=1)
    assert state == "bad"
    assert "organizations.json" in words
    assert "chmod -R go=" in words


@pytest.mark.parametrize(
    ("shell", "file", "line"),
    [
        ("/bin/bash", ".bashrc", 'eval "$(usher shell-init bash)"'),
        ("/usr/bin/zsh", ".zshrc", 'eval "$(usher shell-init zsh)"'),
        ("/usr/bin/fish", ".config/fish/config.fish", "usher shell-init fish | source"),
    ],
)
def test_a_shell_without_the_hook_gets_the_line_to_add(home, shell, file, line):
    state, words = one(home, "shell", SHELL=shell)
    assert state == "note"
    assert f"{home.folder}/{file}: {line}" in words
    write(home, file, line + "\n")
    assert one(home, "shell", SHELL=shell)[0] == "good"


def test_other_hooks_and_other_shells_are_noted(home):
    assert "not looked into" in one(home, "shell", SHELL="/bin/ksh")[1]
    write(home, ".bashrc", "alias assume='. assume'\n")
    assert "granted" in doctor(home, "shell", SHELL="/bin/bash")[1]["words"]


def test_aws_files_that_its_tools_refuse_are_said(home):
    assert "no profile" in one(home, "aws-config")[1]
    write(home, ".aws/config", "[profile a]\nregion = x\n[profile a]\nregion = y\n")
    state, words = one(home, "aws-config", code=1)
    assert state == "bad"
    assert "config:3" in words


def test_keys_that_hide_a_credential_process_are_said(synced):
    write(synced, ".aws/credentials", f"[mkdev-staging/ReadOnlyAccess]\n{KEYS}")
    hidden, count = doctor(synced, "aws-config", code=1)
    assert "mkdev-staging/ReadOnlyAccess" in hidden["words"]
    assert count["state"] == "good"
    write(synced, ".aws/credentials", "").unlink()
    (synced.folder / ".aws/credentials").mkdir()
    assert one(synced, "aws-config")[0] == "good"


WINNERS = [
    ({}, "good", "no AWS_PROFILE, so 'default': keys in the credentials file"),
    ({"AWS_PROFILE": "mkdev-staging/ReadOnlyAccess"}, "good", "credential_process of"),
    ({"AWS_PROFILE": "nobody"}, "bad", "there is no such profile"),
    ({"AWS_PROFILE": "bare"}, "note", "no credentials"),
    ({"AWS_PROFILE": "bare", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x"}, "good", "container"),
    (
        {"AWS_PROFILE": "bare", "AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "f"},
        "note",
        "web identity of the environment wins",
    ),
    ({"AWS_ACCESS_KEY_ID": STATIC}, "note", "keys in the environment (AWS_ACCESS_KEY_ID) win"),
    ({"AWS_ACCESS_KEY_ID": STATIC, "AWS_PROFILE": "bare"}, "bad", "unset AWS_ACCESS_KEY_ID"),
]


def test_which_credentials_win_and_why(synced):
    write(synced, ".aws/credentials", f"[default]\n{KEYS}")
    with synced.config.open("a") as config:
        config.write("[profile bare]\nregion = x\n")
    for environ, state, words in WINNERS:
        found, said = one(synced, "winner", code=1 if state == "bad" else 0, **environ)
        assert (found, words in said) == (state, True), said


def test_leftovers_are_counted_and_lasting_ones_are_bad(home):
    assert one(home, "leftovers")[0] == "good"
    write(home, ".aws/sso/cache/a.json", '{"accessToken": "t", "expiresAt": "2000-01-01T00:00:00Z"}')
    assert one(home, "leftovers")[0] == "note"
    write(home, ".aws/credentials", f"[a]\n{KEYS}")
    state, words = one(home, "leftovers", code=1)
    assert state == "bad"
    assert "never expire" in words


def test_secrets_are_listed_without_being_shown_and_removed_on_consent(home):
    token = write(home, ".aws/sso/cache/a.json", OLD_TOKEN)
    credentials = write(home, ".aws/credentials", f"# mine\n[a]\n{KEYS}region = x\n", 0o644)
    done = home.run("doctor", "secrets")
    assert done.returncode == 1
    assert f"{credentials}:3" in done.stdout
    assert "AKIA…VV7A, account 609629065308" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    for wrong in (["--yes"], ["--remove"]):
        assert home.run("doctor", "secrets", *wrong).returncode == 2
    done = home.run("doctor", "secrets", "--remove", "--yes")
    assert done.returncode == 1, "a static key may be the only copy: it stays"
    assert not token.exists()
    assert SECRET in credentials.read_text()
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert home.run("doctor", "secrets", "--remove", "--yes", "--static-keys").returncode == 0
    assert credentials.read_text() == "# mine\n[a]\nregion = x\n"
    assert "No plain-text" in home.run("doctor", "secrets").stderr


def answering(home, answers, *arguments):
    """Run usher at a terminal with an answer to every question; returns exit code and the screen."""
    child, screen = pty.fork()
    if child == 0:
        os.execvpe(sys.executable, [*home.usher, *arguments], home.environ)
    seen, answers = b"", list(answers)
    while True:
        try:
            chunk = os.read(screen, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
        if answers and seen.endswith(b"[y/N] "):
            os.write(screen, answers.pop(0) + b"\n")
            seen += b"\n"
    os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode()


def test_a_person_is_asked_about_each(home):
    write(home, ".aws/credentials", f"[a]\n{KEYS}")
    kept = write(home, ".aws/sso/cache/a.json", OLD_TOKEN)
    code, screen = answering(home, [b"n", b"y", b"n"], "doctor", "secrets", "--remove")
    assert code == 1
    assert "only copy" in screen
    assert "1 removed, 1 left" in screen
    assert (home.folder / ".aws/credentials").read_text() == "[a]\n"
    assert kept.exists()


def test_a_key_that_is_still_needed_moves_into_the_vault_first(home, portal, tmp_path):
    config = write(
        home, ".aws/config", "[profile a]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:1\n"
    )
    credentials = write(home, ".aws/credentials", f"[a]\n{KEYS}")
    code, screen = answering(home, [b"y", b"n"], "doctor", "secrets", "--remove")
    assert code == 1
    assert "not moved" in screen, "AWS cannot be asked here, so the key stays where it is"
    assert SECRET in credentials.read_text()
    with sts(STATIC) as url:
        config.write_text(f"[profile a]\nregion = eu-west-1\nendpoint_url = {url}\n")
        code, screen = answering(home, [b"y"], "doctor", "secrets", "--remove")
    assert code == 0, screen
    assert "In the vault as 'a'" in screen
    assert SECRET not in credentials.read_text()
    assert "credential_process" in config.read_text()
    assert SECRET not in screen


@contextmanager
def sts(key_id):
    """An STS that knows one user by the access key id."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            known = f"Credential={key_id}/" in self.headers["Authorization"]
            self.send_response(200 if known else 403)
            body = IDENTITY.encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_what_could_not_be_removed_is_said(home):
    done = home.run(
        "doctor",
        "secrets",
        "--remove",
        "--yes",
        "--json",
        AWS_ACCESS_KEY_ID=STATIC,
        AWS_SECRET_ACCESS_KEY=SECRET,
    )
    assert done.returncode == 1
    (left,) = json.loads(done.stdout)
    assert (left["removed"], left["removal"]) == (False, "by hand")
