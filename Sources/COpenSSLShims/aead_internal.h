#ifndef aead_internal_h
#define aead_internal_h

#include "COpenSSLShims.h"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

enum { nonce_bytes = 12, tag_bytes = 16 };

/// A cipher's functions inside its provider (provider-cipher(7)).
typedef struct {
    EVP_CIPHER *chosen;  // kept for ever: it keeps its provider
    void *provider_context;
    OSSL_FUNC_cipher_newctx_fn *new_context;
    OSSL_FUNC_cipher_freectx_fn *free_context;
    OSSL_FUNC_cipher_encrypt_init_fn *encrypt_init;
    OSSL_FUNC_cipher_decrypt_init_fn *decrypt_init;
    OSSL_FUNC_cipher_update_fn *update;
    OSSL_FUNC_cipher_final_fn *final;
    OSSL_FUNC_cipher_get_ctx_params_fn *get_parameters;
} direct_cipher;

/// Exactly one of the contexts is set.
struct ossl_aead {
    EVP_CIPHER_CTX *evp;
    const direct_cipher *cipher;
    void *direct;
    uint8_t static_iv[nonce_bytes];
};

extern const char *const aead_names[3];

/// The provider's functions for `algorithm`, or NULL when they are not to be had.
const direct_cipher *direct_cipher_find(int algorithm);

/// Expands a key for the direct path. Returns 1 or 0.
int direct_start(
    ossl_aead *aead, const direct_cipher *cipher, int seal, const uint8_t *key, size_t key_bytes);

/// The two calls with a nonce already made; `count` without the tag.
int direct_seal(ossl_aead *aead, const uint8_t *nonce, const uint8_t *plaintext, size_t count, uint8_t *output);
int direct_open(ossl_aead *aead, const uint8_t *nonce, const uint8_t *ciphertext, size_t count, uint8_t *output);

#endif
