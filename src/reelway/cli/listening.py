"""A listening socket, and where a person reaches it."""

import errno
import socket
from ipaddress import ip_address
from typing import Final

from reelway.errors import ConfigError

BACKLOG: Final = 2048


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket; raises ConfigError saying what to change, by the name of the port's option."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise ConfigError(f"cannot resolve host {host!r}: {error.strerror}; use an address like 127.0.0.1") from error
    except OSError as error:
        way_out = {
            errno.EADDRINUSE: f"port {port} is in use; name another with {option}, 0 takes a free one",
            errno.EACCES: f"this user may not listen on port {port}; use one from 1024 up, behind a proxy",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine; use one that is",
        }
        said = way_out.get(error.errno or 0, f"{error.strerror}; name others with --host and {option}")
        raise ConfigError(f"cannot listen on {host}:{port}: {said}") from error


def url_of(host: str, port: int) -> str:
    """Where a person at this machine reaches it."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"
