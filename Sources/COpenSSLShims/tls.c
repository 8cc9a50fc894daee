#include "COpenSSLShims.h"
#include "judging.h"

#include <openssl/bio.h>
#include <openssl/err.h>

enum { largest_certificate_message = 12 * 1024 };

struct ossl_tls {
    SSL *ssl;
    ossl_verify_function verify;
    void *verify_context;
};

// ---- Callbacks ----

static int verify_certificate(X509_STORE_CTX *store, void *argument) {
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    ossl_tls *tls = SSL_get_app_data(ssl);
    (void)argument;
    return ipop_judge_leaf(store, tls->verify, tls->verify_context);
}

/// A client that offers only other protocols is refused (RFC 7301 §3.2).
static int select_protocol(
    SSL *ssl, const unsigned char **chosen, unsigned char *chosen_count, const unsigned char *offered,
    unsigned int offered_count, void *argument) {
    (void)ssl;
    (void)argument;
    return ipop_select_protocol(chosen, chosen_count, offered, offered_count, SSL_TLSEXT_ERR_ALERT_FATAL);
}

// ---- Connections ----

SSL_CTX *ossl_tls_context_new(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    if (context == NULL) return NULL;
    static const unsigned char protocols[] = "\x06ipop/1";
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA
                     | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_certificate, NULL);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    SSL_CTX_set_max_cert_list(context, largest_certificate_message);
    int done = SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
        && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION)
        && SSL_CTX_set_num_tickets(context, 0)
        && SSL_CTX_set1_groups_list(context, "X25519:P-256")
        && SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256")
        && SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1) == 0;
    if (done) return context;
    SSL_CTX_free(context);
    return NULL;
}

ossl_tls *ossl_tls_new(SSL_CTX *context, ossl_verify_function verify) {
    ossl_tls *tls = OPENSSL_zalloc(sizeof(*tls));
    BIO *incoming = BIO_new(BIO_s_mem());
    BIO *outgoing = BIO_new(BIO_s_mem());
    if (tls == NULL || incoming == NULL || outgoing == NULL) goto failed;
    // An empty memory is "not yet", not the end.
    BIO_set_mem_eof_return(incoming, -1);
    BIO_set_mem_eof_return(outgoing, -1);
    tls->ssl = SSL_new(context);
    if (tls->ssl == NULL) goto failed;
    tls->verify = verify;
    SSL_set_bio(tls->ssl, incoming, outgoing);
    SSL_set_app_data(tls->ssl, tls);
    return tls;
failed:
    BIO_free(incoming);
    BIO_free(outgoing);
    OPENSSL_free(tls);
    return NULL;
}

void ossl_tls_free(ossl_tls *tls) {
    if (tls == NULL) return;
    SSL_free(tls->ssl);
    OPENSSL_free(tls);
}

SSL *ossl_tls_ssl(ossl_tls *tls) {
    return tls->ssl;
}

int ossl_tls_use_identity(ossl_tls *tls, X509 *certificate, EVP_PKEY *key) {
    return SSL_use_certificate(tls->ssl, certificate) == 1 && SSL_use_PrivateKey(tls->ssl, key) == 1;
}

void ossl_tls_lend(ossl_tls *tls, void *context) {
    tls->verify_context = context;
}

int ossl_tls_has_protocol(const ossl_tls *tls) {
    const unsigned char *chosen = NULL;
    unsigned int count = 0;
    SSL_get0_alpn_selected(tls->ssl, &chosen, &count);
    return count > 0;
}
