package import LinkSecurity
import NetworkTypes
import WireFormat

/// Names one publication, and says how long it is.
///
///     kind 1 | version 8 | hash 8 | length 4
///
/// The hash only tells different contents of one version apart. What counts is the authority's signature inside.
package struct PublicationNotice: Equatable, Sendable {
    /// `PublicationKind` as it came: kinds of later versions are passed over.
    package var kind: UInt8
    package var version: UInt64
    /// FNV-1a of the content.
    package var hash: UInt64
    package var byteCount: UInt32

    package init(kind: UInt8, version: UInt64, hash: UInt64, byteCount: UInt32) {
        self.kind = kind
        self.version = version
        self.hash = hash
        self.byteCount = byteCount
    }

    /// Of what is held.
    package init(_ publication: Publication) {
        self.init(
            kind: publication.kind.rawValue, version: publication.version,
            hash: Checksum.fnv1a(publication.content), byteCount: UInt32(publication.content.count))
    }

    /// Whether it counts, and not the other one of its kind. Of two contents that the authority has signed under one
    /// number every member takes the same.
    package func supersedes(_ other: PublicationNotice?) -> Bool {
        guard let other else { return true }
        return version != other.version ? version > other.version : hash > other.hash
    }

    /// Pages of its content.
    var pageCount: Int {
        (Int(byteCount) + PublicationLimits.pageByteCount - 1) / PublicationLimits.pageByteCount
    }
}

extension WireWriter {
    /// As `PublicationNotice` draws it.
    mutating func write(_ notice: PublicationNotice) {
        write(notice.kind)
        write(notice.version)
        write(notice.hash)
        write(notice.byteCount)
    }
}

extension WireReader {
    mutating func readPublicationNotice() throws(WireError) -> PublicationNotice {
        let kind = try readUInt8()
        let version = try readUInt64()
        let hash = try readUInt64()
        return PublicationNotice(kind: kind, version: version, hash: hash, byteCount: try readUInt32())
    }
}
