import NetworkTypes

/// Goes through the bridged IPv4 subnet, a few addresses a round, to find hosts that never say anything.
struct HostSweep {
    /// The next address's distance from the subnet's first.
    private var offset: UInt64 = 0
    /// A pause between two passes.
    private var pausedUntil = Instant(nanoseconds: 0)

    /// The next addresses to ask for: those that are no known hosts.
    mutating func next(in settings: LANServiceSettings, known: HostTable, now: Instant) -> [IPAddress] {
        guard settings.registersStaticHosts, let prefix = settings.prefix(.v4), now >= pausedUntil,
            prefix.family.bitCount - prefix.length <= LANLimits.sweepHostBits
        else { return [] }
        let size = UInt64(1) << UInt64(prefix.family.bitCount - prefix.length)
        var found: [IPAddress] = []
        // Known hosts cost nothing, but a round is bounded all the same.
        for _ in 0..<LANLimits.sweepStep * 16 where found.count < LANLimits.sweepStep {
            let address = prefix.address.advanced(by: offset)
            offset += 1
            if settings.isHostAddress(address), known[address] == nil { found.append(address) }
            if offset >= size {
                offset = 0
                pausedUntil = now + LANLimits.sweepPause
                break
            }
        }
        return found
    }
}
