#include "COpenSSLShims.h"

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

EVP_PKEY *ossl_key_generate(void) {
    return EVP_EC_gen("P-256");
}

int ossl_key_is_p256(EVP_PKEY *key) {
    char group[32];
    size_t length = 0;
    if (!EVP_PKEY_is_a(key, "EC")) return 0;
    if (!EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &length)) return 0;
    return strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0;
}

static unsigned afi_of(uint8_t family) {
    return family == 4 ? IANA_AFI_IPV4 : IANA_AFI_IPV6;
}

int ossl_certificate_add_address_blocks(X509 *certificate, const ossl_address_range *ranges, size_t count) {
    IPAddrBlocks *blocks = sk_IPAddressFamily_new_null();
    if (blocks == NULL) return 0;
    int done = 0;
    for (size_t i = 0; i < count; i++) {
        // The library wants its own mutable copies; a range that is a prefix is encoded as one.
        uint8_t first[16], last[16];
        memcpy(first, ranges[i].first, sizeof(first));
        memcpy(last, ranges[i].last, sizeof(last));
        if (!X509v3_addr_add_range(blocks, afi_of(ranges[i].family), NULL, first, last)) goto end;
    }
    if (!X509v3_addr_canonize(blocks)) goto end;
    done = X509_add1_ext_i2d(certificate, NID_sbgp_ipAddrBlock, blocks, 1, X509V3_ADD_DEFAULT) == 1;
end:
    sk_IPAddressFamily_pop_free(blocks, IPAddressFamily_free);
    return done;
}

/// Appends the ranges of one family; the new count, or -1.
static int read_family(const IPAddressFamily *family, ossl_address_range *ranges, int used, size_t capacity) {
    unsigned afi = X509v3_addr_get_afi(family);
    if (afi != IANA_AFI_IPV4 && afi != IANA_AFI_IPV6) return -1;
    if (ASN1_STRING_length(family->addressFamily) != 2) return -1;
    if (family->ipAddressChoice->type != IPAddressChoice_addressesOrRanges) return -1;
    int byte_count = afi == IANA_AFI_IPV4 ? 4 : 16;
    IPAddressOrRanges *list = family->ipAddressChoice->u.addressesOrRanges;
    for (int i = 0; i < sk_IPAddressOrRange_num(list); i++) {
        if ((size_t)used >= capacity) return -1;
        ossl_address_range *range = &ranges[used];
        memset(range, 0, sizeof(*range));
        range->family = afi == IANA_AFI_IPV4 ? 4 : 6;
        IPAddressOrRange *entry = sk_IPAddressOrRange_value(list, i);
        if (X509v3_addr_get_range(entry, afi, range->first, range->last, 16) != byte_count) return -1;
        used++;
    }
    return used;
}

int ossl_certificate_address_blocks(const X509 *certificate, ossl_address_range *ranges, size_t capacity) {
    int critical = 0;
    IPAddrBlocks *blocks = X509_get_ext_d2i(certificate, NID_sbgp_ipAddrBlock, &critical, NULL);
    if (blocks == NULL) return critical == -1 ? 0 : -1;
    int used = X509v3_addr_is_canonical(blocks) ? 0 : -1;
    for (int i = 0; used >= 0 && i < sk_IPAddressFamily_num(blocks); i++) {
        used = read_family(sk_IPAddressFamily_value(blocks, i), ranges, used, capacity);
    }
    sk_IPAddressFamily_pop_free(blocks, IPAddressFamily_free);
    return used;
}

int ossl_certificate_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    if (extension == NULL) return 0;
    int done = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done;
}

int ossl_request_add_uri(X509_REQ *request, const char *uri) {
    char value[512];
    if (strlen(uri) + sizeof("URI:") > sizeof(value)) return 0;
    strcpy(value, "URI:");
    strcat(value, uri);
    X509V3_CTX context;
    X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, NID_subject_alt_name, value);
    if (extension == NULL) return 0;
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    int done = 0;
    if (extensions != NULL && sk_X509_EXTENSION_push(extensions, extension) > 0) {
        done = X509_REQ_add_extensions(request, extensions);
    }
    sk_X509_EXTENSION_free(extensions);
    X509_EXTENSION_free(extension);
    return done;
}

/// Copies an ASN.1 string as UTF-8; its length, or -1.
static int copy_text(const ASN1_STRING *string, char *text, size_t capacity) {
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8(&utf8, string);
    if (length < 0) return -1;
    int result = -1;
    if ((size_t)length <= capacity && memchr(utf8, 0, (size_t)length) == NULL) {
        memcpy(text, utf8, (size_t)length);
        result = length;
    }
    OPENSSL_free(utf8);
    return result;
}

int ossl_name_common_name(const X509_NAME *name, char *text, size_t capacity) {
    if (name == NULL) return -1;
    int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, index) >= 0) return -1;
    return copy_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)), text, capacity);
}

/// Takes the names and returns the only URI among them.
static int only_uri(GENERAL_NAMES *names, char *text, size_t capacity) {
    int result = -1, found = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) continue;
        result = found++ ? -1 : copy_text(name->d.uniformResourceIdentifier, text, capacity);
    }
    GENERAL_NAMES_free(names);
    return found == 1 ? result : -1;
}

int ossl_certificate_uri(const X509 *certificate, char *text, size_t capacity) {
    return only_uri(X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL), text, capacity);
}

int ossl_request_uri(X509_REQ *request, char *text, size_t capacity) {
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    if (extensions == NULL) return -1;
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return only_uri(names, text, capacity);
}

int64_t ossl_time_seconds(const ASN1_TIME *time) {
    struct tm parts;
    if (time == NULL || !ASN1_TIME_to_tm(time, &parts)) return INT64_MIN;
    return (int64_t)timegm(&parts);
}
