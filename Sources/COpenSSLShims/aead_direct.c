#include "aead_internal.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <string.h>

// The provider's own functions, which are public API (provider-cipher(7)) but are meant to be called by EVP: that saves
// its bookkeeping, about 90 ns a datagram. Only the provider that EVP itself would choose is asked, so that the
// system's configuration holds, and aead.c compares the results with EVP's before it relies on them.

static direct_cipher ciphers[3];
static int is_usable[3];
static pthread_once_t ciphers_once = PTHREAD_ONCE_INIT;

/// Whether a provider's list of names, `A:B:C`, has this one.
static int has_name(const char *list, const char *name) {
    size_t length = strlen(name);
    while (list != NULL) {
        if (OPENSSL_strncasecmp(list, name, length) == 0 && (list[length] == ':' || list[length] == 0)) return 1;
        list = strchr(list, ':');
        if (list != NULL) list++;
    }
    return 0;
}

static void take_functions(direct_cipher *cipher, const OSSL_DISPATCH *functions) {
    for (; functions->function_id != 0; functions++) {
        switch (functions->function_id) {
        case OSSL_FUNC_CIPHER_NEWCTX: cipher->new_context = OSSL_FUNC_cipher_newctx(functions); break;
        case OSSL_FUNC_CIPHER_FREECTX: cipher->free_context = OSSL_FUNC_cipher_freectx(functions); break;
        case OSSL_FUNC_CIPHER_ENCRYPT_INIT: cipher->encrypt_init = OSSL_FUNC_cipher_encrypt_init(functions); break;
        case OSSL_FUNC_CIPHER_DECRYPT_INIT: cipher->decrypt_init = OSSL_FUNC_cipher_decrypt_init(functions); break;
        case OSSL_FUNC_CIPHER_UPDATE: cipher->update = OSSL_FUNC_cipher_update(functions); break;
        case OSSL_FUNC_CIPHER_FINAL: cipher->final = OSSL_FUNC_cipher_final(functions); break;
        case OSSL_FUNC_CIPHER_GET_CTX_PARAMS:
            cipher->get_parameters = OSSL_FUNC_cipher_get_ctx_params(functions);
            break;
        default: break;
        }
    }
}

static void find_cipher(int algorithm) {
    EVP_CIPHER *chosen = EVP_CIPHER_fetch(NULL, aead_names[algorithm], NULL);
    if (chosen == NULL) return;
    const OSSL_PROVIDER *provider = EVP_CIPHER_get0_provider(chosen);
    int no_cache = 0;
    const OSSL_ALGORITHM *list = OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER, &no_cache);
    direct_cipher *cipher = &ciphers[algorithm];
    cipher->chosen = chosen;
    for (; list != NULL && list->algorithm_names != NULL; list++) {
        if (!has_name(list->algorithm_names, aead_names[algorithm])) continue;
        cipher->provider_context = OSSL_PROVIDER_get0_provider_ctx(provider);
        take_functions(cipher, list->implementation);
        break;
    }
    is_usable[algorithm] = cipher->new_context != NULL && cipher->free_context != NULL && cipher->encrypt_init != NULL
        && cipher->decrypt_init != NULL && cipher->update != NULL && cipher->final != NULL
        && cipher->get_parameters != NULL && !no_cache;
}

static void find_ciphers(void) {
    for (int algorithm = 0; algorithm < 3; algorithm++) find_cipher(algorithm);
}

const direct_cipher *direct_cipher_find(int algorithm) {
    pthread_once(&ciphers_once, find_ciphers);
    return is_usable[algorithm] ? &ciphers[algorithm] : NULL;
}

int direct_start(
    ossl_aead *aead, const direct_cipher *cipher, int seal, const uint8_t *key, size_t key_bytes) {
    static const uint8_t any_nonce[nonce_bytes];
    aead->cipher = cipher;
    aead->direct = cipher->new_context(cipher->provider_context);
    if (aead->direct == NULL) return 0;
    return (seal ? cipher->encrypt_init : cipher->decrypt_init)(
        aead->direct, key, key_bytes, any_nonce, nonce_bytes, NULL);
}

int direct_seal(ossl_aead *aead, const uint8_t *nonce, const uint8_t *plaintext, size_t count, uint8_t *output) {
    const direct_cipher *cipher = aead->cipher;
    size_t written = 0, rest = 0;
    OSSL_PARAM tag[] = {
        {OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, output + count, tag_bytes, 0}, OSSL_PARAM_END};
    return cipher->encrypt_init(aead->direct, NULL, 0, nonce, nonce_bytes, NULL)
        && cipher->update(aead->direct, output, &written, count, plaintext, count)
        && cipher->final(aead->direct, output + written, &rest, tag_bytes)
        && cipher->get_parameters(aead->direct, tag);
}

int direct_open(ossl_aead *aead, const uint8_t *nonce, const uint8_t *ciphertext, size_t count, uint8_t *output) {
    const direct_cipher *cipher = aead->cipher;
    size_t written = 0, rest = 0;
    uint8_t copy[tag_bytes];
    // Decryption in place may overwrite the tag's place.
    memcpy(copy, ciphertext + count, tag_bytes);
    const OSSL_PARAM tag[] = {
        {OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, copy, tag_bytes, 0}, OSSL_PARAM_END};
    return cipher->decrypt_init(aead->direct, NULL, 0, nonce, nonce_bytes, tag)
        && cipher->update(aead->direct, output, &written, count, ciphertext, count)
        && cipher->final(aead->direct, output + written, &rest, tag_bytes);
}
