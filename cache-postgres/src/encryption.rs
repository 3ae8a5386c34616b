//! Encrypted connections.

use crate::Error;

#[cfg(not(feature = "tls"))]
pub(crate) fn connector() -> Result<tokio_postgres::NoTls, Error> {
    Ok(tokio_postgres::NoTls)
}

/// Trusts the certificates that the system trusts, and names that they were given to.
#[cfg(feature = "tls")]
pub(crate) fn connector() -> Result<tokio_postgres_rustls::MakeRustlsConnect, Error> {
    use std::sync::{Arc, OnceLock};

    static SETTINGS: OnceLock<rustls::ClientConfig> = OnceLock::new();
    if let Some(settings) = SETTINGS.get() {
        return Ok(tokio_postgres_rustls::MakeRustlsConnect::new(settings.clone()));
    }
    let mut roots = rustls::RootCertStore::empty();
    // One that cannot be read is one that is not trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::caused("connections cannot be encrypted", error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(SETTINGS.get_or_init(|| settings).clone()))
}
