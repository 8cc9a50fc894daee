package import GatewayCore
package import NetworkTypes

/// The LAN of a simulated gateway that bridges: its stations ask the core for addresses as the DHCP server of `ipopd`
/// does for its clients.
///
///     blocks -> an address of them ---+
///     an address that it remembers ---+-> registerHost -> .registered, .refused, or nothing for a while
///
/// Whoever is refused takes another address of an own block, unless it insists. While the grid does not answer, an
/// address of an own block is used, and any other is given up.
package struct SimulatedLAN {
    /// How long the grid's answer is waited for, as the DHCP server does.
    private static let patience: Duration = .seconds(1)
    /// How often a host that insists asks again, as the LAN's services do.
    private static let insistence: Duration = .seconds(30)

    package private(set) var stations: [SimulatedStation] = []
    private let gatewayHandle: Int
    private let lifetime: Duration
    private let ledger: AddressLedger
    /// Addresses of own blocks that other sites have.
    private var avoided: Set<IPAddress> = []

    /// A LAN without stations, behind the gateway of that handle; `lifetime` is of each address's lease.
    package init(gatewayHandle: Int, lifetime: Duration, ledger: AddressLedger) {
        self.gatewayHandle = gatewayHandle
        self.lifetime = lifetime
        self.ledger = ledger
    }

    /// When a station does something of its own accord.
    package var deadline: Instant? {
        stations.reduce(nil) { earliest, station in
            guard let deadline = station.deadline else { return earliest }
            return min(earliest ?? deadline, deadline)
        }
    }

    /// A station appears; it asks for its address, if it has one, or for any.
    package mutating func attach(
        _ station: SimulatedStation, to gateway: inout Gateway, now: Instant, effects: inout GatewayEffects
    ) {
        stations.append(station)
        if gateway.hostBlocks.isEmpty { gateway.wantBlocks(1, now: now, effects: &effects) }
        guard let address = station.address else {
            return choose(stations.count - 1, gateway: &gateway, now: now, effects: &effects)
        }
        ledger.want(address, now: now)
        ask(stations.count - 1, gateway: &gateway, now: now, effects: &effects)
    }

    /// A station goes without a word, and keeps what it knows of its address.
    package mutating func detach(_ mac: MACAddress, now: Instant) -> SimulatedStation? {
        guard let index = stations.firstIndex(where: { $0.mac == mac }) else { return nil }
        var station = stations.remove(at: index)
        station.state = .idle
        if let address = station.address { ledger.unwant(address, now: now) }
        return station
    }

    /// The gateway has ended, and its stations are heard of no more. Returns them.
    package mutating func end(now: Instant) -> [SimulatedStation] {
        ledger.end(gatewayHandle, now: now)
        return stations.map(\.mac).compactMap { detach($0, now: now) }
    }

    /// The core has news.
    mutating func hostChanged(
        _ change: HostChange, gateway: inout Gateway, now: Instant, effects: inout GatewayEffects
    ) {
        switch change {
        case .registered(let address):
            guard let index = index(of: address) else {
                // The station has gone meanwhile.
                return gateway.unregisterHost(address, now: now, effects: &effects)
            }
            stations[index].state = .registered
            ledger.use(address, by: gatewayHandle, isHeld: true, now: now)
        case .refused(let address, _, _, _), .lost(let address, _, _):
            ledger.letGo(address, by: gatewayHandle, now: now)
            guard let index = index(of: address) else { return }
            refused(index, address, gateway: &gateway, now: now, effects: &effects)
        case .blocksChanged:
            for index in stations.indices where stations[index].address == nil {
                choose(index, gateway: &gateway, now: now, effects: &effects)
            }
        case .waits, .located, .nameFound, .addressNamed, .localChanged, .blocksExhausted:
            break
        }
    }

    /// What is due by now.
    mutating func handleTimeout(gateway: inout Gateway, now: Instant, effects: inout GatewayEffects) {
        for index in stations.indices {
            guard let deadline = stations[index].deadline, deadline <= now, let address = stations[index].address
            else { continue }
            switch stations[index].state {
            case .asking:
                if gateway.hostBlocks.contains(where: { $0.contains(address) }) {
                    stations[index].state = .assumed
                    ledger.use(address, by: gatewayHandle, isHeld: false, now: now)
                } else if stations[index].insists {
                    stations[index].state = .asking(until: nil)
                } else {
                    gateway.unregisterHost(address, now: now, effects: &effects)
                    refused(index, address, gateway: &gateway, now: now, effects: &effects)
                }
            case .refused: ask(index, gateway: &gateway, now: now, effects: &effects)
            case .idle, .assumed, .registered: break
            }
        }
    }

    private func index(of address: IPAddress) -> Int? { stations.firstIndex { $0.address == address } }

    /// Asks the grid for the station's address.
    private mutating func ask(_ index: Int, gateway: inout Gateway, now: Instant, effects: inout GatewayEffects) {
        guard let address = stations[index].address else { return }
        stations[index].state = .asking(until: now + Self.patience)
        let record = HostRecord(
            address: address, mac: stations[index].mac, origin: stations[index].insists ? .fixed : .dhcp)
        guard !gateway.registerHost(record, lifetime: lifetime, now: now, effects: &effects) else { return }
        refused(index, address, gateway: &gateway, now: now, effects: &effects)
    }

    /// The station cannot have its address now.
    private mutating func refused(
        _ index: Int, _ address: IPAddress, gateway: inout Gateway, now: Instant, effects: inout GatewayEffects
    ) {
        guard !stations[index].insists else {
            stations[index].state = .refused(until: now + Self.insistence)
            return
        }
        avoided.insert(address)
        ledger.unwant(address, now: now)
        stations[index].address = nil
        choose(index, gateway: &gateway, now: now, effects: &effects)
    }

    /// Gives a station the first free address of the own blocks; without one it waits, and another block is wanted.
    private mutating func choose(_ index: Int, gateway: inout Gateway, now: Instant, effects: inout GatewayEffects) {
        for block in gateway.hostBlocks {
            let count = 1 << (block.family.bitCount - block.length)
            for number in 0..<count {
                let address = block.address.advanced(by: UInt64(number))
                guard !avoided.contains(address), self.index(of: address) == nil else { continue }
                stations[index].address = address
                ledger.want(address, now: now)
                return ask(index, gateway: &gateway, now: now, effects: &effects)
            }
        }
        stations[index].state = .idle
        gateway.wantBlocks(gateway.hostBlocks.count + 1, now: now, effects: &effects)
    }
}
