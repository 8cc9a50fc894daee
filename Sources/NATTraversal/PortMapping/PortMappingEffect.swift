package import NetworkTypes

/// What a port mapper wants done, in order.
package enum PortMappingEffect: Equatable, Sendable {
    /// Send this to the router's port `PortMappingLimits.serverPort`.
    case send([UInt8])
    /// Others can try these endpoints from now on, and no other mapped ones. The one for UDP stands first.
    case mapped([Endpoint])
    /// The router refuses, for a reason of RFC 6887 §7.4 or RFC 6886 §3.5. It is asked again later.
    case refused(UInt16)
}
