"""Which network addresses the gateway may dial on somebody else's word."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = IPv6Network("64:ff9b::/96")
# Everything handed out to hosts so far; Python's is_global also says yes to fec0::/10 and ::a.b.c.d.
_IPV6_UNICAST: Final = IPv6Network("2000::/3")
_REFUSED: Final[tuple[Network, ...]] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # the old 6to4 relays
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4: carries any IPv4 address
    IPv6Network("3fff::/20"),  # documentation; Python 3.11 does not know it
)
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def dialable(address: Address, allow_private: Sequence[Network] = ()) -> bool:
    """Whether `address` is on the public internet, or in a network that the operator allows.

    An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as itself. What carries an IPv4
    address in any other way (6to4, Teredo, the deprecated ::a.b.c.d) is refused.
    """
    inner = _mapped(address)
    if any(inner in network for network in allow_private):
        return True
    if isinstance(inner, IPv6Address) and inner in _NAT64:
        inner = IPv4Address(inner.packed[-4:])
    if isinstance(inner, IPv6Address) and inner not in _IPV6_UNICAST:
        return False
    if any(inner in network for network in _REFUSED):
        return False
    # is_global, not "not is_private": 100.64.0.0/10 (carrier NAT) is neither private nor global.
    return inner.is_global and not inner.is_multicast


def _mapped(address: Address) -> Address:
    """The IPv4 address that ::ffff:a.b.c.d reaches; any other address as it is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def parse_address(text: str) -> Address | None:
    """The address that `text` spells the usual way (a zone such as %eth0 is dropped), or None."""
    try:
        return ip_address(text.split("%", 1)[0])
    except ValueError:
        return None


def oddly_spelled(host: str) -> bool:
    """Whether `host` is an IPv4 address as only the C library reads it: 2130706433, 0x7f.1, 0177.0.0.1."""
    if parse_address(host) is not None:
        return False
    last = host.rstrip(".").rsplit(".", 1)[-1]
    return _NUMBER.fullmatch(last) is not None
