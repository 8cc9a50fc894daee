/// What a port is mapped for; raw values are IANA protocol numbers, as PCP has them (RFC 6887 §11.1).
package enum MappedTransport: UInt8, CaseIterable, Sendable {
    case tcp = 6
    case udp = 17
}

/// The protocols by which a router is asked for a mapping.
package enum MappingProtocol: Equatable, Sendable {
    /// Port Control Protocol, RFC 6887.
    case portControl
    /// NAT Port Mapping Protocol, RFC 6886.
    case natPMP
}
