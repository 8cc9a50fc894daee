import LANServices
import NetworkTypes
import WireFormat

/// The services on a LAN of site ufl, with a clock that only the test moves.
final class TestLAN {
    static let service = IPAddress(10, 128, 16, 1)
    static let serviceMAC = MACAddress.virtualNextHop
    static let prefix = IPPrefix("10.128.16.0/24")!
    static let service6 = IPAddress("fd00:16::1")!

    private var services: LANServices
    private var effects = LANEffects()
    private(set) var now = Instant(nanoseconds: 1_000_000_000)

    init(_ change: (inout LANServiceSettings) -> Void = { _ in }) {
        services = LANServices(settings: Self.settings(change), seed: 7, now: now)
    }

    static func settings(_ change: (inout LANServiceSettings) -> Void = { _ in }) -> LANServiceSettings {
        var settings = LANServiceSettings(
            prefixes: [prefix, IPPrefix("fd00:16::/64")!], serviceMAC: serviceMAC, mtu: 1_500, site: "ufl",
            grid: "physics")
        change(&settings)
        return settings
    }

    var hosts: [LANHost] { services.hosts }
    var counters: LANCounters { services.counters }
    var nextWakeup: Instant? { services.nextWakeup }

    func host(_ address: IPAddress) -> LANHost? { services.hosts.first { $0.address == address } }

    /// One input, and what the services want done upon it.
    @discardableResult
    func input(
        _ body: (inout LANServices, Instant, inout LANEffects) -> Void
    ) -> [LANEffects.Effect] {
        body(&services, now, &effects)
        defer { effects.removeAll() }
        return effects.list
    }

    @discardableResult
    func receive(_ frame: [UInt8]) -> [LANEffects.Effect] {
        input { services, now, effects in
            frame.withUnsafeBytes { services.receive($0, now: now, effects: &effects) }
        }
    }

    /// Lets time pass, and returns what the services want done in it.
    @discardableResult
    func pass(_ time: Duration) -> [LANEffects.Effect] {
        let end = now + time
        var wanted: [LANEffects.Effect] = []
        while let wakeup = services.nextWakeup, wakeup <= end {
            now = max(now, wakeup)
            wanted += input { $0.handleTimeout(now: $1, effects: &$2) }
        }
        now = end
        return wanted
    }

    /// A host shows up, and the grid holds its address for it.
    func settle(_ station: Station, _ address: IPAddress) {
        receive(address.family == .v4 ? station.announcement(of: address) : station.advertisement(of: address))
        input { $0.registered(address, now: $1, effects: &$2) }
    }
}

extension [LANEffects.Effect] {
    /// The frames among them.
    var frames: [[UInt8]] {
        compactMap { if case .send(let frame) = $0 { frame } else { nil } }
    }

    var notices: [LANNotice] {
        compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }

    var registrations: [LANRegistration] {
        compactMap { if case .register(let registration) = $0 { registration } else { nil } }
    }
}
