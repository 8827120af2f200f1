"""Every setting, in one frozen object: command line over environment (REELWAY_…) over TOML file over default.

`reelway settings` prints this list; a variable that starts with REELWAY_ and is none of them stops the start,
because a mistyped setting that is silently ignored is worse than none.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from reelway.errors import ConfigError

ENV_PREFIX: Final = "REELWAY_"
SECRET_CHARS_LEAST: Final = 32
# The settings file itself, and the key as clients (and the README) call it: they share a shell with the server.
_NOT_SETTINGS: Final = frozenset({"REELWAY_CONFIG", "REELWAY_KEY"})


def _listed(value: Any) -> Any:
    """Comma-separated text (environment) or a list (TOML)."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _tables(value: Any) -> Any:
    """Tables (TOML) or JSON (environment)."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("not JSON") from None


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Tables = Annotated[dict[str, dict[str, Any]], NoDecode, BeforeValidator(_tables)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """One line each: type, default, unit and meaning."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one")
    data: Path = Field(Path("data"), description="folder for the database, files and caches")
    database: str = Field(
        "sqlite", description="sqlite: a file in the data folder; or postgresql://user:password@host/name"
    )
    database_connections: int = Field(10, ge=3, description="most PostgreSQL connections of a process")
    storage: str = Field("local", description="local: the data folder; or s3://bucket/prefix")
    s3_endpoint: str | None = Field(None, description="URL of an S3 server other than Amazon's")
    s3_region: str = Field("us-east-1", description="region of the bucket")
    s3_access_key_id: str | None = Field(None, description="key id; else AWS_ACCESS_KEY_ID or the machine's role")
    s3_secret_access_key: SecretStr | None = Field(None, description="its secret; else AWS_SECRET_ACCESS_KEY")
    files: str = Field(
        "stream",
        pattern="^(stream|redirect)$",
        description="stream: files pass through us; redirect: to a presigned URL of the bucket",
    )
    worker_in_flight_max: int = Field(10_000, ge=1, description="generations one worker follows at a time")
    worker_lost_s: float = Field(30.0, gt=1, description="seconds of silence after which others take a worker's jobs")
    worker_lanes: Names = Field((), description="work to take: names of providers, and delivery; default: all")
    health_port: int = Field(
        9090, ge=0, le=65535, description="TCP port of a worker's /healthz, /readyz, /metrics; 0 takes a free one"
    )
    public_url: str | None = Field(None, description="absolute URL people reach the server by; else the Host header")
    operator_secret: SecretStr | None = Field(
        None,
        description="at least 32 characters; signs webhooks, seals providers' keys; else made in the data folder",
    )
    previous_operator_secret: SecretStr | None = Field(
        None, description="the one before; opens what is still sealed with it, until `reelway providers reseal`"
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning, error")
    log_format: str = Field(
        "auto", pattern="^(auto|json|console)$", description="json, console, or auto: console on a terminal, else json"
    )
    otlp_endpoint: str | None = Field(
        None, pattern="^https?://", description="OpenTelemetry collector that takes traces, like http://host:4318"
    )

    free_live_usd: str = Field("10.00", description="USD of live credits a new workspace gets")
    free_test_usd: str = Field("100.00", description="USD of test credits a new workspace gets")
    requests_per_minute: int = Field(600, ge=0, description="requests per minute and key; 0 is no limit")
    requests_burst: int = Field(120, ge=1, description="requests a key may send at once")
    in_flight_max: int = Field(100, ge=0, description="unfinished generations per key; 0 is no limit")

    providers: Tables = Field(
        {}, repr=False, description="tables [providers.NAME] of the file, see below; as JSON in the environment"
    )
    catalogue: Path | None = Field(None, description="folder of TOML files with your own models and prices")
    routing_policy: str = Field(
        "order", description="how one of several upstreams is chosen: order, cheapest, fastest, best"
    )
    substitution: str = Field(
        "any",
        pattern="^(forbid|same_family|any)$",
        description="what may stand in for a model, where workspace and request say nothing: forbid, same_family, any",
    )
    models: Tables = Field(
        {},
        repr=False,
        description="tables [models.ID]: routing_policy, and providers: the only ones, first choice first",
    )
    margin_percent: float = Field(0.0, ge=0, le=1000, description="percent on top of every price of the catalogue")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="currency of reports")
    currency_per_usd: float = Field(1.0, gt=0, description="units of that currency for one USD")
    previz_off: Names = Field((), description="model ids that previz may not serve; * is all")
    previz_threads: int | None = Field(None, ge=1, description="threads of the previz engine; default: all cores")
    previz_cache: Path | None = Field(None, description="folder for previz's compiled kernels; default: in data")
    previz_idle_s: float = Field(120.0, gt=0, description="seconds after which the idle previz process ends")

    job_age_max_s: float = Field(6 * 3600.0, gt=0, description="seconds after which a generation expires")
    unknown_age_max_s: float = Field(
        24 * 3600.0, gt=0, description="seconds to hold the money after a lost answer before it expires"
    )
    submit_attempts_max: int = Field(5, ge=1, description="submits of one generation when no job was made")
    retry_first_s: float = Field(1.0, gt=0, description="seconds before the first retry; doubles")
    retry_most_s: float = Field(60.0, gt=0, description="longest wait between retries, seconds")

    body_bytes_max: int = Field(32 << 20, ge=1024, description="largest request body, bytes")
    picture_bytes_max: int = Field(20 << 20, ge=1024, description="largest input picture, bytes")
    clip_bytes_max: int = Field(16 << 20, ge=1024, description="largest input clip, bytes")
    result_bytes_max: int = Field(4 << 30, ge=1024, description="largest clip taken from a provider, bytes")
    fetch_timeout_s: float = Field(30.0, gt=0, description="seconds to fetch an input file, all hops together")
    allow_private: Networks = Field(
        (), description="private networks that inputs and webhooks may reach, like 10.0.0.0/8"
    )

    webhook_timeout_s: float = Field(15.0, gt=0, description="seconds a webhook receiver has to answer")
    webhook_schedule_s: Annotated[tuple[float, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (0, 5, 300, 1800, 7200, 18000, 36000, 36000),
        description="seconds before each webhook attempt, counted from the one before",
    )
    webhook_disable_after_s: float = Field(
        5 * 24 * 3600.0,
        gt=0,
        description="seconds of nothing but failures after which an endpoint is disabled",
    )
    drain_s: float = Field(10.0, ge=0, description="seconds open requests get to finish after SIGTERM")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line and TOML arrive together, sorted out by `load_settings`; no dotenv."""
        return init_settings, env_settings

    @property
    def on_postgres(self) -> bool:
        """Whether many processes may share the database."""
        return self.database != "sqlite"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def load_settings(
    given: Mapping[str, Any], *, file: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Put the sources together; raises ConfigError naming the variable, the value and what is expected."""
    environ = os.environ if environ is None else environ
    _check_names(environ)
    in_file = _read_toml(file)
    in_environment = {n: environ[_variable(n)] for n in Settings.model_fields if _variable(n) in environ}
    try:
        return Settings(**{**in_file, **in_environment, **{k: v for k, v in given.items() if v is not None}})
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(e, in_environment) for e in error.errors())) from None


def describe() -> list[dict[str, str]]:
    """Name, variable, default and meaning of every setting."""
    return [
        {
            "setting": name,
            "variable": _variable(name),
            "default": "" if field.default is None else _spell(field.default),
            "meaning": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]


def _spell(value: object) -> str:
    if isinstance(value, dict):
        return ""
    return ",".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def _variable(name: str) -> str:
    return ENV_PREFIX + name.upper()


def _check_names(environ: Mapping[str, str]) -> None:
    known = {_variable(n) for n in Settings.model_fields} | _NOT_SETTINGS
    for name in environ:
        if name.upper().startswith(ENV_PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `reelway settings` lists them"
            raise ConfigError(f"there is no setting {name}{hint}")


def _read_toml(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        parsed = tomllib.loads(file.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read the settings file {file}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"settings file {file}: {error}") from error
    for name in parsed:
        if name not in Settings.model_fields:
            near = get_close_matches(name, Settings.model_fields, n=1)
            raise ConfigError(
                f"settings file {file}: there is no setting {name!r}" + (f"; did you mean {near[0]}?" if near else "")
            )
    return parsed


def _explain(error: Any, in_environment: Mapping[str, str]) -> str:
    name = str(error["loc"][0]) if error["loc"] else "settings"
    shown = _variable(name) if name in in_environment else name
    if name == "providers":  # may hold a key
        shown = ".".join((shown, *(str(part) for part in error["loc"][1:])))
        return f"{shown}: {error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"{shown}={error.get('input')!r}: {error['msg'][:1].lower()}{error['msg'][1:]}"
