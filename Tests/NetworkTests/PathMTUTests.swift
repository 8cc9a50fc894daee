import GatewayLab
import Testing

/// LANs of 1500 bytes over a WAN of 1400, without any ICMP that would tell a host of it.
///
///     ufl-host --lan 1500-- [ufl] --wan 1400--+
///                                             +-- br0
///     lsu-host --lan 1500-- [lsu] --wan 1400--+
extension NetworkTests {
    @Suite(.serialized, .lab("narrow", sites: 2, wanMTU: 1400)) struct NarrowWANTests {
        @Test func `full-size packets pass where the gateways know of the narrow WAN`() throws {
            try expectFullSizePackets()
        }

        @Test(arguments: [false, true])
        func `TCP passes where the gateways know of the narrow WAN`(isIPv6: Bool) throws {
            try expectTransfers(isIPv6: isIPv6)
        }
    }

    /// As above, but the gateways' own interfaces say 1500 and what is larger than 1400 vanishes in the WAN.
    @Suite(.serialized, .lab("hole", sites: 2, silentPathMTU: 1400)) struct BlackHoleTests {
        @Test func `full-size packets pass where the WAN swallows them`() throws {
            try expectFullSizePackets()
        }

        @Test(arguments: [false, true])
        func `TCP passes where the WAN swallows full-size packets`(isIPv6: Bool) throws {
            try expectTransfers(isIPv6: isIPv6)
        }

        @Test func `the path's size is found`() throws {
            let lab = try Lab.ofSuite()

            // A veth takes four bytes more than its MTU, for a VLAN tag. IPv4 or IPv6, UDP and the seal take 60 or 80
            // of them, and the search is content to know the size to within four.
            let found = 1_400 - 80 - 4...1_404 - 60
            try until("a path MTU of \(found) in status") { () throws(LabError) in
                try lab.status(lab.ufl).site("lsu")?.mtu.map(found.contains) ?? false
            }
        }
    }
}

/// Lets no host hear of a path's size: neither "fragmentation needed" nor "packet too big" comes in.
private func deafen(_ lab: Lab) throws {
    let rules = """
        table inet deaf
        delete table inet deaf
        table inet deaf {
            chain in {
                type filter hook input priority 0;
                ip protocol icmp icmp type destination-unreachable drop
                icmpv6 type packet-too-big drop
            }
        }
        """
    for site in lab.sites {
        try ProgramRun.require(["ip", "netns", "exec", site.host, "nft", "-f", "-"], input: rules)
    }
}

private func expectFullSizePackets() throws {
    let lab = try Lab.ofSuite()
    try deafen(lab)
    for (from, to) in lab.pairs {
        for (address, size) in [(to.hostAddress, "1472"), (to.hostAddress6, "1452")] {
            let result = try lab.ping(address, from: .host(from), extra: ["-M", "do", "-s", size])
            #expect(result.received == result.sent, "\(from.hostName) to \(address): \(result.words)")
        }
    }
}

private func expectTransfers(isIPv6: Bool) throws {
    let lab = try Lab.ofSuite()
    try deafen(lab)
    let source = Transfer.stream(bytes: 5_000_000)
    let sent = try lab.require(["sh", "-c", "\(source) | sha256sum"], at: .host(lab.ufl))
    for (from, to) in lab.pairs {
        let received = try lab.transfer(
            source: source, from: .host(from), sink: "sha256sum", to: .host(to),
            address: isIPv6 ? to.hostAddress6 : to.hostAddress)
        #expect(received == sent, "\(from.hostName) to \(to.hostName)")
    }
}
