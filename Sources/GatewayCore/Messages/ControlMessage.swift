package import NetworkTypes
package import WireFormat

/// What two gateways say to each other inside a session: the content of a sealed `control` datagram.
///
/// The first byte is the type. Bytes behind a message are padding, so that a path MTU probe can have any size.
package enum ControlMessage: Equatable, Sendable {
    /// "Are you there?" Carries the sender's digest of its directory, so that every probe is an anti-entropy check.
    /// `isPath`: the sender's packets go this way; otherwise it only looks whether they could.
    case probe(identifier: UInt32, directoryDigest: UInt64, isPath: Bool)
    /// Answers `probe` on the path it came by, and reports from which endpoint it came (as RFC 8489 STUN does).
    case probeAnswer(identifier: UInt32, directoryDigest: UInt64, observed: Endpoint)
    /// `ipop ping`: answered by `echoAnswer` with the same token.
    case echo(token: UInt64)
    case echoAnswer(token: UInt64)
    /// A signed announcement, `ageSeconds` after its owner made it. If it is news to the receiver, it passes it on to
    /// the members that lie clockwise from it as far as `until` (bounded broadcast); `nil`: it keeps it for itself.
    case announcement(ageSeconds: UInt32, until: NodeAddress?, encoded: [UInt8])
    /// Asks for a page of the directory's summary, beginning with the first node at or after `start`.
    case summaryRequest(start: NodeAddress)
    /// A page of the directory's summary in node order; `isLast` when nothing follows.
    case summary([SummaryEntry], isLast: Bool)
    /// Asks for the announcements of these nodes.
    case announcementRequest([NodeAddress])
    /// The sender ends the session: it stops.
    case goodbye
    /// The sender has no more use for the session; another is made when there is.
    case release
    /// What the two ends' ring nodes say to each other.
    case ring([UInt8])
    /// A message of the store.
    case store([UInt8])
    /// Asks for the digests of the 64 parts of the directory.
    case digestsRequest
    case digests([UInt64])
    /// An operator asks; answered by `answer` with the same token.
    case question(token: UInt64, OperatorQuestion)
    case answer(token: UInt64, OperatorAnswer)
    /// Publications that the sender has: one that is news, to be passed on clockwise as far as `until` (bounded
    /// broadcast); `nil`: all of them.
    case publications([PublicationNotice], until: NodeAddress?)
    /// Asks for `count` pages of a publication's content.
    case publicationRequest(PublicationNotice, first: UInt16, count: UInt8)
    case publicationPage(PublicationNotice, page: UInt16, [UInt8])
    /// About passing datagrams on between two other members.
    case relay(RelayMessage)
    /// About single hosts in bridged subnets.
    case hosts(HostMessage)
    /// About the names of hosts.
    case names(NameMessage)

    /// Whether it comes by the path that the sender's packets take: what is sent to try another way does not.
    package var isOnPath: Bool {
        switch self {
        case .probe(_, _, let isPath): isPath
        case .probeAnswer: false
        default: true
        }
    }

    /// A node and the sequence number of its newest announcement known to the sender.
    package struct SummaryEntry: Equatable, Sendable {
        package var node: NodeAddress
        package var sequence: UInt64

        package init(node: NodeAddress, sequence: UInt64) {
            self.node = node
            self.sequence = sequence
        }
    }

    private enum Tag: UInt8 {
        case probe = 1
        case probeAnswer = 2
        case echo = 3
        case echoAnswer = 4
        case announcement = 5
        case summaryRequest = 6
        case summary = 7
        case announcementRequest = 8
        case goodbye = 9
        case release = 10
        case ring = 11
        case store = 12
        case digestsRequest = 13
        case digests = 14
        case question = 19
        case answer = 20
        case publications = 21
        case publicationRequest = 22
        case publicationPage = 23
        case relay = 15
        case hosts = 24
        case names = 29
    }
}

extension ControlMessage {
    /// The message's bytes, without padding.
    package var encoded: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .probe(let identifier, let digest, let isPath):
            writer.write(Tag.probe.rawValue)
            writer.write(identifier)
            writer.write(digest)
            writer.write(UInt8(isPath ? 1 : 0))
        case .probeAnswer(let identifier, let digest, let observed):
            writer.write(Tag.probeAnswer.rawValue)
            writer.write(identifier)
            writer.write(digest)
            writer.write(observed)
        case .echo(let token):
            writer.write(Tag.echo.rawValue)
            writer.write(token)
        case .echoAnswer(let token):
            writer.write(Tag.echoAnswer.rawValue)
            writer.write(token)
        case .announcement(let age, let until, let encoded):
            writer.write(Tag.announcement.rawValue)
            writer.write(age)
            writer.write(UInt8(until == nil ? 0 : 1))
            if let until { writer.write(until) }
            writer.write(block: encoded)
        case .summaryRequest(let start):
            writer.write(Tag.summaryRequest.rawValue)
            writer.write(start)
        case .summary(let entries, let isLast):
            writer.write(Tag.summary.rawValue)
            writer.write(UInt8(isLast ? 1 : 0))
            writer.write(count: entries.count)
            for entry in entries {
                writer.write(entry.node)
                writer.write(entry.sequence)
            }
        case .announcementRequest(let nodes):
            writer.write(Tag.announcementRequest.rawValue)
            writer.write(count: nodes.count)
            for node in nodes { writer.write(node) }
        case .goodbye:
            writer.write(Tag.goodbye.rawValue)
        case .release:
            writer.write(Tag.release.rawValue)
        case .ring(let bytes):
            writer.write(Tag.ring.rawValue)
            writer.write(block: bytes)
        case .store(let bytes):
            writer.write(Tag.store.rawValue)
            writer.write(block: bytes)
        case .digestsRequest:
            writer.write(Tag.digestsRequest.rawValue)
        case .digests(let digests):
            writer.write(Tag.digests.rawValue)
            writer.write(count: digests.count)
            for digest in digests { writer.write(digest) }
        case .question(let token, let question):
            writer.write(Tag.question.rawValue)
            writer.write(token)
            question.write(to: &writer)
        case .answer(let token, let answer):
            writer.write(Tag.answer.rawValue)
            writer.write(token)
            answer.write(to: &writer)
        case .publications(let notices, let until):
            writer.write(Tag.publications.rawValue)
            writer.write(UInt8(until == nil ? 0 : 1))
            if let until { writer.write(until) }
            writer.write(count: notices.count)
            for notice in notices { writer.write(notice) }
        case .publicationRequest(let notice, let first, let count):
            writer.write(Tag.publicationRequest.rawValue)
            writer.write(notice)
            writer.write(first)
            writer.write(count)
        case .publicationPage(let notice, let page, let bytes):
            writer.write(Tag.publicationPage.rawValue)
            writer.write(notice)
            writer.write(page)
            writer.write(block: bytes)
        case .relay(let message):
            writer.write(Tag.relay.rawValue)
            message.write(to: &writer)
        case .hosts(let message):
            writer.write(Tag.hosts.rawValue)
            message.write(to: &writer)
        case .names(let message):
            writer.write(Tag.names.rawValue)
            message.write(to: &writer)
        }
        return writer.bytes
    }

    /// Reads a message; what follows it is padding.
    package init(reading bytes: RawSpan) throws(WireError) {
        var reader = WireReader(bytes)
        let tag = try reader.readUInt8()
        switch Tag(rawValue: tag) {
        case .probe:
            let identifier = try reader.readUInt32()
            let digest = try reader.readUInt64()
            self = .probe(
                identifier: identifier, directoryDigest: digest, isPath: try reader.readUInt8() & 1 != 0)
        case .probeAnswer:
            let identifier = try reader.readUInt32()
            let digest = try reader.readUInt64()
            self = .probeAnswer(
                identifier: identifier, directoryDigest: digest, observed: try reader.readEndpoint())
        case .echo:
            self = .echo(token: try reader.readUInt64())
        case .echoAnswer:
            self = .echoAnswer(token: try reader.readUInt64())
        case .announcement:
            let age = try reader.readUInt32()
            let until = try reader.readUInt8() != 0 ? try reader.readNodeAddress() : nil
            let limit = DirectoryLimits.announcementByteCount
            self = .announcement(
                ageSeconds: age, until: until, encoded: try reader.readBlock("announcement", limit: limit))
        case .summaryRequest:
            self = .summaryRequest(start: try reader.readNodeAddress())
        case .summary:
            let isLast = try reader.readUInt8() != 0
            let count = try reader.readCount("summary", limit: DirectoryLimits.summaryPageCount)
            var entries: [SummaryEntry] = []
            for _ in 0..<count {
                let node = try reader.readNodeAddress()
                entries.append(SummaryEntry(node: node, sequence: try reader.readUInt64()))
            }
            self = .summary(entries, isLast: isLast)
        case .announcementRequest:
            let count = try reader.readCount("nodes", limit: DirectoryLimits.requestCount)
            var nodes: [NodeAddress] = []
            for _ in 0..<count { nodes.append(try reader.readNodeAddress()) }
            self = .announcementRequest(nodes)
        case .goodbye:
            self = .goodbye
        case .release:
            self = .release
        case .ring:
            self = .ring(try reader.readBlock("ring message", limit: OverlayLimits.ringMessageByteCount))
        case .store:
            self = .store(try reader.readBlock("store message", limit: OverlayLimits.storeMessageByteCount))
        case .digestsRequest:
            self = .digestsRequest
        case .digests:
            var digests: [UInt64] = []
            for _ in 0..<(try reader.readCount("digests", limit: DirectoryLimits.bucketCount)) {
                digests.append(try reader.readUInt64())
            }
            self = .digests(digests)
        case .question:
            self = .question(token: try reader.readUInt64(), try OperatorQuestion(from: &reader))
        case .answer:
            self = .answer(token: try reader.readUInt64(), try OperatorAnswer(from: &reader))
        case .publications, .publicationRequest, .publicationPage:
            self = try Self.readPublication(Tag(rawValue: tag), &reader)
        case .relay: self = .relay(try RelayMessage(reading: &reader))
        case .hosts: self = .hosts(try HostMessage(reading: &reader))
        case .names: self = .names(try NameMessage(reading: &reader))
        case nil:
            throw .unknownValue(field: "control message", value: UInt64(tag))
        }
    }

    private static func readPublication(_ tag: Tag?, _ reader: inout WireReader) throws(WireError) -> ControlMessage {
        if tag == .publications {
            let until = try reader.readUInt8() != 0 ? try reader.readNodeAddress() : nil
            var notices: [PublicationNotice] = []
            for _ in 0..<(try reader.readCount("publications", limit: PublicationLimits.noticeCount)) {
                notices.append(try reader.readPublicationNotice())
            }
            return .publications(notices, until: until)
        }
        let notice = try reader.readPublicationNotice()
        let page = try reader.readUInt16()
        guard tag == .publicationPage else {
            return .publicationRequest(notice, first: page, count: try reader.readUInt8())
        }
        return .publicationPage(
            notice, page: page, try reader.readBlock("page", limit: PublicationLimits.pageByteCount))
    }
}
