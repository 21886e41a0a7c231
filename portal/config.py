"""Every setting, in one place, validated at start and never changed afterwards.

A setting comes from the environment (`ANJUAN_NAME`), else from `config.toml` in the data folder, else from the default
here. None of them is a secret: keys lie as files in the data folder.
"""

from __future__ import annotations

import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE = "config.toml"
OIDC_SECRET = "oidc.secret"  # noqa: S105 - the name of a file
"""Below `keys`: the client secret at the single sign-on."""
PROXY_KEY = "proxy.key"
"""Below `keys`: what a proxy shows that hands certificates on."""


class Profile(StrEnum):
    """What a deployment may hold (obligations of secrecy, section 7)."""

    OPEN = "open"
    CLASSIFIED = "classified"
    DEMONSTRATION = "demonstration"


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(env_prefix="ANJUAN_", frozen=True, extra="forbid")

    data: Path
    """The data folder; everything that is kept lies below it unless `database_url` says otherwise."""
    profile: Profile = Profile.OPEN
    """`open` refuses 秘密 and above; `demonstration` holds fictional data only; `classified` does not start yet."""
    bureau: str = "（未设置单位名称）"
    """Name of the bureau as pages and copies show it."""
    fonds: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$")] = "J001"
    """全宗号 of archival codes (DA/T 13)."""
    database_url: str = ""
    """Empty: SQLite in the data folder. Else `postgresql+psycopg://...`."""
    session_idle_minutes: Annotated[int, Field(ge=1, le=480)] = 15
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    login_attempts: Annotated[int, Field(ge=3, le=100)] = 5
    """Wrong passwords in a row before a browser has to wait; those that are not known for the person wait together."""
    login_attempts_of_address: Annotated[int, Field(ge=3, le=10_000)] = 50
    """Wrong passwords from one network address, known browsers aside, before strangers there have to wait."""
    login_wait_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    administrators_need_second_factor: bool | None = None
    """Whether the three administrators must have a second factor; unset: yes, but for the demonstration."""
    webauthn_required: bool | None = None
    """Whether the three administrators, and whoever is cleared to 秘密 or above, must log in with a security key
    (WebAuthn), which a one-time code does not replace; unset: yes, but for the demonstration. Browsers know keys under
    `public_url` alone: it begins with https, or is http://localhost."""
    oidc_issuer: Annotated[
        str, Field(pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?(/[^\s?#]*)?)?$")
    ] = ""
    """Issuer identifier of the unit's single sign-on (OpenID Connect); empty: none. The client secret lies in the file
    `keys/oidc.secret`; the way back to be registered there is `public_url` with `/login/single-sign-on/back`."""
    oidc_client_id: Annotated[str, Field(min_length=1, max_length=255)] = "anjuan"
    oidc_name: Annotated[str, Field(min_length=1, max_length=40)] = "统一身份认证"
    """What pages call it."""
    oidc_ca: Path | None = None
    """Certificate of the authority that signed the provider's, as a PEM file; unset: those that the system trusts."""
    client_certificate_header: Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9-]{0,60})?$")] = ""
    """Header in which the proxy hands on the certificate that a browser showed (`Client-Cert` of RFC 9440, or PEM with
    percent signs); empty: none is taken. The proxy also sends what `keys/proxy.key` holds as `X-Anjuan-Proxy-Key`."""
    denial_step_ms: Annotated[int, Field(ge=0, le=2000)] = 50
    """An answer as for what does not exist leaves at a whole multiple of so many milliseconds, so that its time tells
    nothing; 0: at once."""
    log_level: Literal["info", "warning", "error"] = "warning"
    """Of the lines on standard error, from which weight on they are written; `info` tells of each request."""
    max_upload_mb: Annotated[int, Field(ge=1, le=65536)] = 2048
    """Largest file of an intake."""
    render_processes: Annotated[int, Field(ge=0, le=64)] = 0
    """Processes that parse files; 0 means one a core."""
    web_processes: Annotated[int, Field(ge=0, le=32)] = 0
    """Processes that answer requests; 0 means one a core, at most four. Processes that parse files are shared out."""
    web_threads: Annotated[int, Field(ge=2, le=256)] = 16
    """Requests that each of them answers at once."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")] = "http://localhost:8000"
    """Address under which others reach the portal; copies name its verification page, security keys are bound to it."""
    request_working_days: Annotated[int, Field(ge=1, le=60)] = 20
    """Working days within which a copy request is answered (after 政府信息公开条例 Art. 33)."""
    extension_working_days: Annotated[int, Field(ge=1, le=60)] = 20
    """The longest that the leader may prolong that once."""
    copy_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days for which a signed copy lies ready."""
    copy_transfers: Annotated[int, Field(ge=1, le=100)] = 3
    """Whole transfers of a copy until it expires."""
    timestamp_url: str = ""
    """The unit's own RFC 3161 service; empty: the built-in authority."""

    speech_program: str = ""
    """Program that writes down what is said in recordings, with its words as in a shell: `{sound}` stands for a WAV
    file (one channel, 16 kHz), `{model}` for `speech_model`; it prints WebVTT or SubRip. Empty: none."""
    speech_model: Path | None = None
    """File or folder of its model."""
    elasticsearch_url: Annotated[str, Field(pattern=r"^(https?://[^\s,]+(,https?://[^\s,]+)*)?$")] = ""
    """Addresses of Elasticsearch nodes, with commas between; empty: only the embedded engine. The API key lies in the
    file `keys/elasticsearch.key`. `anjuan index engine --to elasticsearch` moves the archive there."""
    elasticsearch_ca: Path | None = None
    """Certificate of the authority that signed theirs, as a PEM file; unset: those that the system trusts."""
    elasticsearch_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,30}$")] = "anjuan"
    """Begins the names of all indices; two archives in one cluster take different ones."""
    elasticsearch_shards: Annotated[int, Field(ge=1, le=64)] = 1
    elasticsearch_replicas: Annotated[int, Field(ge=0, le=8)] = 1
    """Copies of each index on other nodes; one node alone has none."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was given, then the environment, then the file of the data folder."""
        del dotenv_settings, file_secret_settings
        data = _data_folder(init_settings, env_settings)
        return init_settings, env_settings, InitSettingsSource(settings_cls, _read_file(data / CONFIG_FILE))

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.data / 'anjuan.db'}"

    @property
    def verification_page(self) -> str:
        """Where anyone checks a copy."""
        return f"{self.public_url.rstrip('/')}/verify"

    @property
    def has_public_verification(self) -> bool:
        """Whether anyone may check copies without a login: never where state secrets may be."""
        return self.profile is not Profile.CLASSIFIED

    @property
    def processes(self) -> int:
        """How many processes parse files."""
        return self.render_processes or os.cpu_count() or 1

    @property
    def serving_processes(self) -> int:
        """How many processes answer requests."""
        return self.web_processes or min(os.cpu_count() or 1, 4)

    @property
    def second_factor_required(self) -> bool:
        """Whether administrators must have a second factor."""
        return self._unless_demonstration(self.administrators_need_second_factor)

    @property
    def security_key_required(self) -> bool:
        """Whether those of whom the setting speaks must have a security key."""
        return self._unless_demonstration(self.webauthn_required)

    def _unless_demonstration(self, said: bool | None) -> bool:  # noqa: FBT001 - the setting as it is
        """What a setting says, and where it says nothing: yes, but for the demonstration."""
        return not self.is_demonstration if said is None else said

    @property
    def is_demonstration(self) -> bool:
        """Whether only fictional data is held."""
        return self.profile is Profile.DEMONSTRATION


def load_settings(data: Path, **given: Any) -> Settings:  # noqa: ANN401 - any setting by name
    """Read and check the settings of a data folder.

    Raises:
        InvalidInputError: a setting is unknown or out of range; the sentence names it.
    """
    try:
        settings = Settings(data=data.resolve(), **given)
    except ValidationError as error:
        slips = "；".join(f"{'.'.join(map(str, s['loc']))}：{s['msg']}" for s in error.errors())
        raise InvalidInputError(f"配置有误，请改正后再启动。{slips}") from error
    if settings.profile is Profile.CLASSIFIED:
        raise InvalidInputError(
            "涉密部署（classified）要求内容加密存储，本版本尚未具备，不能启动。请勿在本系统存放秘密及以上案卷。"
        )
    return settings


def write_profile(data: Path, settings: Mapping[str, str]) -> None:
    """Write the first `config.toml` of a data folder; an existing one is left alone."""
    path = data / CONFIG_FILE
    if not path.exists():
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _data_folder(*sources: PydanticBaseSettingsSource) -> Path:
    return next((Path(values["data"]) for source in sources if "data" in (values := source())), Path("data"))


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"配置文件 {path} 无法读取：{error}") from error
