#ifndef COpenSSLShims_H
#define COpenSSLShims_H

// What Swift cannot import from OpenSSL (macros, variadic functions, typed stacks) or what is one call per packet.
// Nothing here keeps Swift state except the one context pointer of a handshake, and that only during a call.

#include <stddef.h>
#include <stdint.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// ---- Certificates (certificates.c) ----

/// A new ECDSA P-256 key, or NULL. The caller frees it with EVP_PKEY_free.
EVP_PKEY *ossl_key_generate(void);

/// Whether `key` is an ECDSA key on P-256, given by curve name (not by explicit parameters).
int ossl_key_is_p256(EVP_PKEY *key);

/// An address range of one family, both ends included, network order. A v4 address fills the first 4 bytes.
typedef struct {
    uint8_t family;  // 4 or 6
    uint8_t first[16];
    uint8_t last[16];
} ossl_address_range;

/// Adds a critical RFC 3779 address block extension with these ranges (each a prefix or not); sorts and merges them.
/// Ranges must not overlap. Returns 1, or 0 with OpenSSL's error queue set.
int ossl_certificate_add_address_blocks(X509 *certificate, const ossl_address_range *ranges, size_t count);

/// The number of address ranges in the RFC 3779 extension, at most `capacity` of them written to `ranges`.
/// 0 when there is no extension, -1 when it is malformed, not canonical, or of a kind that a site has no use for
/// (inheritance, other families, sub-families), or when there are more than `capacity`.
int ossl_certificate_address_blocks(const X509 *certificate, ossl_address_range *ranges, size_t capacity);

/// Adds the extension `nid` by its configuration text, as openssl.cnf has it. Returns 1 or 0.
int ossl_certificate_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value);

/// Adds `uri` as subject alternative name to a request. Returns 1 or 0.
int ossl_request_add_uri(X509_REQ *request, const char *uri);

/// The only common name in `name` as UTF-8 without end mark; its length, or -1: none, several, too long, or not text.
int ossl_name_common_name(const X509_NAME *name, char *text, size_t capacity);

/// The only URI among the subject alternative names; its length, or -1: none, several, too long.
int ossl_certificate_uri(const X509 *certificate, char *text, size_t capacity);

/// As `ossl_certificate_uri`, for the extensions that a request asks for.
int ossl_request_uri(X509_REQ *request, char *text, size_t capacity);

/// Seconds since 1970-01-01T00:00:00Z, or INT64_MIN for what is not a time.
int64_t ossl_time_seconds(const ASN1_TIME *time);

// ---- AEAD (aead.c) ----

/// One direction's key: cipher contexts with the key expanded, and the static IV.
typedef struct ossl_aead ossl_aead;

/// Which AEAD; the numbers index a table.
enum { OSSL_AEAD_AES_128_GCM = 0, OSSL_AEAD_AES_256_GCM = 1, OSSL_AEAD_CHACHA20_POLY1305 = 2 };

/// How the cipher is reached: through OpenSSL's EVP layer, or by the provider's own functions where those have given
/// EVP's results in a self-test (through EVP otherwise).
enum { OSSL_AEAD_EVP = 0, OSSL_AEAD_FASTEST = 1 };

/// The expanded key for `seal` (1) or open (0). `key` has the AEAD's key length. NULL when OpenSSL refuses.
ossl_aead *ossl_aead_new(int algorithm, int path, int seal, const uint8_t *key, const uint8_t *static_iv);
void ossl_aead_free(ossl_aead *aead);

/// Whether the provider's own functions are used.
int ossl_aead_is_direct(const ossl_aead *aead);

/// Encrypts `count` bytes and writes the 16-byte tag behind them. `header` has 16 bytes; the nonce is its bytes 0 to 3
/// and 8 to 15 XOR the static IV. In place is fine. Returns 1, or 0 when OpenSSL fails. Allocates nothing.
int ossl_aead_seal(
    ossl_aead *aead, const uint8_t *header, const uint8_t *plaintext, size_t count, uint8_t *output);

/// Checks and decrypts `count` bytes, ciphertext and 16-byte tag. Returns 1 when the tag is right. Allocates nothing.
int ossl_aead_open(
    ossl_aead *aead, const uint8_t *header, const uint8_t *ciphertext, size_t count, uint8_t *output);

/// Whether this CPU has instructions for AES and carry-less multiplication, so that AES-GCM is faster than ChaCha20.
int ossl_cpu_has_aes(void);

// ---- DTLS (dtls.c) ----

/// One DTLS association: an SSL and a BIO that takes one datagram in and keeps those that go out.
typedef struct ossl_dtls ossl_dtls;

/// Asked about the peer's certificate. Returns X509_V_OK, or the X509_V_ERR code that names what is wrong.
typedef int (*ossl_verify_function)(void *context, const uint8_t *certificate, size_t count);

/// Bytes of a cookie.
enum { OSSL_COOKIE_BYTES = 20 };

/// Settings that all associations share: DTLS 1.2, mutual certificates, the cipher suites in this order, no tickets,
/// no resumption, no renegotiation. NULL when OpenSSL refuses. The caller frees it with SSL_CTX_free.
SSL_CTX *ossl_dtls_context_new(const char *suites);

/// An association whose datagrams have at most `mtu` bytes, and whose peer's certificate `verify` judges. NULL when
/// memory or OpenSSL fails.
ossl_dtls *ossl_dtls_new(SSL_CTX *context, size_t mtu, ossl_verify_function verify);
void ossl_dtls_free(ossl_dtls *dtls);

/// The association's SSL; owned by the association.
SSL *ossl_dtls_ssl(ossl_dtls *dtls);

/// Presents this certificate and key from now on. Returns 1 or 0.
int ossl_dtls_use_identity(ossl_dtls *dtls, X509 *certificate, EVP_PKEY *key);

/// Lends the next datagram to read, and the context for the verify function, until `ossl_dtls_release`.
void ossl_dtls_lend(ossl_dtls *dtls, const uint8_t *datagram, size_t count, void *context);
void ossl_dtls_release(ossl_dtls *dtls);

/// Looks at one ClientHello: 1 when it carries `cookie` or `previous` (then the handshake may go on), 0 when it does
/// not (a HelloVerifyRequest with `cookie` may wait to be sent) or is not a ClientHello, -1 when the association is
/// broken.
int ossl_dtls_listen(
    ossl_dtls *dtls, const uint8_t *datagram, size_t count, const uint8_t *cookie, const uint8_t *previous);

/// The oldest datagram that waits to be sent, or NULL; valid until the next call on this association.
const uint8_t *ossl_dtls_next_datagram(ossl_dtls *dtls, size_t *count);

/// 1 when the extended master secret (RFC 7627) was negotiated; only after the handshake.
int ossl_dtls_has_extended_master_secret(ossl_dtls *dtls);

// ---- TLS (tls.c) ----

/// One TLS connection over two memories: what has come, and what is to go.
typedef struct ossl_tls ossl_tls;

/// Settings that all connections share: TLS 1.3, mutual certificates, the protocol `ipop/1`, no tickets, no resumption.
/// NULL when OpenSSL refuses. The caller frees it with SSL_CTX_free.
SSL_CTX *ossl_tls_context_new(void);

/// A connection whose peer's certificate `verify` judges. NULL when memory or OpenSSL fails.
ossl_tls *ossl_tls_new(SSL_CTX *context, ossl_verify_function verify);
void ossl_tls_free(ossl_tls *tls);

/// The connection's SSL; owned by the connection.
SSL *ossl_tls_ssl(ossl_tls *tls);

/// Presents this certificate and key from now on. Returns 1 or 0.
int ossl_tls_use_identity(ossl_tls *tls, X509 *certificate, EVP_PKEY *key);

/// Sets the context for the verify function; NULL after each call.
void ossl_tls_lend(ossl_tls *tls, void *context);

/// 1 when the two ends agreed on `ipop/1`; only after the handshake.
int ossl_tls_has_protocol(const ossl_tls *tls);

#endif
