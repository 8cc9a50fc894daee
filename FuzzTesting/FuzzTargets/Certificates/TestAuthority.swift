import NetworkTypes
import OpenSSLLink

/// The authority that signed the certificates of the corpus. Its key is gone: nobody can sign more.
enum TestAuthority {
    static let grid = "physics"
    static let sites = ["ufl", "lsu", "cern"]
    /// 2030-01-01T00:00:00Z: inside every certificate's validity.
    static let now: Int64 = 1_893_456_000

    /// What a site's certificate covers.
    static func prefixes(of site: String) -> [IPPrefix] {
        switch site {
        case "ufl": [IPPrefix(containing: IPAddress(192, 168, 10, 0), length: 24)]
        case "lsu":
            [
                IPPrefix(containing: IPAddress(10, 0, 0, 0), length: 23),
                IPPrefix(containing: IPAddress(192, 168, 20, 0), length: 24),
                IPPrefix(containing: IPAddress(v6High: 0x2001_0db8_0002_0000, low: 0), length: 48),
            ]
        default: []
        }
    }

    /// Where its certificate is.
    static let path = Corpus.folder + "/authority.pem"

    /// Trust in it alone.
    static func trust() throws -> TrustStore {
        if let made { return made }
        let store = try TrustStore(authority: Certificate(pem: String(decoding: Corpus.read(path), as: UTF8.self)))
        made = store
        return store
    }

    /// One fuzzer, one thread; the tests replay certificates one after the other.
    nonisolated(unsafe) private static var made: TrustStore?
}
