"""`reelway settings`: the list of settings, for people, programs and docs/how-to/settings.md."""

from typing import Annotated

import typer

from reelway.cli.options import AsJson
from reelway.cli.output import print_json, print_table
from reelway.providers import configured
from reelway.settings import describe

_HEAD = """# Settings

Command line over environment over settings file over default. The file is TOML with the names of the first column;
name it with `--config` or `REELWAY_CONFIG`. A name that is none of these stops the start. Lists are comma-separated in
the environment and arrays in the file.

This page is `reelway settings --markdown`.
"""


_PROVIDERS = """## Providers

A table `[providers.NAME]` for each. With `provider` it says which kind it is, so that there may be several of one kind.
What stands at `(every)` holds for each kind. Of a secret, like `key`, and its `key_env` and `key_file` at most one is
given. `reelway providers add` keeps the same in the database: [connect a provider](connect-a-provider.md).

```toml
[providers.sglang]
provider = "openai_compatible"
base_url = "http://127.0.0.1:30000/v1"
profile = "sglang"
```
"""


def command(
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page of the documentation.")] = False,
) -> None:
    """List every setting with its unit and default."""
    if as_json:
        print_json(describe())
    elif markdown:
        print(page(), end="")
    else:
        columns = ("setting", "variable", "default", "meaning")
        print_table([columns, *([s[c] for c in columns] for s in describe())])
        print()
        columns = ("provider", "key", "default", "meaning")
        print_table([columns, *([s[c] for c in columns] for s in configured.describe())])


def page() -> str:
    """docs/how-to/settings.md."""
    lines = [f"| `{s['setting']}` | `{s['variable']}` | {_code(s['default'])} | {s['meaning']} |" for s in describe()]
    tables = [
        f"| `{s['provider']}` | `{s['key']}` | {_code(s['default'])} | {s['meaning']} |" for s in configured.describe()
    ]
    rule = "|---|---|---|---|"
    settings = [_HEAD, "| setting | variable | default | meaning |", rule, *lines]
    return "\n".join([*settings, "", _PROVIDERS, "| provider | key | default | meaning |", rule, *tables, ""])


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
