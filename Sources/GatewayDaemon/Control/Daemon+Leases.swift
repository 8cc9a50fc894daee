import ControlProtocol
import GatewayConfiguration
import GatewayCore
import NetworkTypes
import OverlayStore

extension Daemon {
    /// What this site holds or wants in the store, by key.
    var leaseReports: [LeaseReport] {
        gateway.leaseStatus.filter { $0.key.kind == .exclusive }.sorted { $0.key.name < $1.key.name }.map { lease in
            let (state, reason, winner) = Self.standing(lease.state)
            let left = lease.expires.map { max(0, ($0 - now).components.seconds) } ?? 0
            return LeaseReport(
                key: lease.key.name, holder: winner ?? files.settings.site,
                expiresSeconds: state == .held ? UInt64(left) : 0, state: state, reason: reason,
                keepers: lease.replicas.count, stored: lease.storedCount,
                epoch: state == .held ? lease.epoch : nil)
        }
    }

    private static func standing(
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
