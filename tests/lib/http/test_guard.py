"""Which addresses the guard lets a stranger choose."""

from ipaddress import ip_address

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.http.guard import Allowed, Guard, Target, TargetRefused, literal

STRICT = Guard(own_hosts=frozenset({"hub.example.org"}))

INSIDE = [
    "https://127.0.0.1/x",
    "https://127.8.8.8/x",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://198.18.0.1/",
    "https://224.0.1.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::1]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff0e::1]/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://db.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata/",
    "https://metadata.example.com/",
    "https://intranet/",
    "https://hub.example.org/api",
    "https://HUB.example.org./api",
    "https://\N{FULLWIDTH DIGIT ONE}27.0.0.1/",
]
MALFORMED = [
    "",
    "example.org/hook",
    "https://",
    "https:///path",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://0177.0.0.1/",
    "https://[fe80::1%25eth0]/",
    "https://exa mple.org/",
    "https://example.org\\@127.0.0.1/",
    "https://example.org/\r\nX-Evil: 1",
    "https://example.org:0/",
    "https://example.org:99999/",
    "https://-example-.org/",
    "https://exa..mple.org/",
    "https://example.org/" + "x" * 3000,
]


@pytest.mark.parametrize("url", INSIDE)
def test_the_inside_of_the_network_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        STRICT.target(url)

    assert refused.value.key == "inside"


@pytest.mark.parametrize("url", MALFORMED)
def test_what_only_looks_like_an_address_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        STRICT.target(url)

    assert refused.value.key in ("malformed", "scheme")


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://example.org/", "file:///etc/passwd"])
def test_only_https_unless_allowed(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        STRICT.target(url)

    assert refused.value.key in ("scheme", "malformed")
    assert Guard(plain_http=True).target("http://example.org/").scheme == "http"


def test_credentials_do_not_belong_into_the_address() -> None:
    with pytest.raises(TargetRefused) as refused:
        STRICT.target("https://user:password@example.org/")

    assert refused.value.key == "credentials"


def test_a_public_address_is_read_once_and_for_all() -> None:
    target = STRICT.target(
        "https://Hooks.Example.com:8443/a b/%2F?secret=x y#part".replace(" ", "+")
    )

    assert target == Target("https", "hooks.example.com", 8443, "/a+b/%2F?secret=x+y")
    assert (target.authority, target.origin) == (
        "hooks.example.com:8443",
        "https://hooks.example.com:8443",
    )
    assert STRICT.target("https://[2606:4700::1111]/").authority == "[2606:4700::1111]"
    assert STRICT.target("https://bücher.example/ö").host == "xn--bcher-kva.example"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_the_internet_is_admitted(address: str) -> None:
    assert STRICT.admits("example.org", ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.7", "::1", "::ffff:10.0.0.7", "64:ff9b::a00:7"])
def test_a_public_name_admits_no_inner_address(address: str) -> None:
    assert not STRICT.admits("example.org", ip_address(address))


def test_the_operator_may_allow_hosts_domains_and_networks() -> None:
    allowed = Allowed.parse(("ci.internal", "*.hooks.lan", "10.1.0.0/16", "fd00::/8", "[::1]"))
    guard = Guard(allowed=allowed)

    assert guard.target("https://ci.internal/").host == "ci.internal"
    assert guard.target("https://a.hooks.lan/").host == "a.hooks.lan"
    assert guard.target("https://10.1.2.3/").host == "10.1.2.3"
    assert guard.target("https://[::1]/").host == "::1"
    assert guard.admits("ci.internal", ip_address("192.168.0.1"))
    assert guard.admits("example.org", ip_address("::ffff:10.1.2.3"))
    assert not guard.admits("example.org", ip_address("10.2.0.1"))
    for refused in ("https://10.2.0.1/", "https://evil-hooks.lan/", "https://hooks.lan/"):
        with pytest.raises(TargetRefused):
            guard.target(refused)


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "https://example.org", "a b", "*"])
def test_an_entry_that_is_no_place_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"host|network"):
        Allowed.parse((entry,))


HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.integers(0, 2**33).map(str),
    st.integers(0, 2**33).map(hex),
    st.lists(st.integers(0, 300).map(str), min_size=1, max_size=5).map(".".join),
    st.text(max_size=20),
)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{}://{}{}".format, st.sampled_from(["https", "http", "HTTPS"]), HOSTS, st.text()
        ),
    )
)
def test_whatever_is_typed_is_refused_or_a_public_place(url: str) -> None:
    try:
        target = STRICT.target(url)
    except TargetRefused:
        return
    assert target.scheme == "https"
    assert 0 < target.port < 65536
    assert f"{target.host}{target.path}".isascii()
    address = literal(target.host)
    if address is None:
        assert "." in target.host
        assert not target.host.rpartition(".")[2].isdigit()
    else:
        assert address.is_global
        assert not address.is_multicast
