"""A forge: `git http-backend` behind http and https with passwords, and a real sshd for the user `git`.

Its folder /forge holds cert.pem, leaf.key, key.pub (whose key opens ssh) and users.json: name → password and the
repositories that it opens. users.json is read at each request, so that rights come and go while the forge runs.
Repositories lie in /srv/git, which is the home of `git`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

FOLDER = Path("/forge")
HOME = Path("/srv/git")
SECONDS = 120
AS_GIT: dict[str, Any] = {"user": "git", "group": "git", "extra_groups": []}
SSHD = (
    *("/usr/sbin/sshd", "-D", "-e", "-o", "PasswordAuthentication=no", "-o", "PermitRootLogin=no"),
    *("-o", "AuthorizedKeysFile=/etc/ssh/keys-of-git", "-o", "StrictModes=no", "-o", "MaxStartups=100"),
)


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that http.server gives it
        """Nothing: the repositories themselves are the witness."""

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def serve(self) -> None:
        body = self.body()
        user = self.user()
        if not user:
            text = b"who are you?\n"
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return
        parts = urlsplit(self.path)
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(HOME),
            "GIT_PROJECT_ROOT": str(HOME),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": unquote(parts.path),
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": user,
            "REMOTE_ADDR": self.client_address[0],
        }
        argv = ("git", "http-backend")
        with subprocess.Popen(argv, env=variables, stdin=body, stdout=subprocess.PIPE, **AS_GIT) as backend:
            assert backend.stdout
            self.relay(backend.stdout)

    def user(self) -> str:
        """Whose password it is, where that user may have the repository; empty: nobody's."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        name, _, password = base64.b64decode(value).decode().partition(":") if kind == "Basic" else ("", "", "")
        known = json.loads((FOLDER / "users.json").read_text(encoding="utf-8")).get(name)
        wanted = urlsplit(self.path).path.lstrip("/").partition(".git/")[0]
        return name if known and known["password"] == password and wanted in known["repositories"] else ""

    def body(self) -> IO[bytes]:
        found = tempfile.TemporaryFile()  # noqa: SIM115 -- it lives as long as the program that reads it
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().strip() or b"0", 16):
                found.write(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            found.write(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        found.seek(0)
        return found

    def relay(self, stream: IO[bytes]) -> None:
        status, headers = 200, []
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while chunk := stream.read(1 << 16):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")


def main() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    if subprocess.run(("id", "git"), capture_output=True, timeout=SECONDS, check=False).returncode:
        run("useradd", "--home-dir", str(HOME), "--shell", "/bin/sh", "git")
        run("git", "config", "--system", "safe.directory", "*")
        run("ssh-keygen", "-A")
    shutil.copy(FOLDER / "key.pub", "/etc/ssh/keys-of-git")
    Path("/etc/ssh/keys-of-git").chmod(0o644)
    shutil.chown(HOME, "git", "git")
    Path("/run/sshd").mkdir(exist_ok=True)
    subprocess.Popen(SSHD)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "cert.pem", FOLDER / "leaf.key")
    plain, secure = ThreadingHTTPServer(("", 80), Answer), ThreadingHTTPServer(("", 443), Answer)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    secure.serve_forever()


def run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, timeout=SECONDS)


if __name__ == "__main__":
    main()
