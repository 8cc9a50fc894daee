import GatewayFiles
import LinkSecurity
import OpenSSLLink

/// The content of a publication as members hand it on: `| kind | content |`.
enum PublicationTarget {
    static func run(_ input: [UInt8]) throws(PropertyViolation) {
        guard let kind = input.first.flatMap({ PublicationKind(rawValue: $0) }) else { return }
        guard let authority = try? TestAuthority.trust().authority else {
            throw PropertyViolation(description: "there is no \(TestAuthority.path)")
        }
        let content = Array(input.dropFirst())
        guard case .success(let publication) = GridPublications(authority: authority).verify(kind, content) else {
            return
        }
        try expect(publication.kind == kind && publication.content == content, "it is passed on as it came")
        try expect(publication.revokedSerials.allSatisfy { !$0.isEmpty }, "who is revoked has a serial number")
        try expect(kind == .revocationList || publication.revokedSerials.isEmpty, "a profile revokes nobody")
    }
}
