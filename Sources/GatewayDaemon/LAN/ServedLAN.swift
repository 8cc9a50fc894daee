import LANServices
import NetworkTypes

/// The bridged LAN that this gateway serves: the services' state machine with its effects.
final class ServedLAN {
    var services: LANServices
    var effects = LANEffects()
    /// Whether what outlives a restart has changed since it was written.
    var isDirty = false
    /// Whether DHCP clients ask in vain, because no address is left.
    var lacksAddresses = false

    init(settings: LANServiceSettings, seed: UInt64, now: Instant) {
        services = LANServices(settings: settings, seed: seed, now: now)
    }

    /// The effects so far, once.
    func takeEffects() -> [LANEffects.Effect] {
        guard !effects.list.isEmpty else { return [] }
        defer { effects.removeAll() }
        return effects.list
    }
}
