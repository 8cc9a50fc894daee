import LinkSecurity
package import NetworkTypes
import OrderedCollections
import OverlayStore

// The own exports, for the driver and for status.
extension Gateway {
    /// All of them, those with a leased prefix last.
    package func ownExports(now: Instant) -> [OwnExport] {
        let profile = profile
        let lost = lostExports
        let fixed = settings.exports.map { export in
            OwnExport(
                subnet: export.subnet, virtual: export.virtual,
                state: state(of: export.virtual, isMapped: export.isMapped, profile, lost))
        }
        let leased = prefixLeases.wishes.map { wish in
            let recent = wish.loss.flatMap { now - $0.at < LeaseLimits.lossMemory ? $0 : nil }
            guard let choice = wish.choice else {
                return OwnExport(
                    subnet: wish.subnet, virtual: nil, state: wish.isExhausted ? .poolExhausted : .leasing(nil),
                    loss: recent)
            }
            return OwnExport(
                subnet: wish.subnet, virtual: choice, state: state(of: choice, isMapped: true, profile, lost),
                loss: recent)
        }
        return fixed + leased
    }

    /// The own exports that others can reach: subnet and virtual prefix.
    package var announcedExports: [(subnet: IPPrefix, virtual: IPPrefix)] {
        let lost = lostExports
        return claimedExports.filter { export in !lost.contains { $0.prefix == export.virtual } }
            .map { ($0.subnet, $0.virtual) }
    }

    private func state(
        of virtual: IPPrefix, isMapped: Bool, _ profile: ProfileTerms, _ lost: [(prefix: IPPrefix, owner: String)]
    ) -> OwnExport.State {
        if let loss = lost.first(where: { $0.prefix == virtual }) { return .owned(by: loss.owner) }
        guard isMapped else { return .announced }
        guard profile.covers(virtual) else { return .outsidePool }
        guard let key = Self.claimKey(virtual) else { return .outsidePool }
        if let holder = claimHolders[key] { return .owned(by: holder) }
        let state = store.lease(key)?.state
        if case .held = state { return .announced }
        return .leasing(state)
    }
}
