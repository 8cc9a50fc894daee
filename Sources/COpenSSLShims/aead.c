#include "aead_internal.h"

#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

const char *const aead_names[3] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
static const size_t key_bytes[3] = {16, 32, 32};

static int evp_start(ossl_aead *aead, int algorithm, int seal, const uint8_t *key) {
    static const uint8_t any_nonce[nonce_bytes];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, aead_names[algorithm], NULL);
    aead->evp = EVP_CIPHER_CTX_new();
    int done = cipher != NULL && aead->evp != NULL && EVP_CipherInit_ex2(aead->evp, cipher, key, any_nonce, seal, NULL);
    EVP_CIPHER_free(cipher);
    return done;
}

static int evp_seal(ossl_aead *aead, const uint8_t *nonce, const uint8_t *plaintext, size_t count, uint8_t *output) {
    int written = 0, rest = 0;
    return EVP_CipherInit_ex2(aead->evp, NULL, NULL, nonce, 1, NULL)
        && EVP_CipherUpdate(aead->evp, output, &written, plaintext, (int)count)
        && EVP_CipherFinal_ex(aead->evp, output + written, &rest)
        && EVP_CIPHER_CTX_ctrl(aead->evp, EVP_CTRL_AEAD_GET_TAG, tag_bytes, output + count);
}

static int evp_open(ossl_aead *aead, const uint8_t *nonce, const uint8_t *ciphertext, size_t count, uint8_t *output) {
    int written = 0, rest = 0;
    uint8_t tag[tag_bytes];
    // Decryption in place may overwrite the tag's place.
    memcpy(tag, ciphertext + count, tag_bytes);
    return EVP_CipherInit_ex2(aead->evp, NULL, NULL, nonce, 0, NULL)
        && EVP_CIPHER_CTX_ctrl(aead->evp, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag)
        && EVP_CipherUpdate(aead->evp, output, &written, ciphertext, (int)count)
        && EVP_CipherFinal_ex(aead->evp, output + written, &rest) > 0;
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
    make_nonce(aead, header, nonce);
    if (aead->direct != NULL) return direct_seal(aead, nonce, plaintext, count, output);
    return evp_seal(aead, nonce, plaintext, count, output);
}

int ossl_aead_open(
    ossl_aead *aead, const uint8_t *header, const uint8_t *ciphertext, size_t count, uint8_t *output) {
    uint8_t nonce[nonce_bytes];
    if (count < tag_bytes) return 0;
    make_nonce(aead, header, nonce);
    if (aead->direct != NULL) return direct_open(aead, nonce, ciphertext, count - tag_bytes, output);
    return evp_open(aead, nonce, ciphertext, count - tag_bytes, output);
}

static ossl_aead *make(
    int algorithm, const direct_cipher *direct, int seal, const uint8_t *key, const uint8_t *static_iv) {
    ossl_aead *aead = OPENSSL_zalloc(sizeof(*aead));
    if (aead == NULL) return NULL;
    memcpy(aead->static_iv, static_iv, nonce_bytes);
    int done = direct != NULL ? direct_start(aead, direct, seal, key, key_bytes[algorithm])
                              : evp_start(aead, algorithm, seal, key);
    if (done) return aead;
    ossl_aead_free(aead);
    return NULL;
}

// ---- The direct path is used when it has given EVP's results ----

static int is_trusted[3];
static pthread_once_t trust_once = PTHREAD_ONCE_INIT;

/// Seals and opens messages of several lengths on both paths with one set of contexts; 1 when all agree and a changed
/// message is refused.
static int agrees(ossl_aead *const seals[2], ossl_aead *const opens[2]) {
    static const size_t lengths[] = {0, 1, 16, 100, 1440};
    uint8_t header[16] = {128}, plain[1440], sealed[2][1440 + tag_bytes], opened[1440];
    for (size_t i = 0; i < sizeof(plain); i++) plain[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t count = lengths[i];
        header[15] = (uint8_t)i;
        for (int path = 0; path < 2; path++) {
            if (!ossl_aead_seal(seals[path], header, plain, count, sealed[path])) return 0;
        }
        if (memcmp(sealed[0], sealed[1], count + tag_bytes) != 0) return 0;
        for (int path = 0; path < 2; path++) {
            if (!ossl_aead_open(opens[path], header, sealed[0], count + tag_bytes, opened)) return 0;
            if (memcmp(opened, plain, count) != 0) return 0;
            sealed[1][i] ^= 1;
            if (ossl_aead_open(opens[path], header, sealed[1], count + tag_bytes, opened)) return 0;
            sealed[1][i] ^= 1;
        }
    }
    return 1;
}

static void examine(void) {
    static const uint8_t key[32] = {1, 2, 3}, static_iv[nonce_bytes] = {4, 5, 6};
    for (int algorithm = 0; algorithm < 3; algorithm++) {
        const direct_cipher *direct = direct_cipher_find(algorithm);
        if (direct == NULL) continue;
        ossl_aead *seals[2] = {make(algorithm, NULL, 1, key, static_iv), make(algorithm, direct, 1, key, static_iv)};
        ossl_aead *opens[2] = {make(algorithm, NULL, 0, key, static_iv), make(algorithm, direct, 0, key, static_iv)};
        if (seals[0] && seals[1] && opens[0] && opens[1]) is_trusted[algorithm] = agrees(seals, opens);
        for (int path = 0; path < 2; path++) {
            ossl_aead_free(seals[path]);
            ossl_aead_free(opens[path]);
        }
    }
    // The refusals of changed messages are no errors of a later call.
    ERR_clear_error();
}

ossl_aead *ossl_aead_new(int algorithm, int path, int seal, const uint8_t *key, const uint8_t *static_iv) {
    if (algorithm < 0 || algorithm > OSSL_AEAD_CHACHA20_POLY1305) return NULL;
    const direct_cipher *direct = NULL;
    if (path == OSSL_AEAD_FASTEST) {
        pthread_once(&trust_once, examine);
        if (is_trusted[algorithm]) direct = direct_cipher_find(algorithm);
    }
    return make(algorithm, direct, seal, key, static_iv);
}

void ossl_aead_free(ossl_aead *aead) {
    if (aead == NULL) return;
    EVP_CIPHER_CTX_free(aead->evp);
    if (aead->direct != NULL) aead->cipher->free_context(aead->direct);
    OPENSSL_clear_free(aead, sizeof(*aead));
}

int ossl_aead_is_direct(const ossl_aead *aead) {
    return aead->direct != NULL;
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
