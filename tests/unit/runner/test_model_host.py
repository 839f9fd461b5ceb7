"""Whether the agent can reach its model, asked of a gateway that is a small working fake on the loopback."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from toolkit.runner.model_host import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "model.example.net"
DENIED = b"HTTP/1.1 407 x\r\nX-Deny-Reason: host_not_allowed\r\nContent-Length: 3\r\n\r\nno\n"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class FakeGateway:
    """Takes one connection, answers its head in two pieces, and speaks TLS as the model where it has a certificate."""

    def __init__(self, answer: bytes, certificate: Path | None) -> None:
        self.asked = ""
        self._answer, self._certificate = answer, certificate
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def order(self) -> dict[str, object]:
        return {"address": "127.0.0.1", "port": self._server.getsockname()[1]}

    def close(self) -> None:
        with socket.create_connection(self._server.getsockname()):  # nobody asked: let it go
            self._thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        plug, _ = self._server.accept()
        with plug:
            plug.settimeout(10)
            self.asked = plug.recv(4096).decode()
            for piece in (self._answer[:5], self._answer[5:]):
                plug.sendall(piece)
            if self._certificate is not None:
                self._greet(plug, self._certificate)

    def _greet(self, plug: socket.socket, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        try:
            context.wrap_socket(plug, server_side=True).close()
        except OSError:  # the client does not trust it
            return


@contextmanager
def gateway(answer: bytes, certificate: Path | None = None) -> Iterator[FakeGateway]:
    found = FakeGateway(answer, certificate)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "model.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=x", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "model.pem.crt").read_text())
    return path


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (f"https://{HOST}/v1", f"CONNECT {HOST}:443 HTTP/1.1\r\n"),
        (f"https://{HOST}:8443", f"CONNECT {HOST}:8443 HTTP/1.1\r\n"),
        (f"http://{HOST}:8080/v1", f"HEAD http://{HOST}:8080/ HTTP/1.1\r\n"),
    ],
)
def test_a_host_that_the_policy_refuses_is_told_with_what_mends_it(address: str, asked: str) -> None:
    with gateway(DENIED) as found:
        said = refusal(address, found.order, "localhost", "web")
    assert said == (
        f"the agent needs {HOST}, and the policy of environment 'web' does not allow it: add it to network.allow"
    )
    assert found.asked.startswith(asked)


def test_a_certificate_that_is_trusted_passes(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate) + ".crt")
    with gateway(CONNECTED, certificate) as found:
        assert refusal(f"https://{HOST}", found.order, "", "web") == ""


def test_a_certificate_that_is_not_trusted_is_told(certificate: Path) -> None:
    with gateway(CONNECTED, certificate) as found:
        said = refusal(f"https://{HOST}", found.order, "", "web")
    assert said.startswith(f"the agent needs {HOST}, whose certificate is not trusted here (self")
    assert "site.ca_certificates" in said


@pytest.mark.parametrize("answer", [b"HTTP/1.1 503 x\r\n\r\n", b"HTTP/1.1 407 other proxy\r\n\r\n", b"", CONNECTED])
def test_what_is_no_refusal_of_the_policy_is_left_to_the_agent(answer: bytes) -> None:
    """A host that is down, a proxy of somebody else's, a tunnel that breaks off."""
    with gateway(answer) as found:
        assert refusal(f"https://{HOST}", found.order, "", "web") == ""


@pytest.mark.parametrize(
    ("address", "order", "no_proxy"),
    [
        ("", {"address": "127.0.0.1", "port": 1}, ""),
        ("not an address", {"address": "127.0.0.1", "port": 1}, ""),
        (f"https://{HOST}", {}, ""),
        (f"https://{HOST}", {"address": "127.0.0.1", "port": 1}, f"localhost, {HOST}"),
        (f"https://{HOST}", {"address": "127.0.0.1", "port": 1}, ""),  # nobody listens
        (f"https://{HOST}:port", {"address": "127.0.0.1", "port": 1}, ""),
    ],
)
def test_who_needs_no_gateway_or_finds_none_goes_on(address: str, order: dict[str, object], no_proxy: str) -> None:
    assert refusal(address, order, no_proxy, "web") == ""
