#include "COpenSSLShims.h"
#include "judging.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

enum {
    // A flight is three datagrams at most; what exceeds the queue is lost like any datagram.
    queue_bytes = 16 * 1024,
    largest_certificate_message = 12 * 1024,
};

struct ossl_dtls {
    SSL *ssl;
    ossl_verify_function verify;
    void *verify_context;
    const uint8_t *incoming;
    size_t incoming_count;
    // The cookies that a ClientHello may carry: the one to hand out, and the one before the secret changed.
    int has_cookies;
    uint8_t cookies[2][OSSL_COOKIE_BYTES];
    // Outgoing datagrams, one after the other, each behind its length.
    size_t queue_start, queue_end;
    uint8_t queue[queue_bytes];
};

// ---- The BIO: whole datagrams, one in, several out ----

static int datagram_read(BIO *bio, char *bytes, int capacity) {
    ossl_dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (dtls->incoming == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = dtls->incoming_count < (size_t)capacity ? dtls->incoming_count : (size_t)capacity;
    memcpy(bytes, dtls->incoming, count);
    dtls->incoming = NULL;
    return (int)count;
}

static int datagram_write(BIO *bio, const char *bytes, int count) {
    ossl_dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    uint16_t length = (uint16_t)count;
    if (count <= 0 || count > UINT16_MAX) return count;
    if (dtls->queue_end + sizeof(length) + length > queue_bytes) return count;
    memcpy(dtls->queue + dtls->queue_end, &length, sizeof(length));
    memcpy(dtls->queue + dtls->queue_end + sizeof(length), bytes, length);
    dtls->queue_end += sizeof(length) + length;
    return count;
}

static long datagram_control(BIO *bio, int command, long number, void *pointer) {
    ossl_dtls *dtls = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_PENDING: return dtls->incoming == NULL ? 0 : (long)dtls->incoming_count;
    default: return 0;
    }
}

const uint8_t *ossl_dtls_next_datagram(ossl_dtls *dtls, size_t *count) {
    if (dtls->queue_start == dtls->queue_end) {
        dtls->queue_start = dtls->queue_end = 0;
        return NULL;
    }
    uint16_t length;
    memcpy(&length, dtls->queue + dtls->queue_start, sizeof(length));
    const uint8_t *bytes = dtls->queue + dtls->queue_start + sizeof(length);
    dtls->queue_start += sizeof(length) + length;
    *count = length;
    return bytes;
}

static BIO_METHOD *datagram_method = NULL;
static pthread_once_t datagram_method_once = PTHREAD_ONCE_INIT;

static void make_datagram_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
    if (method == NULL) return;
    BIO_meth_set_read(method, datagram_read);
    BIO_meth_set_write(method, datagram_write);
    BIO_meth_set_ctrl(method, datagram_control);
    datagram_method = method;
}

// ---- Callbacks ----

static int generate_cookie(SSL *ssl, unsigned char *cookie, unsigned *count) {
    ossl_dtls *dtls = SSL_get_app_data(ssl);
    if (!dtls->has_cookies) return 0;
    memcpy(cookie, dtls->cookies[0], OSSL_COOKIE_BYTES);
    *count = OSSL_COOKIE_BYTES;
    return 1;
}

static int verify_cookie(SSL *ssl, const unsigned char *cookie, unsigned count) {
    ossl_dtls *dtls = SSL_get_app_data(ssl);
    if (!dtls->has_cookies || count != OSSL_COOKIE_BYTES) return 0;
    return CRYPTO_memcmp(cookie, dtls->cookies[0], count) == 0 || CRYPTO_memcmp(cookie, dtls->cookies[1], count) == 0;
}

static int verify_certificate(X509_STORE_CTX *store, void *argument) {
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    ossl_dtls *dtls = SSL_get_app_data(ssl);
    (void)argument;
    return ipop_judge_leaf(store, dtls->verify, dtls->verify_context);
}

/// An offer of other protocols, or none, goes without (the hello record decides).
static int select_protocol(
    SSL *ssl, const unsigned char **chosen, unsigned char *chosen_count, const unsigned char *offered,
    unsigned int offered_count, void *argument) {
    (void)ssl;
    (void)argument;
    return ipop_select_protocol(chosen, chosen_count, offered, offered_count, SSL_TLSEXT_ERR_NOACK);
}

/// Refuses a client that does not offer the extended master secret, before anything is computed for it.
static int require_extended_master_secret(SSL *ssl, int *alert, void *argument) {
    const unsigned char *bytes;
    size_t count;
    (void)argument;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_extended_master_secret, &bytes, &count)) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    *alert = SSL_AD_HANDSHAKE_FAILURE;
    return SSL_CLIENT_HELLO_ERROR;
}

/// OpenSSL's own timer reads the wall clock and would act during reads; the engine repeats flights by itself.
static unsigned int timer_never(SSL *ssl, unsigned int microseconds) {
    (void)ssl;
    (void)microseconds;
    return 4000u * 1000u * 1000u;
}

// ---- Associations ----

SSL_CTX *ossl_dtls_context_new(const char *suites) {
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    if (context == NULL) return NULL;
    static const unsigned char protocols[] = "\x06ipop/1";
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION
                     | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_certificate, NULL);
    SSL_CTX_set_cookie_generate_cb(context, generate_cookie);
    SSL_CTX_set_cookie_verify_cb(context, verify_cookie);
    SSL_CTX_set_client_hello_cb(context, require_extended_master_secret, NULL);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    SSL_CTX_set_max_cert_list(context, largest_certificate_message);
    int done = SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION)
        && SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION)
        && SSL_CTX_set_cipher_list(context, suites)
        && SSL_CTX_set1_groups_list(context, "X25519:P-256")
        && SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256")
        && SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1) == 0;
    if (done) return context;
    SSL_CTX_free(context);
    return NULL;
}

ossl_dtls *ossl_dtls_new(SSL_CTX *context, size_t mtu, ossl_verify_function verify) {
    pthread_once(&datagram_method_once, make_datagram_method);
    ossl_dtls *dtls = OPENSSL_zalloc(sizeof(*dtls));
    BIO *bio = datagram_method == NULL ? NULL : BIO_new(datagram_method);
    if (dtls == NULL || bio == NULL) goto failed;
    BIO_set_data(bio, dtls);
    BIO_set_init(bio, 1);
    dtls->ssl = SSL_new(context);
    if (dtls->ssl == NULL) goto failed;
    dtls->verify = verify;
    SSL_set_bio(dtls->ssl, bio, bio);
    SSL_set_app_data(dtls->ssl, dtls);
    DTLS_set_timer_cb(dtls->ssl, timer_never);
    SSL_set_mtu(dtls->ssl, (long)mtu);
    return dtls;
failed:
    BIO_free(bio);
    OPENSSL_free(dtls);
    return NULL;
}

void ossl_dtls_free(ossl_dtls *dtls) {
    if (dtls == NULL) return;
    SSL_free(dtls->ssl);
    OPENSSL_free(dtls);
}

SSL *ossl_dtls_ssl(ossl_dtls *dtls) {
    return dtls->ssl;
}

int ossl_dtls_use_identity(ossl_dtls *dtls, X509 *certificate, EVP_PKEY *key) {
    return SSL_use_certificate(dtls->ssl, certificate) == 1 && SSL_use_PrivateKey(dtls->ssl, key) == 1;
}

void ossl_dtls_lend(ossl_dtls *dtls, const uint8_t *datagram, size_t count, void *context) {
    dtls->incoming = count == 0 ? NULL : datagram;
    dtls->incoming_count = count;
    dtls->verify_context = context;
}

void ossl_dtls_release(ossl_dtls *dtls) {
    dtls->incoming = NULL;
    dtls->incoming_count = 0;
    dtls->verify_context = NULL;
}

int ossl_dtls_listen(
    ossl_dtls *dtls, const uint8_t *datagram, size_t count, const uint8_t *cookie, const uint8_t *previous) {
    BIO_ADDR *unused = BIO_ADDR_new();
    if (unused == NULL) return -1;
    // Kept: the SSL looks at the cookie again when the handshake goes on with this ClientHello.
    dtls->has_cookies = 1;
    memcpy(dtls->cookies[0], cookie, OSSL_COOKIE_BYTES);
    memcpy(dtls->cookies[1], previous, OSSL_COOKIE_BYTES);
    dtls->incoming = count == 0 ? NULL : datagram;
    dtls->incoming_count = count;
    int result = DTLSv1_listen(dtls->ssl, unused);
    dtls->incoming = NULL;
    BIO_ADDR_free(unused);
    return result > 0 ? 1 : result;
}

int ossl_dtls_has_extended_master_secret(ossl_dtls *dtls) {
    return SSL_get_extms_support(dtls->ssl) == 1;
}
