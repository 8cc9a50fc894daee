import NetworkTypes

/// Hosts that are about to take an address of IPv6: they have asked whether anybody has it (RFC 4862 §5.4), and need
/// not say anything more.
///
/// IPv4's are found by asking for every address, of which a subnet of IPv6 has too many.
struct Newcomers {
    private var list: [(address: IPAddress, mac: MACAddress, due: Instant)] = []

    /// A host asks whether it may take an address: when it has it, it is to be asked for it.
    mutating func add(_ address: IPAddress, _ mac: MACAddress, now: Instant) {
        list.removeAll { $0.address == address }
        guard list.count < LANLimits.newcomers else { return }
        list.append((address, mac, now + LANLimits.detectionTime))
    }

    /// Those who have their addresses by now, if nobody has objected.
    mutating func take(now: Instant) -> [(address: IPAddress, mac: MACAddress)] {
        let due = list.filter { $0.due <= now }.map { ($0.address, $0.mac) }
        list.removeAll { $0.due <= now }
        return due
    }
}
