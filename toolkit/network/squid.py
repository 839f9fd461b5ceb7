"""A policy as Squid's configuration: pure, and the same rules in the same order as `decide`.

Facts about Squid that shape it (verified on 5.7):
- A refused CONNECT on a port that bumps is answered 200 and then bumped to show its page, unless the page is sent
  with status 407.
- Names are asked before addresses, so that a refused name is never looked up: a look-up is a way out.
- `ssl_bump` opens a tunnel when a rule cannot be answered, so lists stand before the helper that compares names.
- `dstdomain` with `-n` never looks an address up backwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.gateway import GatewayFile
from toolkit.model.policy import ANY_ADDRESS, ANY_SINGLE_LABEL, RuleKind
from toolkit.network import squid_pages
from toolkit.network.squid_names import name_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from toolkit.model.gateway import GatewayAddresses, SecretHeader
    from toolkit.model.policy import Policy

FOLDER = "/gateway"
"""Where the files lie inside the gateway."""

PORT = 3128
OWNER = 13
"""The user and group id of Squid in Debian's package: who may read what holds secrets."""

_RUN = "/run/gateway"
_AUTHORITIES = "authorities.pem"
_NAMED = (RuleKind.SECRET, RuleKind.ALLOW, RuleKind.PRESET, RuleKind.REGISTRY)
_PLAIN = (RuleKind.SECRET,)
_METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT"

_NAME = r"^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}\.?$"
"""A host as declarations may name one; single labels, numbers and colons are refused as addresses."""

_FIXED = f"""\
visible_hostname toolkit-gateway
pid_filename none
cache_log /dev/null
cache deny all
cache_mem 0
via off
forwarded_for delete
client_db off
pinger_enable off
icon_directory /usr/share/squid/icons
mime_table /dev/null
error_directory {_RUN}/pages
coredump_dir {_RUN}
workers 1
max_filedescriptors 16384
memory_pools off
shutdown_lifetime 1 second
request_start_timeout 20 seconds
request_timeout 1 minute
read_timeout 30 minutes
client_lifetime 1 day
connect_timeout 20 seconds
forward_timeout 30 seconds
dns_timeout 10 seconds
positive_dns_ttl 1 minute
negative_dns_ttl 1 second
half_closed_clients off
request_header_max_size 64 KB
reply_header_max_size 64 KB
strip_query_terms on
uri_whitespace deny
global_internal_static off
http_upgrade_request_protocols websocket allow all
http_upgrade_request_protocols OTHER deny all
tls_outgoing_options options=NO_SSLv3,NO_TLSv1,NO_TLSv1_1
on_unsupported_protocol respond all
reply_header_access Alt-Svc deny all
reply_header_access X-Cache deny all
reply_header_access X-Cache-Lookup deny all
"""

_LOG = (
    '{"n":%sn,"t":%ts.%03tu,"ms":%tr,"method":"%#rm","scheme":"%#>rs","host":"%#>rd","port":"%>rP",'
    '"policy":"%#{policy}note","bump":"%ssl::bump_mode","sni":"%#ssl::>sni","status":%>Hs,"result":"%Ss",'
    '"in":%<st,"out":%>st,"client":%>p,"error":"%#err_code"}'
)


def squid_files(
    policy: Policy,
    addresses: GatewayAddresses,
    headers: Sequence[SecretHeader],
    *,
    environment: str,
    authorities: bytes = b"",
) -> tuple[GatewayFile, ...]:
    """Squid's configuration and all that it names, below `FOLDER`.

    `headers` must cover the policy's secrets; what they hold is in the one file that only Squid's user may read.
    `authorities`: certificates in PEM form that hosts with a secret may show beside those that the image trusts.
    """
    lists = {kind: policy.patterns(kind) for kind in (RuleKind.DENY, *_NAMED)}
    lists[RuleKind.ADDRESS] = tuple(
        one for one in policy.patterns(RuleKind.ADDRESS) if one not in {ANY_ADDRESS, ANY_SINGLE_LABEL}
    )
    lines = [
        *_port(addresses, bumps=bool(headers)),
        _FIXED,
        *_acls(addresses, lists),
        *squid_pages.marks(),
        *_refusals(policy),
        *_grants(policy),
        *_tunnels(policy, lists, secrets=bool(headers)),
        f"logformat audit {_LOG}",
        "access_log stdio:/dev/stdout logformat=audit",
        *([f"tls_outgoing_options cafile={FOLDER}/{_AUTHORITIES}"] if authorities else []),
        *([f"include {FOLDER}/secrets.conf"] if headers else []),
        "",
    ]
    return (
        GatewayFile(path="squid.conf", content="\n".join(lines).encode()),
        *_list_files(lists),
        *squid_pages.pages(policy, environment=environment),
        *([GatewayFile(path=_AUTHORITIES, content=authorities)] if authorities else []),
        *([_secrets_file(headers)] if headers else []),
    )


def _port(addresses: GatewayAddresses, *, bumps: bool) -> Iterator[str]:
    """Only secrets need certificates of our own making; a tunnel that is looked at is never opened for that."""
    how = "generate-host-certificates=on dynamic_cert_mem_cache_size=1MB" if bumps else "generate-host-certificates=off"
    yield f"http_port {addresses.gateway}:{PORT} ssl-bump {how} tls-cert={_RUN}/ca.pem tls-key={_RUN}/ca.key"
    if bumps:
        yield f"sslcrtd_program /usr/lib/squid/security_file_certgen -s {_RUN}/certificates -M 4MB"
        yield "sslcrtd_children 2 startup=1 idle=1"


def _acls(addresses: GatewayAddresses, lists: dict[RuleKind, tuple[str, ...]]) -> Iterator[str]:
    yield f"acl session src {addresses.session}/32"
    yield "acl p80 port 80"
    yield "acl p443 port 443"
    yield "acl plain proto HTTP"
    yield "acl secure connections_encrypted"
    yield f"acl usual method {_METHODS}"
    yield "acl userinfo urllogin ."
    yield "acl odd url_regex [[:cntrl:]\\\\]"
    yield "acl colon dstdom_regex -n :"
    yield r"acl numeric dstdom_regex -n -i (^|\.)([0-9]+|0x[0-9a-f]*)\.?$"
    yield r"acl single dstdom_regex -n ^[^.]+\.?$"
    yield rf"acl wellformed dstdom_regex -n -i {_NAME}"
    for network in addresses.refused:
        yield f"acl private dst {network}"
    helper = f"/usr/bin/mawk -W interactive -f {FOLDER}/same-name.awk"
    children = "children-max=4 children-startup=1 children-idle=1 ttl=0 negative_ttl=0"
    yield f"external_acl_type same_name {children} %ssl::>sni %>rd {helper}"
    yield "acl same_name external same_name"
    yield "acl step1 at_step SslBump1"
    for kind, patterns in lists.items():
        if patterns:
            yield from _list_acls(kind, patterns)


def _list_acls(kind: RuleKind, patterns: Iterable[str]) -> Iterator[str]:
    """`kind` for the name that is asked for, `kind_sni` for the one that TLS names; apexes are taken out again."""
    for name, what in ((f"{kind}", "dstdomain -n"), (f"{kind}_sni", "ssl::server_name")):
        listed = f'acl {name}_names {what} "{FOLDER}/lists/{kind}"'
        yield listed
        if name_lists(patterns).apexes:
            yield f'acl {name}_apexes {what} "{FOLDER}/lists/{kind}-apexes"'
            yield f"acl {name} all-of {name}_names !{name}_apexes"
        else:
            yield f"acl {name} all-of {name}_names"


def _refusals(policy: Policy) -> Iterator[str]:
    """In the order of `RuleKind`. The names that may pass come before the addresses that they lead to."""
    yield "http_access deny !session"
    yield from _refuse(RuleKind.MALFORMED, "userinfo")
    yield from _refuse(RuleKind.MALFORMED, "odd")
    yield from _refuse(RuleKind.MALFORMED, "!wellformed", "!colon", "!numeric", "!single")
    yield from _refuse(RuleKind.MALFORMED, "!usual")
    yield from _refuse(RuleKind.MALFORMED, "manager")
    if policy.patterns(RuleKind.SCHEME):  # where nothing passes, neither scheme nor port is asked
        yield from _refuse(RuleKind.SCHEME, "!CONNECT", "!plain", "!secure")
    yield from _refuse(RuleKind.MALFORMED, "secure", "!same_name")
    if policy.patterns(RuleKind.DENY):
        yield from _refuse(RuleKind.DENY, "deny")
    for condition in ("colon", "numeric", "address", "single"):
        yield from _refuse(RuleKind.ADDRESS, condition)
    if policy.patterns(RuleKind.PORT):
        yield from _refuse(RuleKind.PORT, "CONNECT", "!p443")
        yield from _refuse(RuleKind.PORT, "!CONNECT", "!secure", "!p80")
        yield from _refuse(RuleKind.PORT, "!CONNECT", "secure", "!p443")
    if policy.patterns(RuleKind.SECRET):
        yield from _refuse(RuleKind.SECRET, "!CONNECT", "!secure", "secret")


def _refuse(kind: RuleKind, *conditions: str) -> Iterator[str]:
    words = " ".join(conditions)
    if "!CONNECT" not in conditions:
        yield f"http_access deny {words}{'' if 'CONNECT' in conditions else ' CONNECT'} refuses_{kind}_tunnel"
    if "CONNECT" not in conditions:
        yield f"http_access deny {words} refuses_{kind}"


def _grants(policy: Policy) -> Iterator[str]:
    named = [kind for kind in _NAMED if policy.patterns(kind)]
    if RuleKind.LEVEL not in {one.kind for one in policy.rules}:
        if named:
            yield f"acl named any-of {' '.join(named)}"
        yield from _refuse(RuleKind.DEFAULT, "!named" if named else "all")
    yield from _refuse(RuleKind.ADDRESS, "private")
    for kind in named:
        yield f"http_access allow {kind} allows_{kind}"
    if RuleKind.LEVEL in {one.kind for one in policy.rules}:
        yield "http_access allow all allows_level"
    yield "http_access deny all"


def _tunnels(policy: Policy, lists: dict[RuleKind, tuple[str, ...]], *, secrets: bool) -> Iterator[str]:
    """What is inside an allowed CONNECT must be TLS for the same name; only hosts with a secret are opened."""
    yield "ssl_bump peek step1"
    if lists[RuleKind.DENY]:
        yield "ssl_bump terminate deny_sni"
    named = [f"{kind}_sni" for kind in _NAMED if lists[kind]]
    if RuleKind.LEVEL not in {one.kind for one in policy.rules}:
        if named:
            yield f"acl named_sni any-of {' '.join(named)}"
        yield f"ssl_bump terminate {'!named_sni' if named else 'all'}"
    yield "ssl_bump terminate !same_name"
    if secrets:
        yield "ssl_bump bump secret secret_sni"
    yield "ssl_bump splice same_name"
    yield "ssl_bump terminate all"


def _list_files(lists: dict[RuleKind, tuple[str, ...]]) -> Iterator[GatewayFile]:
    for kind, patterns in lists.items():
        made = name_lists(patterns)
        for name, lines in ((f"{kind}", made.names), (f"{kind}-apexes", made.apexes)):
            if lines:
                yield GatewayFile(path=f"lists/{name}", content=("\n".join(lines) + "\n").encode())
    yield GatewayFile(path="same-name.awk", content=_SAME_NAME.encode())


_SAME_NAME = r"""# A question a line: the name in the TLS hello, the one asked for. Absent is "-", and never the same.
{
    sni = tolower($1); asked = tolower($2)
    sub(/\.$/, "", sni); sub(/\.$/, "", asked)
    print (sni != "-" && sni != "" && sni == asked) ? "OK" : "ERR"
    fflush()
}
"""


def _secrets_file(headers: Sequence[SecretHeader]) -> GatewayFile:
    """The client's own header is dropped, ours is added: only for https, and only where both names are the host's."""
    lines: list[str] = []
    for index, one in enumerate(headers):
        name = f"secret{index}"
        hosts = " ".join(sorted(set(one.hosts)))
        lines += [
            f"acl {name}_host dstdomain -n {hosts}",
            f"acl {name}_sni ssl::server_name {hosts}",
            f"acl {name} all-of secure {name}_host {name}_sni",
            f"request_header_access {one.header} deny {name}",
            f"request_header_add {one.header} {_quoted(one.value)} {name}",
        ]
    return GatewayFile(path="secrets.conf", content=("\n".join(lines) + "\n").encode(), mode=0o600)


def _quoted(value: str) -> str:
    """As Squid reads a quoted value: backslash escapes, and `%` begins a format code."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
