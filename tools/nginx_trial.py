"""nginx with deploy/nginx/mainspring.conf on this machine: ports, folders and a certificate of a test, the rest as shipped."""

import os
import re
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mainspring.core import clock

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "deploy" / "nginx" / "mainspring.conf"
HOST = "api.example.com"
AROUND = """\
{user}pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/mainspring.conf;
}}
"""


def find_nginx() -> str | None:
    """The nginx of this machine, or None."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


def lay_out(folder: Path, http: int, https: int, servers: Sequence[int], *, repeats: bool = True) -> Path:
    """Write everything that nginx needs to `folder`; the file to start it with. Without `repeats` it asks one server only."""
    text = re.sub(r"^ *listen \[::\].*\n", "", SHIPPED.read_text(), flags=re.M)
    places = {
        "/etc/nginx/": f"{folder}/",
        "/etc/ssl/mainspring/": f"{folder}/",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
    }
    for shipped, here in places.items():
        if shipped not in text:
            raise ValueError(f"{SHIPPED.name} no longer holds {shipped}")
        text = text.replace(shipped, here)
    if not repeats:
        text = re.sub(r"proxy_next_upstream +[^;]+;", "proxy_next_upstream off;", text)
    (folder / "mainspring.conf").write_text(text)
    (folder / "mainspring.upstream").write_text("".join(f"server 127.0.0.1:{port} max_fails=0;\n" for port in servers))
    _certify(folder)
    main = folder / "nginx.conf"
    main.write_text(AROUND.format(folder=folder, user="user root;\n" if os.geteuid() == 0 else ""))
    return main


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(hours=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
