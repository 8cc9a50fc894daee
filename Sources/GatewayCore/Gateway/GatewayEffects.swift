package import LinkSecurity
package import NetworkTypes
package import OverlayStore

/// What the core wants done, in the order in which it wants it.
///
/// One `GatewayEffects` is reused for the life of a gateway: the driver drains it after every input.
package struct GatewayEffects: ~Copyable {
    /// One thing to do.
    package enum Effect {
        /// Send a handshake datagram as it is.
        case sendHandshake([UInt8], to: Endpoint)
        /// A sealed datagram has come over the overlay: the data plane takes it as from that endpoint.
        case receiveSealed([UInt8], from: Endpoint)
        /// Seal and send a control message. Without an endpoint it takes the member's path; without an index it takes
        /// the active generation. `paddedTo` fills it up to so many bytes of payload.
        case sendControl(
            ControlMessage, to: NodeAddress, endpoint: Endpoint?, paddedTo: Int?, localIndex: UInt32?)
        /// A member appears: datagrams to and from it may follow.
        case addPeer(NodeAddress)
        case removePeer(NodeAddress)
        /// Where data to the member goes, and how much fits into one datagram; no endpoint: nowhere, for now.
        case setPath(NodeAddress, endpoint: Endpoint?, payload: Int)
        /// What relays do has changed.
        case relay(RelayChange)
        /// Open with these keys from now on.
        case install(KeyGeneration, for: NodeAddress)
        /// Seal with these keys from now on.
        case activate(localIndex: UInt32, for: NodeAddress)
        case removeGeneration(localIndex: UInt32)
        /// `Gateway.routes` has changed.
        case routesChanged
        /// Open a TLS connection to that TCP endpoint: `streamOpened` or `streamClosed` brings the answer. Datagrams to
        /// `Endpoint(stream:)` of that number go over it.
        case openStream(UInt64, to: Endpoint)
        /// Close a stream; nothing more is heard of it.
        case closeStream(UInt64)
        /// Resolve a bootstrap name; `bootstrapResolved` brings the answer.
        case resolve(HostAndPort)
        /// The set of members and where they are has changed: keep it over restarts (`Gateway.rememberedEndpoints`).
        case membersChanged
        /// An echo came back, or did not (`nil`).
        case echoEnded(token: UInt64, roundTrip: Duration?)
        /// A trace came back, or did not (`nil`).
        case traceEnded(token: UInt64, TraceResult?)
        case crawlEnded(token: UInt64, CrawlResult)
        /// A member's operator asks what this host finds: `Gateway.answer` takes the answer.
        case questionAsked(token: UInt64, OperatorQuestion, by: NodeAddress)
        /// A question of ours was answered, or was not (`nil`).
        case questionEnded(token: UInt64, OperatorAnswer?)
        /// An operation on the store has ended.
        case storeCompleted(token: UInt64, StoreOutcome)
        /// Own leases are others than before: keep them over restarts (`Gateway.storeMemory`).
        case leasesChanged
        /// Something about single hosts in bridged subnets.
        case host(HostChange)
        /// Another revocation list or grid profile holds: keep it over restarts (`Gateway.publicationMemory`).
        case publicationsChanged
        case notice(GatewayNotice)
    }

    package private(set) var list: [Effect] = []

    package init() {
        list.reserveCapacity(16)
    }

    /// Adds an effect behind those that are there.
    package mutating func append(_ effect: Effect) { list.append(effect) }

    /// Sends a control message, by the member's path unless another endpoint is given.
    mutating func send(_ message: ControlMessage, to node: NodeAddress, by endpoint: Endpoint? = nil) {
        append(.sendControl(message, to: node, endpoint: endpoint, paddedTo: nil, localIndex: nil))
    }

    /// Forgets what has been carried out.
    package mutating func removeAll() { list.removeAll(keepingCapacity: list.count <= 64) }
}

/// Something an operator may want to know: a line in the log, an assertion in a simulation.
package enum GatewayNotice: Equatable, Sendable {
    case memberUp(site: String, node: NodeAddress, endpoint: Endpoint)
    case memberDown(site: String, node: NodeAddress, reason: LinkReason)
    /// The session goes by another path now.
    case pathMoved(site: String, node: NodeAddress, from: Endpoint, to: Endpoint, cause: PathChange)
    case pathMTU(site: String, node: NodeAddress, payload: Int)
    case rekeyed(site: String, node: NodeAddress)
    /// The first time this refusal is seen; later ones are only counted.
    case handshakeRefused(endpoint: Endpoint, site: String?, reason: LinkReason)
    case announcementAccepted(site: String, node: NodeAddress, isWithdrawn: Bool, prefixes: [IPPrefix])
    case announcementRefused(from: NodeAddress, fault: AnnouncementFault)
    case memberExpired(site: String, node: NodeAddress)
    /// A bootstrap address is this gateway itself.
    case bootstrapIsSelf(Endpoint)
    /// Another site's lease won over ours.
    case leaseLost(String, to: String, node: NodeAddress)
    /// A host with another MAC wants the address of one of ours.
    case hostClash(IPAddress, site: String)
    /// A virtual prefix that was leased for a subnet is not ours any more; another one is looked for. Without a site:
    /// the grid's pools do not have it any more.
    case prefixLost(IPPrefix, of: IPPrefix, to: String?)
    /// A publication of the authority holds from now on; without a source it came from here.
    case published(PublicationKind, version: UInt64, from: NodeAddress?)
    /// A member passed on as the authority's what is not.
    case publicationRefused(from: NodeAddress)
    /// A member's certificate was revoked: its session is over.
    case memberRevoked(site: String, node: NodeAddress)
    /// This gateway has its neighbours on the ring and takes part in routing.
    case ringJoined
    /// All its links are gone.
    case ringIsolated
    /// Bytes inside an authentic datagram that are no message: the peer is of another version, or broken.
    case malformedControl(from: NodeAddress)
}
