"""Settings of the worker and the gateway: environment variables `VIGIL_...`, or a file of them named by `VIGIL_ENV_FILE`."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from domain.words.errors import Fault, Malformed, faults_of
from domain.words.limits import RUN_SECONDS
from domain.words.text import fill, mark

OF_COMMANDS: Final = frozenset(
    f"VIGIL_{name}" for name in ("AS", "CONTEXT", "CONTEXTS", "ENV_FILE", "GATEWAY", "HOME", "KEYS", "LANG", "MEMORY", "OFFICER")
)
"""What commands read beside, and may stand in the same environment."""
NEARLY: Final = 0.9
"""How much of a variable's name must be that of a setting (`difflib`): a letter or two may be wrong."""

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Settings(BaseSettings):
    """Every setting has one name everywhere; an empty variable counts as not given."""

    model_config = SettingsConfigDict(env_prefix="VIGIL_", env_ignore_empty=True, extra="ignore", frozen=True)

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    temporal_ca: Path | None = None
    """The certificates (PEM) of whoever certifies Temporal's front ends. None: the connection to them is plain."""
    temporal_certificate: Path | None = None
    """The certificate (PEM) by which this process shows Temporal who it is, where Temporal asks; with its key."""
    temporal_certificate_key: Path | None = None
    temporal_file: Path | None = None
    """Where Temporal keeps everything, if that is a file on this machine: `vigil doctor` looks at its disk, and nothing of Vigil
    opens it. None: Temporal runs elsewhere, or keeps it in a database's server."""
    task_queue: str = "vigil"
    build: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    """The worker's build. None: made of its version and its code, which is right unless the same code is to count as another."""
    takes_over: bool = False
    """Whether this worker becomes the current build as soon as it is up, and takes over what other builds have begun: where no
    other runs beside it."""
    directory: Path
    """The directory of services (YAML)."""
    cards: Path
    """The folder of rule cards (YAML, one per State)."""
    key: Path
    """Vigil's own private key (PEM): it signs requests to services and seals packets."""
    passphrase_file: Path | None = None
    """A file with the passphrase that protects the key, where one does."""
    payload_keys: Path
    """The ring of payload keys: what Temporal keeps is encrypted under them."""
    deconfliction_key: Path | None = None
    """The deconfliction key (64 hexadecimal digits). The worker needs it; the gateway does not and is better off without."""
    archive_url: str | None = None
    """The archive's database (SQLAlchemy URL, without a password). Gateways and workers need it."""
    archive_password: Path | None = None
    """A file with the password of the archive's database, where it asks for one."""
    attachments: str | None = None
    """Where the gateway keeps attachments, encrypted: the path of a folder, or `s3://BUCKET/PREFIX`. None: it keeps none."""
    attachments_endpoint: str | None = None
    """The address of what speaks S3 there. None: that of the provider whose invention it is."""
    attachments_region: str = "us-east-1"
    attachments_key_id: str | None = None
    """Whose key opens the bucket. None: what the machine is given by its provider."""
    attachments_secret: Path | None = None
    """A file with the secret half of that key."""
    gateway_url: str = "http://127.0.0.1:8470"
    """Where services reach the gateway."""
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8470, ge=0, le=65535)
    starts_a_day: int = Field(default=240, ge=1, le=1_000_000)
    """How many deliveries one service may begin in a day, at one gateway; else as many as it may look for things in the register
    (R15)."""
    run_seconds: int = Field(default=RUN_SECONDS, ge=10, le=RUN_SECONDS)
    """Seconds that one run of a delivery lasts which is begun at this gateway, before another goes on."""
    tls_cert: Path | None = None
    """The gateway's own certificate, with those between it and its authority (PEM). None: TLS ends before it."""
    tls_key: Path | None = None
    """Its private key (PEM, no passphrase)."""
    tls_client_ca: Path | None = None
    """Certificates of authorities (PEM): who calls must show a certificate of one of them. None: nobody need show any."""
    ca: Path | None = None
    """Certificates (PEM) that are trusted beside the system's, where services, webhooks and the gateway are called."""
    client_cert: Path | None = None
    """The certificate (PEM) that is shown to whoever demands one."""
    client_key: Path | None = None
    """Its private key (PEM, no passphrase)."""
    oidc: Path | None = None
    """A file (YAML) with the OpenID provider through which supervisors may sign in with a browser. None: there is no such way."""
    temporal_ui: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/[^\s?#]*)?$")
    """The address of Temporal's own pages, for a link from a delivery. None: pages have no such link."""
    notices_to: str = Field(default="", pattern=r"^[A-Za-z0-9.:\[\]*_-]*([, ]+[A-Za-z0-9.:\[\]*_-]+)*$")
    """Where gateways may send what supervisors subscribe to: hosts of webhooks (`HOST` or `HOST:PORT`) and domains of mail
    addresses, with commas between them. Empty: nowhere, and the desk's own pages alone say that something waits."""
    smtp_url: str | None = None
    """The mail server of workers, and of gateways where notices go anywhere: `smtps://USER@HOST`, `smtp+starttls://USER@HOST` or,
    without a password, `smtp://HOST`."""
    smtp_password: Path | None = None
    """A file with the password."""
    mail_from: str | None = None
    """The address mails come from."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where this process serves metrics to Prometheus, without a proof: only the operator should reach it. None: nowhere."""
    log_format: Literal["json", "console"] = "console"
    log_level: LogLevel = "INFO"


def load() -> Settings:
    """Read the settings. Raises `Malformed` naming every variable that is missing, wrong or mistyped."""
    file = os.environ.get("VIGIL_ENV_FILE")
    in_file = DotEnvSettingsSource(Settings, env_file=file).env_vars if file else {}
    faults = [*mistyped({*os.environ, *(name.upper() for name in in_file)})]
    try:
        found = Settings(_env_file=file)
    except ValidationError as error:
        faults += (fault.model_copy(update={"place": f"VIGIL_{fault.place.upper()}"}) for fault in faults_of(error))
    if faults:
        raise Malformed(
            mark("a setting is missing, wrong or mistyped"), faults, hint=mark("see deploy/README.md for the variables")
        )
    return found


def mistyped(variables: Iterable[str]) -> Iterator[Fault]:
    """Variables that are none of ours, and nearly a setting: whoever has set one believes that it counts."""
    settings = {f"VIGIL_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(variables):
        if (
            name.startswith("VIGIL_")
            and name not in settings | OF_COMMANDS
            and (near := get_close_matches(name, settings, 1, NEARLY))
        ):
            yield Fault(place=name, problem=fill("there is no such setting; did you mean {name}?", name=near[0]))
