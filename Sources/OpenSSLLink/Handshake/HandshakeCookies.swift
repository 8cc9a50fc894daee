import COpenSSL
import COpenSSLShims
import NetworkTypes

/// Stateless cookies (RFC 6347 §4.2.1): a keyed digest of the source, so that only who receives there can go on.
///
/// The secret is random, changes every `lifetime`, and the one before still counts, so a cookie lives one to two
/// lifetimes.
struct HandshakeCookies {
    /// The cookie to hand out, and what the same source may have got before the secret changed.
    struct Pair {
        var current: [UInt8]
        var previous: [UInt8]
    }

    /// Seconds that a secret hands out cookies: a handshake needs its cookie for one round trip.
    static let lifetime: Int64 = 60

    private var secret = Self.randomSecret()
    private var previousSecret = Self.randomSecret()
    private var changed: Int64

    /// `now` is in seconds on a clock that does not jump.
    init(now: Int64) {
        changed = now
    }

    /// The cookies of `source` at `now`.
    mutating func pair(for source: Endpoint, now: Int64) -> Pair {
        if now - changed >= Self.lifetime {
            // After a long silence both secrets are too old.
            previousSecret = now - changed >= 2 * Self.lifetime ? Self.randomSecret() : secret
            secret = Self.randomSecret()
            changed = now
        }
        let name = source.address.bytes + [UInt8(source.port >> 8), UInt8(source.port & 255)]
        return Pair(current: Self.digest(name, secret), previous: Self.digest(name, previousSecret))
    }

    private static func digest(_ message: [UInt8], _ secret: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        let done = HMAC(EVP_sha256(), secret, Int32(secret.count), message, message.count, &digest, nil)
        precondition(done != nil, "the library cannot compute an HMAC")
        return Array(digest.prefix(Int(OSSL_COOKIE_BYTES)))
    }

    private static func randomSecret() -> [UInt8] {
        var secret = [UInt8](repeating: 0, count: 32)
        precondition(RAND_bytes(&secret, Int32(secret.count)) == 1, "the library has no randomness")
        return secret
    }
}
