"""The scripts that run while an image is built: plain sh, for bases with apt, apk or dnf."""

from __future__ import annotations

FOLDER = "/opt/toolkit/steps"
CERTIFICATES = "/opt/toolkit/certificates"
BUNDLE = "/opt/toolkit/ca-bundle.pem"
"""In the image: the system's list of CAs, wherever the distribution keeps it."""

TRUST = f"""\
#!/bin/sh
# Makes the system trust the CA certificates of the environment and of the site.
# Runs before anything is downloaded, and again once the distribution's own tool for it is there.
set -eu
from={CERTIFICATES}
[ -d "$from" ] || exit 0
if command -v update-ca-certificates >/dev/null 2>&1; then
    mkdir -p /usr/local/share/ca-certificates
    cp "$from"/*.crt /usr/local/share/ca-certificates/
    update-ca-certificates
elif command -v update-ca-trust >/dev/null 2>&1; then
    cp "$from"/*.crt /etc/pki/ca-trust/source/anchors/
    update-ca-trust extract
else
    mkdir -p /etc/ssl/certs
    cat "$from"/*.crt >>/etc/ssl/certs/ca-certificates.crt
fi
"""

REQUIRE = f"""\
#!/bin/sh
# Adds what is missing, and only that. Without an argument: what a session's runner needs.
# `apt NAME...`: these packages. `pip`, `npm`: that installer.
set -eu

fail() {{
    echo "toolkit: $*" >&2
    exit 1
}}

with_apt() {{ # names
    export DEBIAN_FRONTEND=noninteractive
    # A mirror that stalls is asked again rather than waited for.
    patience='-o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30'
    apt-get $patience update
    apt-get $patience install -y --no-install-recommends -- "$@"
    apt-get clean
    rm -rf /var/lib/apt/lists/*
}}

install() {{ # apt names, apk names, dnf names
    if command -v apt-get >/dev/null 2>&1; then
        with_apt $1
    elif command -v apk >/dev/null 2>&1; then
        apk add --no-cache $2
    elif command -v dnf >/dev/null 2>&1; then
        dnf install -y --setopt=install_weak_deps=False $3
        dnf clean all
    elif command -v microdnf >/dev/null 2>&1; then
        microdnf install -y $3
        microdnf clean all
    else
        fail "this base lacks $1 and has none of apt-get, apk and dnf to add it: choose another image.base"
    fi
}}

full_python() {{
    python3 -c 'import json, select, ssl, subprocess, sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null
}}

bundle() {{
    for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        [ ! -s "$file" ] || {{ echo "$file"; return; }}
    done
}}

case "${{1:-runner}}" in
runner)
    missing=
    command -v bash >/dev/null 2>&1 || missing="$missing bash"
    command -v git >/dev/null 2>&1 || missing="$missing git"
    full_python || missing="$missing python3"
    command -v update-ca-certificates >/dev/null 2>&1 || command -v update-ca-trust >/dev/null 2>&1 ||
        missing="$missing ca-certificates"
    [ -z "$missing" ] || install "$missing" "$missing" "$missing"
    full_python || fail "this base has no python3 of 3.9 or newer with its whole standard library"
    sh {FOLDER}/trust
    ln -sf "$(bundle)" {BUNDLE}
    ;;
apt)
    command -v apt-get >/dev/null 2>&1 || fail "image.packages.apt needs a base with apt-get"
    shift
    with_apt "$@"
    ;;
pip)
    python3 -m pip --version >/dev/null 2>&1 || install python3-pip py3-pip python3-pip
    ;;
npm)
    command -v npm >/dev/null 2>&1 || install "nodejs npm" "nodejs npm" "nodejs npm"
    ;;
esac
"""
