"""The peer that stands in for the outside: its name server gives its own address for every name, and it answers http.

Each line on stdout is what reached it: a JSON object with `what` (query, request, connection) and the name.
"""

from __future__ import annotations

import http.server
import json
import socket
import struct
import sys
import threading

SAYING = threading.Lock()


def say(what, name):
    with SAYING:
        print(json.dumps({"what": what, "name": name}), flush=True)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        say("request", self.headers.get("Host", ""))
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


threading.Thread(target=names, args=(sys.argv[1],), daemon=True).start()
server = http.server.ThreadingHTTPServer(("", 80), Answer)
say("ready", "")
server.serve_forever()
