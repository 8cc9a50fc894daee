import GatewayCore
import NetworkTypes

// Hosts on the bridged LANs of members.
extension ScenarioRun {
    /// Every member has so many hosts from now on, and each host asks for an address.
    func giveHosts(_ count: Int, lifetime: Duration) {
        guard simulator.bridged != nil else { return fail("hosts need a bridged subnet") }
        guard hosts == nil else { return fail("hosts were given before") }
        hosts = ScenarioHosts(countPerMember: count, lifetime: lifetime)
        for number in living { attachHosts(to: number) }
    }

    /// Puts a member's hosts on its LAN: those that it had before it was killed, or new ones.
    func attachHosts(to number: Int) {
        guard let hosts, let host = members[number].host, host.announces else { return }
        host.lan = SimulatedLAN(gatewayHandle: host.handle, lifetime: hosts.lifetime, ledger: hosts.ledger)
        var stations = members[number].stations
        if !members[number].hadHosts { stations = (0..<hosts.countPerMember).map { _ in makeStation() } }
        members[number].stations = []
        members[number].hadHosts = true
        for station in stations { attach(station, to: host) }
    }

    private func attach(_ station: SimulatedStation, to host: SimulatedHost) {
        let now = simulator.now
        simulator.input(host) { host.lan?.attach(station, to: &$0, now: now, effects: &$1) }
    }

    /// A new host. Some remember an address that another one remembers, too: they ask for it first.
    private func makeStation() -> SimulatedStation {
        let number = hosts?.madeCount ?? 0
        hosts?.madeCount += 1
        // A locally administered one.
        let mac = MACAddress(rawValue: 0x02_00_00_00_00_00 + UInt64(number))
        guard number.isMultiple(of: ScenarioLimits.hostRivalryPeriod), let subnet = simulator.bridged else {
            return SimulatedStation(mac: mac)
        }
        guard let address = hosts?.rivalAddress else {
            let size: UInt64 = 1 << UInt64(subnet.family.bitCount - subnet.length)
            // Neither the subnet's own, nor the one that serves, nor its last.
            hosts?.rivalAddress = subnet.address.advanced(by: 2 + random.below(size - 3))
            return SimulatedStation(mac: mac, address: hosts?.rivalAddress)
        }
        hosts?.rivalAddress = nil
        return SimulatedStation(mac: mac, address: address)
    }

    /// Hosts appear behind other gateways, and insist on their addresses.
    func moveHosts(_ moved: MovedHosts) {
        let gateways = living.filter { members[$0].host?.lan != nil }
        guard gateways.count > 1 else { return }
        var stations: [SimulatedStation] = []
        switch moved {
        case .ofKilled:
            for number in members.indices where members[number].isKilled {
                stations += members[number].stations
                members[number].stations = []
            }
        case .drawn(let share):
            let all = gateways.flatMap { number in
                (members[number].host?.lan?.stations ?? []).map { (number: number, mac: $0.mac) }
            }
            for index in draw(share.of(all.count), among: Array(all.indices)) {
                let lan = members[all[index].number].host?.lan
                guard lan?.stations.contains(where: { $0.mac == all[index].mac && $0.address != nil }) == true,
                    let station = members[all[index].number].host?.lan?.detach(all[index].mac, now: simulator.now)
                else { continue }
                stations.append(station)
            }
        }
        for station in stations {
            var station = station
            station.insists = station.address != nil
            let number = gateways[Int(random.below(UInt64(gateways.count)))]
            if let host = members[number].host { attach(station, to: host) }
        }
    }

    /// Hosts of living members, and those of them whose address is a lease of their gateway.
    func heldHosts() -> (held: Int, wanted: Int) {
        var held = 0
        var wanted = 0
        for host in simulator.hosts {
            guard let lan = host.lan else { continue }
            let own = host.gateway.localHosts.filter { $0.state == .held }
            wanted += lan.stations.count
            held += lan.stations.count { station in
                own.contains { $0.record.address == station.address && $0.record.mac == station.mac }
            }
        }
        return (held, wanted)
    }

    func expectNoHostConflicts() {
        guard let ledger = hosts?.ledger else { return fail("there are no hosts") }
        let shared = ledger.shared
        if let address = shared.first { return fail("\(shared.count) addresses have two hosts, \(address) for one") }
        guard let address = ledger.clashes.first else { return }
        fail("\(ledger.clashes.count) addresses were leased twice for a while, \(address) for one")
    }

    /// No address that a living host wants is nobody's for longer than two lease times.
    func checkHosts() {
        guard let hosts else { return }
        let gap = hosts.ledger.longestGap(now: simulator.now)
        guard gap > hosts.lifetime * 2 else { return }
        let seconds = FixedPoint.text(gap.wholeMicroseconds / 1_000, decimals: 3)
        simulator.fail(.addressesFindOwners, at: nil, "an address was nobody's for \(seconds) s")
    }
}
