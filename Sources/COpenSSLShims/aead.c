#include "COpenSSLShims.h"

#include <openssl/evp.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

enum { nonce_bytes = 12, tag_bytes = 16 };

struct ossl_aead {
    EVP_CIPHER_CTX *context;
    uint8_t static_iv[nonce_bytes];
};

static const char *const names[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};

ossl_aead *ossl_aead_new(int algorithm, int path, int seal, const uint8_t *key, const uint8_t *static_iv) {
    (void)path;
    if (algorithm < 0 || algorithm > OSSL_AEAD_CHACHA20_POLY1305) return NULL;
    ossl_aead *aead = OPENSSL_zalloc(sizeof(*aead));
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, names[algorithm], NULL);
    if (aead == NULL || cipher == NULL) goto failed;
    memcpy(aead->static_iv, static_iv, nonce_bytes);
    aead->context = EVP_CIPHER_CTX_new();
    if (aead->context == NULL) goto failed;
    if (!EVP_CipherInit_ex2(aead->context, cipher, key, static_iv, seal, NULL)) goto failed;
    EVP_CIPHER_free(cipher);
    return aead;
failed:
    EVP_CIPHER_free(cipher);
    ossl_aead_free(aead);
    return NULL;
}

void ossl_aead_free(ossl_aead *aead) {
    if (aead == NULL) return;
    EVP_CIPHER_CTX_free(aead->context);
    OPENSSL_clear_free(aead, sizeof(*aead));
}

static void make_nonce(const ossl_aead *aead, const uint8_t *header, uint8_t *nonce) {
    uint32_t front, front_iv;
    uint64_t counter, counter_iv;
    memcpy(&front, header, 4);
    memcpy(&counter, header + 8, 8);
    memcpy(&front_iv, aead->static_iv, 4);
    memcpy(&counter_iv, aead->static_iv + 4, 8);
    front ^= front_iv;
    counter ^= counter_iv;
    memcpy(nonce, &front, 4);
    memcpy(nonce + 4, &counter, 8);
}

int ossl_aead_seal(
    ossl_aead *aead, const uint8_t *header, const uint8_t *plaintext, size_t count, uint8_t *output) {
    uint8_t nonce[nonce_bytes];
    int written = 0, rest = 0;
    make_nonce(aead, header, nonce);
    if (!EVP_CipherInit_ex2(aead->context, NULL, NULL, nonce, 1, NULL)) return 0;
    if (!EVP_CipherUpdate(aead->context, output, &written, plaintext, (int)count)) return 0;
    if (!EVP_CipherFinal_ex(aead->context, output + written, &rest)) return 0;
    return EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, output + count);
}

int ossl_aead_open(
    ossl_aead *aead, const uint8_t *header, const uint8_t *ciphertext, size_t count, uint8_t *output) {
    if (count < tag_bytes) return 0;
    uint8_t nonce[nonce_bytes], tag[tag_bytes];
    int written = 0, rest = 0;
    count -= tag_bytes;
    // The tag is copied before decryption may overwrite its place.
    memcpy(tag, ciphertext + count, tag_bytes);
    make_nonce(aead, header, nonce);
    if (!EVP_CipherInit_ex2(aead->context, NULL, NULL, nonce, 0, NULL)) return 0;
    if (!EVP_CIPHER_CTX_ctrl(aead->context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag)) return 0;
    if (!EVP_CipherUpdate(aead->context, output, &written, ciphertext, (int)count)) return 0;
    return EVP_CipherFinal_ex(aead->context, output + written, &rest) > 0;
}

int ossl_cpu_has_aes(void) {
#if defined(__x86_64__) || defined(__i386__)
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return 0;
    return (ecx & bit_AES) != 0 && (ecx & bit_PCLMUL) != 0;
#elif defined(__aarch64__)
    unsigned long capabilities = getauxval(AT_HWCAP);
    return (capabilities & HWCAP_AES) != 0 && (capabilities & HWCAP_PMULL) != 0;
#else
    return 0;
#endif
}
