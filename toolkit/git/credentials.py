"""How the real remote is opened, found on this host when a session starts, from what the user's own git uses.

It goes into the git gateway's folder and nowhere else. For http(s) in this order: `toolkit.tokenFile` and
`http.extraHeader` of the git configuration (both may be given for one address), the address itself, the credential
helpers. For ssh: the user's agent, lent by its socket, where the engine runs on this host.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from toolkit import process
from toolkit.errors import ToolkitError
from toolkit.git import addresses, asking

_SECONDS = 30.0
_STAY = "what the session pushes stays in its git gateway, and teleport brings it"
_LOOPBACK = re.compile(r"localhost|.*\.localhost|127\.[0-9.]+|::1|0\.0\.0\.0", re.IGNORECASE)
_DETOURS = {"proxyjump": "ProxyJump", "proxycommand": "ProxyCommand"}
_SSH_KEYS = ("hostname", "port", "user", "hostkeyalias")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`address`: what git gets inside the gateway, without a credential; empty: there is no way to the remote.

    `shown`: the same for people. `login`: `username=…` and `password=…` lines, empty for none. `headers`: whole lines.
    `ssh`: options of ssh's configuration; `known_hosts`: lines of such a file. `agent`: the agent's socket here.
    `folder`: a remote that is a folder here. `owner`: the user id that reaches all that. `trouble`: what will not work,
    in words.
    """

    address: str = ""
    shown: str = ""
    login: str = field(default="", repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)
    ssh: tuple[tuple[str, str], ...] = ()
    known_hosts: str = ""
    agent: str = ""
    folder: str = ""
    owner: int | None = None
    trouble: str = ""


def resolve(remote: str, *, top: Path | None, local_engine: bool) -> Access:
    """Find what opens `remote` (empty: there is none). Nobody is asked anything."""
    if not remote:
        return Access()
    address = addresses.parse(remote)
    if address.scheme == "path":
        return _folder(address, local_engine=local_engine)
    if address.scheme == "ssh":
        return _ssh(address, local_engine=local_engine)
    shown = addresses.shown(remote)
    if address.scheme not in {"http", "https"}:
        return Access(address=shown, shown=shown)
    if _LOOPBACK.fullmatch(address.host):
        return Access(shown=shown, trouble=f"{shown} is this machine itself, which no gateway reaches: {_STAY}")
    headers = tuple(_settings(top, "http.extraHeader", shown))
    login = _token(top, shown) or _from_address(remote)
    if not login and not any(one.lower().startswith("authorization:") for one in headers):
        login = _helper(top, address)
    return Access(address=shown, shown=shown, login=login, headers=headers)


def variables(remote: str, *, top: Path | None) -> dict[str, str]:
    """What lets a git of this host open `remote` as the gateway will, where only `toolkit.tokenFile` says how."""
    address = addresses.parse(remote)
    login = _token(top, addresses.shown(remote)) if address.scheme in {"http", "https"} else ""
    if not login:
        return {}
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    helper = '!f() { test "$1" = get && printf %s "$TOOLKIT_LOGIN"; }; f'
    found = {"GIT_CONFIG_COUNT": str(count + 2), "TOOLKIT_LOGIN": login}
    for number, value in enumerate(("", helper), start=count):  # an empty one forgets the user's other helpers
        found |= {f"GIT_CONFIG_KEY_{number}": "credential.helper", f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _folder(address: addresses.Address, *, local_engine: bool) -> Access:
    folder = Path(address.path).resolve()
    if not local_engine:
        trouble = f"{folder} is a folder of this machine, which the engine's cannot reach: {_STAY}"
        return Access(shown=str(folder), trouble=trouble)
    if not folder.is_dir():
        return Access(shown=str(folder), trouble=f"the remote {folder} does not exist: {_STAY}")
    return Access(address="/upstream", shown=str(folder), folder=str(folder), owner=folder.stat().st_uid)


def _ssh(address: addresses.Address, *, local_engine: bool) -> Access:
    """As ssh itself understands the host: aliases, user and port come from its configuration."""
    if process.which("ssh") is None:
        return Access(shown=addresses.shown(address.text), trouble=f"ssh is not installed here: {_STAY}")
    told = process.run(("ssh", "-G", "--", address.host), timeout=_SECONDS, check=False).stdout
    words = dict(line.split(" ", 1) for line in told.splitlines() if " " in line)
    options = {key: words[key] for key in _SSH_KEYS if words.get(key)}
    if address.user:
        options["user"] = address.user
    if address.port:
        options["port"] = str(address.port)
    socket = os.environ.get("SSH_AUTH_SOCK", "")
    trouble = _ssh_trouble(words, options.get("hostname", address.host), socket, local_engine=local_engine)
    if trouble:
        return Access(shown=addresses.shown(address.text), trouble=trouble)
    return Access(
        address=f"ssh://remote/{address.path}" if "://" in address.text else f"remote:{_after_host(address.text)}",
        shown=addresses.shown(address.text),
        ssh=tuple(options.items()),
        known_hosts=_known_hosts(words, options),
        agent=socket,
        owner=Path(socket).stat().st_uid,
    )


def _ssh_trouble(words: dict[str, str], host: str, socket: str, *, local_engine: bool) -> str:
    """Why the gateway cannot go this way; empty: it can."""
    if not local_engine:
        return f"the engine runs elsewhere, and an ssh agent is lent to this machine's engine only: {_STAY}"
    for key, called in _DETOURS.items():
        if words.get(key, "none") != "none":
            detour = f"{called} {words[key]}"
            return f"ssh reaches {host} by a detour here ({detour}), which a git gateway does not go: {_STAY}"
    if not socket or not Path(socket).exists():
        return f"no ssh agent runs here (ssh-add -l says so): {_STAY}"
    return ""


def _after_host(text: str) -> str:
    """The path of scp's form: from the home folder, or absolute."""
    return text.partition("]:")[2] or text.partition(":")[2]


def _known_hosts(words: dict[str, str], options: dict[str, str]) -> str:
    """The keys that this user's ssh knows for the host, under the name that the gateway's ssh will use."""
    name, port = options.get("hostname", ""), options.get("port", "22")
    name = options.get("hostkeyalias", name)
    asked = name if port == "22" else f"[{name}]:{port}"
    files = f"{words.get('userknownhostsfile', '')} {words.get('globalknownhostsfile', '')}".split()
    found = []
    for file in files:
        done = process.run(
            ("ssh-keygen", "-F", asked, "-f", str(Path(file).expanduser())), timeout=_SECONDS, check=False
        )
        found += [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
    return "".join(f"remote {line.split(' ', 1)[1]}\n" for line in found if " " in line and not line.startswith("@"))


def _settings(top: Path | None, key: str, url: str) -> list[str]:
    """The values of a git setting for this address, with all the configuration's own rules of matching."""
    done = asking.git(top, "config", "--get-urlmatch", key, url, check=False)
    return [line for line in done.stdout.splitlines() if line]


def _token(top: Path | None, url: str) -> str:
    """From the file that `toolkit.tokenFile` names: the token alone."""
    named = _settings(top, "toolkit.tokenFile", url)
    if not named:
        return ""
    file = Path(named[-1]).expanduser()
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ToolkitError(
            f"the token file {file} (toolkit.tokenFile) can't be read: {error}", hint="nothing was started"
        ) from error
    return _login("x-access-token", token)


def _from_address(remote: str) -> str:
    parts = urlsplit(remote)
    if not parts.password:
        return ""
    return _login(unquote(parts.username or ""), unquote(parts.password))


def _helper(top: Path | None, address: addresses.Address) -> str:
    """What the user's credential helpers say; nothing where they know nothing."""
    host = f"{address.host}:{address.port}" if address.port else address.host
    question = [f"protocol={address.scheme}", f"host={host}", f"path={address.path}"]
    question += [f"username={address.user}"] if address.user else []
    # git's own prompt is off and an askpass program would be one: a person is not there to be asked
    done = asking.git(
        top,
        "credential",
        "fill",
        stdin="\n".join([*question, "", ""]),
        check=False,
        variables={"GIT_ASKPASS": "", "SSH_ASKPASS": ""},
        timeout=_SECONDS,
    )
    answer = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return _login(answer.get("username", ""), answer["password"]) if answer.get("password") else ""


def _login(user: str, password: str) -> str:
    if any(one in user + password for one in "\n\r\0"):
        raise ToolkitError("the credential of the remote holds a line break", hint="nothing was started")
    return f"username={user}\npassword={password}\n"
