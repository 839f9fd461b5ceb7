"""The peer that stands in for the outside: its name server gives its own address for every name, and it answers http.

By https it does so too, with a certificate that vouches for itself. Arguments: its address, then the hosts that the
certificate is for. Each line on stdout is a JSON object: `what` (query, request, secure) and `name` say what reached
it, `headers` those of a request in pairs; or it is `ready`, with the certificate.
"""

from __future__ import annotations

import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

SAYING = threading.Lock()


def say(what, name, **more):
    with SAYING:
        print(json.dumps({"what": what, "name": name, **more}), flush=True)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        what = "secure" if isinstance(self.connection, ssl.SSLSocket) else "request"
        say(what, self.headers.get("Host", ""), headers=self.headers.items())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


def names(own):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("", 53))
        while True:
            query, sender = plug.recvfrom(512)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
                at += query[at] + 1
            kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
            say("query", ".".join(labels).lower())
            count = b"\0\1" if kind == 1 else b"\0\0"
            answer = query[:2] + b"\x81\x80\0\1" + count + b"\0\0\0\0" + query[12 : at + 5]
            if kind == 1:
                answer += b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(own)
            plug.sendto(answer, sender)


def certificate(hosts, folder):
    """The files of certificate and key; whoever trusts the certificate itself trusts it for these hosts."""
    pem, key = os.path.join(folder, "pem"), os.path.join(folder, "key")
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/O=toolkit/CN=toolkit verification",
        "-addext", "subjectAltName=" + ",".join("DNS:" + one for one in hosts or ["toolkit-verify.example.com"]),
        "-keyout", key, "-out", pem,
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    return pem, key


def answering_https(hosts):
    """Its certificate's text, when it does; the handshake is made where the request is read, so that none waits."""
    with tempfile.TemporaryDirectory() as folder:
        pem, key = certificate(hosts, folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        with open(pem, encoding="ascii") as file:
            text = file.read()
    secure = http.server.ThreadingHTTPServer(("", 443), Answer)
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    return text


threading.Thread(target=names, args=(sys.argv[1],), daemon=True).start()
server = http.server.ThreadingHTTPServer(("", 80), Answer)
say("ready", "", certificate=answering_https(sys.argv[2:]))
server.serve_forever()
