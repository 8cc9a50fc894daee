#ifndef IPOP_JUDGING_H
#define IPOP_JUDGING_H

#include "COpenSSLShims.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

/// Lets `verify` judge the peer's certificate, as DER, and tells the library its verdict. Returns 1 for a good one.
static inline int ipop_judge_leaf(X509_STORE_CTX *store, ossl_verify_function verify, void *context) {
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    unsigned char *bytes = NULL;
    int count = leaf == NULL ? -1 : i2d_X509(leaf, &bytes);
    int result = X509_V_ERR_CERT_REJECTED;
    if (count > 0 && context != NULL) result = verify(context, bytes, (size_t)count);
    OPENSSL_free(bytes);
    X509_STORE_CTX_set_error(store, result);
    return result == X509_V_OK;
}

/// Chooses `ipop/1` when the client offers it, and answers with `otherwise` when it offers others only.
static inline int ipop_select_protocol(
    const unsigned char **chosen, unsigned char *chosen_count, const unsigned char *offered, unsigned int offered_count,
    int otherwise) {
    static const unsigned char ours[] = "\x06ipop/1";
    unsigned char *found = NULL;
    int result = SSL_select_next_proto(&found, chosen_count, ours, sizeof(ours) - 1, offered, offered_count);
    if (result != OPENSSL_NPN_NEGOTIATED) return otherwise;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

#endif
