import ControlProtocol
import GatewayConfiguration
import GatewayCore
import LANServices
import NetworkTypes
import OverlayStore

extension Daemon {
    /// What this site holds or wants in the store, by key; and its hosts whose addresses are another site's.
    var leaseReports: [LeaseReport] {
        let hosts = gateway.localHosts.map(\.record)
        let leases = gateway.leaseStatus.filter { $0.key.kind == .exclusive }.map { lease in
            let (state, reason, winner) = Self.standing(lease.state)
            let left = lease.expires.map { max(0, ($0 - now).components.seconds) } ?? 0
            let address = Gateway.hostAddress(lease.key)
            let host = address.flatMap { address in hosts.first { $0.address == address } }
            return LeaseReport(
                key: address?.description ?? lease.key.name, holder: winner ?? files.settings.site,
                expiresSeconds: state == .held ? UInt64(left) : 0, mac: host?.mac, state: state, reason: reason,
                keepers: lease.replicas.count, stored: lease.storedCount,
                epoch: state == .held ? lease.epoch : nil, origin: host.map { $0.origin == .dhcp ? .dhcp : .fixed },
                name: host.flatMap { $0.name.isEmpty ? nil : $0.name })
        }
        return (leases + lostHosts).sorted { $0.key < $1.key }
    }

    /// Hosts of this LAN whose address another site holds.
    private var lostHosts: [LeaseReport] {
        (lan?.services.hosts ?? []).compactMap { host in
            switch host.state {
            case .refused(let holder), .lost(let holder):
                LeaseReport(
                    key: "\(host.address)", holder: holder, expiresSeconds: 0, mac: host.mac, state: .lost,
                    reason: .otherHolder, origin: host.origin == .dhcp ? .dhcp : .fixed, name: host.name)
            case .registering, .registered, .assumed:
                nil
            }
        }
    }

    /// What is wrong with the LAN's hosts.
    var hostProblems: [Problem] {
        guard let lan else { return [] }
        var list: [Problem] = []
        for host in lan.services.hosts {
            switch host.state {
            case .refused(let holder), .lost(let holder):
                list.append(.hostAddressTaken(host.address, mac: host.mac, holder: holder))
            case .registering, .registered, .assumed:
                break
            }
            if let rival = host.rival {
                list.append(.hostAddressTwice(host.address, mac: host.mac, rival: rival))
            }
        }
        if lan.lacksAddresses { list.append(.noHostAddresses(bridgedSubnet?.description ?? "")) }
        return list
    }

    static func standing(
        _ state: StoreLease.State
    ) -> (state: LeaseState, reason: LeaseReason?, winner: String?) {
        switch state {
        case .creating: (.waiting, nil, nil)
        case .waiting(.notReady): (.waiting, .notReady, nil)
        case .waiting(.noMajority): (.waiting, .noMajority, nil)
        case .waiting(.contended): (.waiting, .contended, nil)
        case .waiting(.refused): (.waiting, .storeRefused, nil)
        case .held(nil): (.held, nil, nil)
        case .held: (.held, .unconfirmed, nil)
        case .lost(let site, _): (.lost, .otherHolder, site)
        }
    }
}
