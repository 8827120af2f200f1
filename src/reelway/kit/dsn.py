"""Addresses that may hold a password, as they may be shown."""


def without_password(url: str) -> str:
    """`postgresql://user@host/name` of `postgresql://user:password@host/name?password=…`; a word stays as it is.

    Reads badly written ones too: what stands before the last @, but for the user's name, is not shown.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    given, at, place = rest.rpartition("@")
    user = given.partition(":")[0]
    return f"{scheme}://{user}{at}{place.partition('?')[0]}"
