"""Which certificates of a host count as its own."""

from __future__ import annotations

from toolkit.provision.host_trust import beyond, host_certificates

ONE = """\
-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUZOK3+6nLSyXUKI3K9BJzKPm1g5QwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUb25lLmV4YW1wbGUuY29tIHJvb3QwIBcNMjYxMTIyMTkxODEx
WhgPMjEyNjEwMjkxOTE4MTFaMB8xHTAbBgNVBAMMFG9uZS5leGFtcGxlLmNvbSBy
b290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdeLPcxQqZon4j5U/H4xHDSYk
GJXi80fgP6qfBTZOhL/g2RDtbl2SEqi0vk6EKuD5hpSPZ151WHfrTEw9zV3nYqNT
MFEwHQYDVR0OBBYEFOk/Zm7bJ06HUJVGMu1RTjHkBmXEMB8GA1UdIwQYMBaAFOk/
Zm7bJ06HUJVGMu1RTjHkBmXEMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
RwAwRAIgFCn/SiFwqDl+1wRoqKemPk/pSkDPHHHGHETJyybMDlsCIC83ANrjaqk6
icQVAV+nKOJuNnTXDfoRql7yoB19PhwU
-----END CERTIFICATE-----
"""
TWO = """\
-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUOil0GQAc9FasFkseVFLRsmVHSvYwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUdHdvLmV4YW1wbGUuY29tIHJvb3QwIBcNMjYxMTIyMTkxODEx
WhgPMjEyNjEwMjkxOTE4MTFaMB8xHTAbBgNVBAMMFHR3by5leGFtcGxlLmNvbSBy
b290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEq+NzC4ttzBt9WdwA4JcV7y6v
0UYZhaM/+QhKUYn4homXGqdNUkY0cmiGOw1RFBcRbu7IarustvpBICZIlS3UxaNT
MFEwHQYDVR0OBBYEFCXFGjZhV5/jX06BZWqsrmrU2MGjMB8GA1UdIwQYMBaAFCXF
GjZhV5/jX06BZWqsrmrU2MGjMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
RwAwRAIgLHVoUJvKAuniJVj4Nm1QbtxvtOEgh0iJK2N3QgaNUwkCIDpsFzirsD++
Exv6ZFPieE489HfeXvRU/cdZtCYeInpb
-----END CERTIFICATE-----
"""
NO_CA = """\
-----BEGIN CERTIFICATE-----
MIIBijCCATCgAwIBAgIURkWEoM8Xx423anOqokF0RqVIemQwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQbGVhZi5leGFtcGxlLmNvbTAgFw0yNjExMjIxOTE4MTFaGA8y
MTI2MTAyOTE5MTgxMVowGzEZMBcGA1UEAwwQbGVhZi5leGFtcGxlLmNvbTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABL4ePIRJDsyg9ENa4b0FmMOQZ+oMj8g4GU8t
qYRmGX/UlJRrsv3UwtBCL7OgcyHlxOMgB5U2jJnp0zwCpXvZ0oKjUDBOMB0GA1Ud
DgQWBBRe8lTJtWfhdizil7KTzI8Y36Yt2zAfBgNVHSMEGDAWgBRe8lTJtWfhdizi
l7KTzI8Y36Yt2zAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQCp62e4
wpRnPw71TOsbMDpOTVEGLyVQZRGC4G8SwU8fcwIgZ+54btJlYo5YSn/M4hSvosae
wlJNhfyAHqkVlHyxMso=
-----END CERTIFICATE-----
"""


def test_only_what_no_public_list_holds_counts() -> None:
    (own,) = beyond([ONE + TWO], public=[TWO])
    assert own.pem == ONE
    assert own.name.startswith("host-")


def test_the_same_set_gives_the_same_tuple_in_any_order_and_spelling() -> None:
    remarked = "# the company's root\n" + TWO.replace("\n", "\r\n") + ONE + TWO
    assert beyond([ONE, TWO], public=[]) == beyond([remarked], public=[])
    assert len(beyond([remarked], public=[])) == 2


def test_a_certificate_of_no_authority_is_left_out() -> None:
    assert beyond([NO_CA], public=[]) == ()


def test_what_cannot_be_read_is_left_out_and_the_rest_kept() -> None:
    broken = ONE.replace("MIIB", "AAAA")
    (own,) = beyond([broken + TWO + "no certificate"], public=[])
    assert own.pem == TWO


def test_the_public_roots_themselves_are_nobodys_own() -> None:
    from pathlib import Path

    import certifi

    text = Path(certifi.where()).read_text(encoding="ascii", errors="ignore")
    assert beyond([text + ONE], public=[text]) == beyond([ONE], public=[])


def test_this_hosts_list_is_stable() -> None:
    assert host_certificates() == host_certificates()
