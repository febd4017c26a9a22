"""Certificates: which authorities are trusted, and the one SSL context of a transport."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from urllib3.util.ssl_ import create_urllib3_context

from dynaclient.errors import ArgumentError

ClientCert = str | tuple[str, str] | tuple[str, str, str]

_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def ssl_context(
    ca_bundle: str | os.PathLike[str] | None, client_cert: ClientCert | None, verify: bool, environ: Mapping[str, str]
) -> ssl.SSLContext:
    """The context for all https connections of one transport; making it costs some 20 ms, most of it for the authorities.

    Parameters
    ----------
    ca_bundle:
        A PEM file, or a directory of hashed ones, to trust instead of all else. None: what ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE`` or
        ``CURL_CA_BUNDLE`` names, else the system's store, else, where that is empty, certifi, if it is installed.
    client_cert:
        A PEM file with certificate and key, or ``(certificate, key)``, or ``(certificate, key, password)``.
    verify:
        False accepts any certificate.
    environ:
        The environment, or an empty mapping.

    Raises
    ------
    ArgumentError
        Where a file is missing or is not what it should be.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE)
    if verify:
        _load_authorities(context, ca_bundle, environ)
    if client_cert is not None:
        files = (client_cert,) if isinstance(client_cert, str) else client_cert
        try:
            context.load_cert_chain(*files)
        except OSError as error:
            raise ArgumentError(f"client_cert: {files[0]!r} cannot be loaded: {error.strerror or error}") from None
    return context


def _load_authorities(
    context: ssl.SSLContext, ca_bundle: str | os.PathLike[str] | None, environ: Mapping[str, str]
) -> None:
    named = [("ca_bundle", os.fspath(ca_bundle))] if ca_bundle is not None else []
    named += [(name, environ[name]) for name in _VARIABLES if environ.get(name)]
    if named:
        where, path = named[0]
        try:
            context.load_verify_locations(**{"capath" if Path(path).is_dir() else "cafile": path})
        except OSError as error:
            raise ArgumentError(
                f"{where}: {path!r} cannot be loaded: {error.strerror or error}; expected a PEM file"
            ) from None
        return
    context.load_default_certs()
    if not context.cert_store_stats()["x509_ca"] and not _has_directory():
        _load_certifi(context)


def _has_directory() -> bool:
    """Whether the system keeps its authorities in a directory, which OpenSSL reads only when it needs one."""
    directory = ssl.get_default_verify_paths().capath
    return directory is not None and any(Path(directory).iterdir())


def _load_certifi(context: ssl.SSLContext) -> None:
    try:
        import certifi
    except ImportError:
        return
    context.load_verify_locations(cafile=certifi.where())
