package import NetworkTypes

/// What is kept over a restart, so that hosts keep their addresses and silent ones can be reached at once.
extension LANServices {
    /// What goes to the disk; `unixSeconds` is `now` by the wall clock.
    package func memory(now: Instant, unixSeconds: Int64) -> LANMemory {
        let fixed = table.hosts.filter { $0.origin == .fixed && $0.state.mayBeHeld }
        return LANMemory(
            hosts: fixed.map { LANMemory.Host(address: $0.address, mac: $0.mac) },
            leases: dhcp.all.map { binding in
                let expiry = unixSeconds + (binding.expires - now).components.seconds
                return LANMemory.Lease(
                    client: binding.client.bytes, address: binding.address, mac: binding.mac, name: binding.name,
                    expiresUnixSeconds: binding.isBound ? expiry : nil)
            })
    }

    /// Takes up what an earlier life has kept. To be called once, before anything else: the grid is asked to hold the
    /// addresses, and static hosts are asked whether they are there.
    package mutating func restore(
        _ memory: LANMemory, now: Instant, unixSeconds: Int64, effects: inout LANEffects
    ) {
        for lease in memory.leases where settings.isHostAddress(lease.address) && lease.address.family == .v4 {
            let left = lease.secondsLeft(unixSeconds: unixSeconds, limit: settings.leaseSeconds)
            let isBound = left > 0 && !table.isFull
            dhcp.keep(
                DHCPServer.Binding(
                    client: DHCPClient(bytes: lease.client), address: lease.address, mac: lease.mac, name: lease.name,
                    expires: now + .seconds(left), isBound: isBound))
            guard isBound else { continue }
            restore(
                LANHost(
                    address: lease.address, mac: lease.mac, origin: .dhcp, name: lease.name, state: .registering,
                    expires: now + .seconds(left), rival: nil), now, &effects)
        }
        for host in memory.hosts where settings.registersStaticHosts && settings.isHostAddress(host.address) {
            guard table[host.address] == nil, !table.isFull else { continue }
            restore(
                LANHost(
                    address: host.address, mac: host.mac, origin: .fixed, name: nil, state: .registering,
                    expires: nil, rival: nil), now, &effects)
        }
    }

    private mutating func restore(_ host: LANHost, _ now: Instant, _ effects: inout LANEffects) {
        table[host.address] = HostTable.Record(host: host, nextQuestion: now, asked: now)
        register(host, &effects)
    }
}
