import ControlProtocol
import NetworkTypes

/// Members of a small ring, by the high bits of their addresses.
extension Example {
    static func member(_ place: UInt64, _ site: String?) -> RingMember {
        RingMember(node: NodeAddress(high: place << 48, middle: 0, low: 1), site: site)
    }

    static var ring: RingReport {
        RingReport(
            node: member(0x2000, nil).node, site: "lsu", isRoutable: true, isConsistent: true, estimatedMembers: 5,
            left: [member(0x1000, "ufl"), member(0xf000, nil)],
            right: [member(0x3000, "cern"), member(0x4000, "ornl")],
            links: [
                RingLinkReport(
                    member: member(0x1000, "ufl"), purposes: [.near, .shortcut], theirPurposes: [.near],
                    path: .directUDP, endpoint: Endpoint("198.51.100.7:7867"), reason: .ok, rttMicroseconds: 12_100,
                    ageSeconds: 4_000),
                RingLinkReport(
                    member: member(0x3000, "cern"), purposes: [.near], theirPurposes: [.near, .far], path: .overlay,
                    reason: .noAnswer, rttMicroseconds: 98_000, ageSeconds: 12),
                RingLinkReport(
                    member: member(0xf000, nil), purposes: [], theirPurposes: [], path: .directUDP,
                    endpoint: Endpoint("[2001:db8::7]:7867"), reason: .ok),
            ])
    }

    static var trace: TraceReport {
        TraceReport(
            site: "ornl", node: member(0x4000, nil).node, path: .overlay,
            hops: [
                TraceHop(
                    index: 1, member: member(0x3000, "cern"), path: .directUDP,
                    endpoint: Endpoint("198.51.100.9:7867"), reason: .ok,
                    linkRttMicroseconds: 11_900, rttMicroseconds: 12_100),
                TraceHop(index: 2, member: member(0x3800, nil)),
                TraceHop(index: 3, member: member(0x4000, "ornl"), rttMicroseconds: 48_000),
            ],
            roundTripMicroseconds: 48_000)
    }

    static var leases: LeasesReport {
        LeasesReport(leases: [
            LeaseReport(
                key: "10.128.3.17", holder: "lsu", expiresSeconds: 1_800, mac: MACAddress("02:00:00:00:00:01"),
                epoch: 7, origin: .dhcp, name: "web1"),
            LeaseReport(
                key: "prefix:10.128.7.0/24", holder: "lsu", expiresSeconds: 0, state: .waiting, reason: .noMajority,
                keepers: 5, stored: 2),
            LeaseReport(
                key: "prefix:10.128.9.0/24", holder: "ufl", expiresSeconds: 60, state: .lost, reason: .otherHolder),
        ])
    }

    /// Five members that see each other as they should.
    static var crawl: [CrawlAnswer] {
        let members = [
            member(0x1000, "ufl"), member(0x2000, "lsu"), member(0x3000, "cern"), member(0x4000, "ornl"),
            member(0xf000, nil),
        ]
        return members.indices.map { index in
            CrawlAnswer(
                member: members[index], hasAnswered: true, left: members[(index + 4) % 5].node,
                right: members[(index + 1) % 5].node)
        }
    }
}
