import LANServices
import NetworkTypes

/// The services on a bridged LAN with one block for DHCP, and what must hold whatever comes.
final class LANScene {
    static let prefixes = [IPPrefix("10.128.16.0/24")!, IPPrefix("fd00:16::/64")!]
    static let service = IPAddress(10, 128, 16, 1)
    static let service6 = IPAddress("fd00:16::1")!
    static let block = IPPrefix("10.128.16.64/28")!

    static var settings: LANServiceSettings {
        LANServiceSettings(
            prefixes: prefixes, serviceMAC: .virtualNextHop, mtu: 1_500, site: "ufl", grid: "physics",
            routes: [IPPrefix("192.168.20.0/24")!])
    }

    private var services: LANServices
    private var effects = LANEffects()
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// What the data plane would let talk.
    private var stations: [IPAddress: MACAddress] = [:]
    /// The address that the grid was asked for last.
    private(set) var asked = LANScene.service
    /// The frames that the last input brought.
    private(set) var frames: [[UInt8]] = []

    init() {
        services = LANServices(settings: Self.settings, seed: 7, now: now)
        services.blocksChanged([Self.block])
        services.sitesChanged(["lsu"])
    }

    func receive(_ frame: [UInt8]) throws(PropertyViolation) {
        try input { services, now, effects in
            frame.withUnsafeBytes { services.receive($0, now: now, effects: &effects) }
        }
    }

    func input(
        _ body: (inout LANServices, Instant, inout LANEffects) -> Void
    ) throws(PropertyViolation) {
        frames = []
        body(&services, now, &effects)
        try check()
    }

    /// Lets time pass.
    func pass(_ time: Duration) throws(PropertyViolation) {
        let end = now + time
        var all: [[UInt8]] = []
        while let wakeup = services.nextWakeup, wakeup <= end {
            now = max(now, wakeup)
            try input { $0.handleTimeout(now: $1, effects: &$2) }
            try expect(services.nextWakeup.map { $0 > now } ?? true, "what is due at \(now) is done at \(now)")
            all += frames
        }
        now = end
        frames = all
    }

    /// What is kept is taken up by another life as it was.
    func restart() throws(PropertyViolation) {
        let memory = services.memory(now: now, unixSeconds: 1_800_000_000)
        let again = try? LANMemory(reading: memory.encoded)
        try expect(again == memory, "what is kept is what is read")
        services = LANServices(settings: Self.settings, seed: 7, now: now)
        services.blocksChanged([Self.block])
        stations = [:]
        try input { $0.restore(memory, now: $1, unixSeconds: 1_800_000_000, effects: &$2) }
    }

    private func check() throws(PropertyViolation) {
        let list = effects.list
        effects.removeAll()
        for effect in list { try check(effect) }
        let usable = services.hosts.filter(\.state.isUsable)
        try expect(usable.count == stations.count, "the data plane knows the hosts that may talk")
        for host in usable {
            try expect(stations[host.address] == host.mac, "\(host.address) is where the data plane has it")
        }
        try expect(services.hosts.count <= LANLimits.hosts, "hosts are bounded")
        let names = services.hosts.compactMap(\.name)
        try expect(Set(names).count == names.count, "no two hosts have one name")
        for host in services.hosts where host.origin == .dhcp {
            try expect(host.expires.map { $0 + .seconds(1) > now } ?? false, "a lease ends")
        }
    }

    private func check(_ effect: LANEffects.Effect) throws(PropertyViolation) {
        switch effect {
        case .send(let frame):
            try expect(frame.count >= 60 && frame.count <= 1_514, "a frame of \(frame.count) bytes fits the LAN")
            try expect(frame[6..<12].elementsEqual(MACAddress.virtualNextHop.bytes), "a frame is the service's")
            frames.append(frame)
        case .register(let registration):
            try expectHost(registration.address)
            asked = registration.address
        case .unregister(let address): try expectHost(address)
        case .resolve(let address):
            try expectHost(address)
            asked = address
        case .findName(let host, let site):
            try expect(site != "ufl" && host.utf8.count <= 63, "\(host) is a name of another site")
        case .findNameOf(let address): try expect(!address.isUnspecified, "the name of an address is asked for")
        case .wantBlocks(let count): try expect(count <= LANLimits.blocks, "blocks are bounded")
        case .localHost(let address, let mac):
            try expectHost(address)
            stations[address] = mac
        case .localHostGone(let address):
            try expect(stations.removeValue(forKey: address) != nil, "what is gone was there")
        case .memoryChanged, .notice: break
        }
    }

    private func expectHost(_ address: IPAddress) throws(PropertyViolation) {
        try expect(Self.settings.isHostAddress(address), "\(address) is one that a host may have")
    }
}
