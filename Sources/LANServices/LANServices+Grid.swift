package import NetworkTypes

/// What becomes of the addresses that the grid was asked to hold.
extension LANServices {
    /// The grid holds an address for this LAN's host.
    package mutating func registered(_ address: IPAddress, now: Instant, effects: inout LANEffects) {
        if gridAnswered(address, isGranted: true, now: now, &effects) { return }
        setState(.registered, of: address, &effects)
    }

    /// The grid has the address for a host of `holder`.
    package mutating func refused(
        _ address: IPAddress, holder: String, now: Instant, effects: inout LANEffects
    ) {
        if gridAnswered(address, isGranted: false, now: now, &effects) { return }
        guard let host = table[address]?.host, host.state != .refused(holder: holder) else { return }
        setState(host.state == .registering ? .refused(holder: holder) : .lost(to: holder), of: address, &effects)
        effects.append(.notice(.addressRefused(address, host.mac, holder: holder)))
        // It may be reached through this gateway, and the host here may notice that it is not alone (RFC 5227 §2.4).
        announce(address, &effects)
    }

    /// An address that was registered belongs to a host of `holder` now. With the same MAC it is the host itself, which
    /// has moved.
    package mutating func lost(
        _ address: IPAddress, to holder: String, mac: MACAddress?, now: Instant, effects: inout LANEffects
    ) {
        remotes.forget(address)
        dhcp.avoid(address, until: now + LANLimits.quarantineTime)
        guard let host = table[address]?.host else { return }
        if mac == host.mac {
            if let binding = dhcp.binding(at: address) { dhcp.remove(binding.client) }
            forget(address, isHeld: false, &effects)
            effects.append(.notice(.hostMoved(address, host.mac, to: holder)))
        } else {
            setState(.lost(to: holder), of: address, &effects)
            effects.append(.notice(.addressLost(address, host.mac, to: holder)))
        }
        // The hosts that have its interface in their caches find it here from now on.
        announce(address, &effects)
    }
}
