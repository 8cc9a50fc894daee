import LinkSecurity
import NetworkTypes
import OrderedCollections
package import OverlayStore

// What a reload would do, told without doing it.
extension Gateway {
    /// What `reload(new)` would make of routes and exports. Changes nothing and asks nobody: whose owner is unknown may
    /// be asked for by `readLease`, once `canAskForOwners`.
    package func forecast(_ new: CoreSettings) -> ReloadForecast {
        let profile = profile(besides: new.profile)
        let leased = new.leasedSubnets.compactMap { subnet in
            prefixLeases.choice(for: subnet).map { Announcement.Export(subnet: subnet, virtual: $0) }
        }
        let known = (new.exports + leased).map { export in
            Announcement.Export(
                subnet: export.subnet, virtual: export.virtual, claimEpoch: heldEpoch(of: export.virtual) ?? 0)
        }
        let selection = RouteSelection(
            directory: directory,
            own: RouteSelection.Own(
                site: identity.own.site, node: node,
                exports: known.filter { !$0.isMapped || profile.covers($0.virtual) }),
            policy: new.policy, pools: profile.pools, proofs: proofs)
        let occupied = occupiedSpace(profile, settings: new)
        func export(_ subnet: IPPrefix, _ virtual: IPPrefix?, _ owner: PrefixOwner) -> ReloadForecast.Export {
            ReloadForecast.Export(
                subnet: subnet, virtual: virtual, owner: owner, freePrefix: freePrefix(for: subnet, profile, occupied))
        }
        let fixed = known.prefix(new.exports.count).map { fixed in
            export(fixed.subnet, fixed.virtual, owner(of: fixed, profile, selection))
        }
        let others = new.leasedSubnets.map { subnet in
            let held = known.dropFirst(new.exports.count).first { $0.subnet == subnet }
            // One that is not ours is given up, and another one leased.
            guard let held, owner(of: held, profile, selection) == .ours else { return export(subnet, nil, .unknown) }
            return export(subnet, held.virtual, .ours)
        }
        return ReloadForecast(routes: selection.accepted, exports: fixed + others)
    }

    /// Who has a prefix, by what a read of its lease has brought.
    package func owner(by outcome: StoreOutcome) -> PrefixOwner {
        switch outcome {
        case .read(let records, _) where !records.isEmpty:
            records.contains { $0.holder == identity.own.site } ? .ours : .site(records[0].holder)
        case .read(_, isCertain: true): .free
        case .read, .created, .stored, .owned, .refused: .unknown
        }
    }

    /// The directory is what the grid's members have, so that the store's replicas can be found.
    package var canAskForOwners: Bool { store.isReady }

    private func owner(
        of export: Announcement.Export, _ profile: ProfileTerms, _ selection: RouteSelection
    ) -> PrefixOwner {
        if export.isMapped, !profile.covers(export.virtual) { return .outsidePool }
        if let loss = selection.lostExports.first(where: { $0.prefix == export.virtual }) { return .site(loss.owner) }
        guard let key = Self.claimKey(export.virtual) else { return .unknown }
        if let holder = claimHolders[key] { return .site(holder) }
        return heldEpoch(of: export.virtual) == nil ? .unknown : .ours
    }

    /// Where a search for a leased prefix would begin to find something.
    private func freePrefix(
        for subnet: IPPrefix, _ profile: ProfileTerms, _ occupied: OccupiedSpace
    ) -> IPPrefix? {
        let candidates = PrefixCandidates(
            for: subnet, pools: profile.pools, seed: PrefixCandidates.seed(site: identity.own.site, subnet: subnet))
        let limit = min(candidates.count, UInt64(LeaseLimits.candidatesPerSearch))
        return (0..<limit).lazy.map { candidates[$0] }.first { !occupied.overlaps($0) }
    }
}
