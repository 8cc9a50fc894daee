/// Where a host of a bridged subnet is, roughly.
package enum HostSide: Sendable {
    /// At a station of this LAN.
    case thisLAN
    /// Behind a peer.
    case peers
}
