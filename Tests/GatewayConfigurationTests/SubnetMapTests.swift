import GatewayConfiguration
import NetworkTypes
import Testing

@Suite struct SubnetMapTests {
    private let sample = """
        # site   exported subnet      virtual prefix      options
        lsu      192.168.20.0/24      same
        lsu\t2001:db8:20::/48\tsame   # a comment behind
        ufl      *                    192.168.10.0/24     # accept exactly this
        ufl      *                    2001:db8:10::/48
        cern     *                    deny
        hq       *                    accept
        ornl     10.9.0.0/16          same

        """

    @Test func `exports and policy come from their lines`() throws {
        let reading = readMap(sample)
        let map = try #require(reading.map)

        #expect(reading.problems.isEmpty)
        #expect(map.exports(of: "lsu").map(\.subnet.description) == ["192.168.20.0/24", "2001:db8:20::/48"])
        #expect(map.exports(of: "lsu").allSatisfy { $0.subnet == $0.virtual })
        #expect(map.exports(of: "lsu").map(\.position) == [.init(line: 2, column: 10), .init(line: 3, column: 5)])
        #expect(map.exports(of: "nobody").isEmpty)
    }

    @Test func `a bridged subnet is one for all sites that bridge into it`() throws {
        let reading = readMap("lsu bridged 10.128.16.0/20\nufl bridged 10.128.16.0/20\nlsu 10.0.0.0/24 same\n")
        let map = try #require(reading.map)

        #expect(reading.problems.isEmpty)
        #expect(map.bridgedSubnet(of: "lsu")?.subnet == IPPrefix("10.128.16.0/20"))
        #expect(map.bridgedSubnet(of: "lsu")?.position == SourcePosition(line: 1, column: 13))
        #expect(map.bridgedSubnet(of: "cern") == nil)
        #expect(map.exports(of: "lsu").map(\.subnet) == [IPPrefix("10.0.0.0/24")])
        let policy = map.policy(for: "lsu")
        #expect(policy.accepts(IPPrefix("10.128.16.0/20")!, announcedBy: "ufl", mode: .mapped))
    }

    @Test(arguments: [
        ("ufl", "192.168.10.0/24", RemotePolicy.Verdict.accepted, RemotePolicy.Verdict.accepted),
        ("ufl", "2001:db8:10::/48", .accepted, .accepted),
        ("ufl", "192.168.10.0/25", .notListed, .notListed),
        ("ufl", "192.168.0.0/16", .notListed, .notListed),
        ("cern", "192.168.10.0/24", .denied, .denied),
        ("hq", "10.0.0.0/8", .accepted, .accepted),
        ("ornl", "10.9.0.0/16", .accepted, .accepted),
        ("ornl", "10.8.0.0/16", .notListed, .notListed),
        ("new", "10.1.0.0/16", .accepted, .siteNotListed),
        ("lsu", "192.168.20.0/24", .accepted, .siteNotListed),
    ])
    func `lines of other sites restrict in either mode`(
        site: String, prefix: String, learned: RemotePolicy.Verdict, mapped: RemotePolicy.Verdict
    ) throws {
        let policy = try #require(readMap(sample).map).policy(for: "lsu")
        let prefix = try #require(IPPrefix(prefix))

        #expect(policy.verdict(on: prefix, announcedBy: site, mode: .learned) == learned)
        #expect(policy.verdict(on: prefix, announcedBy: site, mode: .mapped) == mapped)
        #expect(policy.accepts(prefix, announcedBy: site, mode: .learned) == (learned == .accepted))
        #expect(policy.accepts(prefix, announcedBy: site, mode: .mapped) == (mapped == .accepted))
    }

    @Test(
        arguments: Mistake.list(
            """
            lsu bridged same
                1:13: error: 'same' is not a prefix
            lsu bridged 10.128.16.0/31
                1:13: error: 10.128.16.0/31 has no room for hosts; take a subnet of at least 4 addresses
            lsu bridged 224.0.0.0/20
                1:13: error: 224.0.0.0/20 cannot be a bridged subnet; take a subnet of the grid's pool
            lsu bridged 10.128.16.0/20\\nlsu bridged 10.128.32.0/20
                2:13: error: 'lsu' bridges into another subnet at line 1 already; a site's LAN hosts live in one
                subnet; keep one
            lsu bridged 10.128.16.0/20\\nlsu 10.128.16.0/24 same
                2:5: error: 10.128.16.0/24 overlaps 10.128.16.0/20 at line 1; keep the larger, or split it
            lsu bridged 10.128.16.0/20\\nufl * 10.128.16.0/20
                2:7: error: 10.128.16.0/20 stands at line 1 already, for 'lsu'; one prefix belongs to one site; keep
                one of the two
            lsu 10.0.0.0/24 10.128.7.0/25
                1:17: error: 10.128.7.0/25 has another length than 10.0.0.0/24, and each host keeps its part of the
                address; did you mean '10.128.7.0/24'?
            lsu 10.0.0.0/22 10.128.7.0/24
                1:17: error: 10.128.7.0/24 has another length than 10.0.0.0/22, and each host keeps its part of the
                address; did you mean '10.128.4.0/22'?
            lsu 10.0.0.0/24 2001:db8::/24
                1:17: error: '2001:db8::/24' has host bits set; did you mean '2001:d00::/24'?
            lsu 10.0.0.0/32 2001:db8::/32
                1:17: error: 2001:db8::/32 is of another family than 10.0.0.0/32; a virtual prefix is of its
                subnet's family; 'auto' leases one
            lsu 10.0.0.0/24 127.0.7.0/24
                1:17: error: 127.0.7.0/24 cannot be reached from elsewhere; loopback, link-local and multicast
                blocks are not exported
            lsu 224.0.0.0/24 auto
                1:5: error: 224.0.0.0/24 cannot be reached from elsewhere; loopback, link-local and multicast
                blocks are not exported
            lsu 10.0.0.0/24 10.0.0.0/24
                1:17: error: a subnet that keeps its addresses is written 'same'; write 'same'
            lsu 10.0.0.0/24 smae
                1:17: error: 'smae' is neither a prefix nor one of same, auto, deny, accept; did you mean 'same'?
            lsu 10.0.0.1/24 same
                1:5: error: '10.0.0.1/24' has host bits set; did you mean '10.0.0.0/24'?
            lsu 10.0.0.0 same
                1:5: error: '10.0.0.0' has no prefix length; did you mean '10.0.0.0/24'?
            lsu 10.0.0.0/33 same
                1:5: error: '33' is not a prefix length from 0 to 32
            lsu brigded 10.0.0.0/24
                1:5: error: 'brigded' is neither a prefix nor one of *, bridged; did you mean 'bridged'?
            lsu 0.0.0.0/0 same
                1:5: error: 0.0.0.0/0 is every address there is, not a subnet; export the subnets that the site has
            lsu fe80::/64 same
                1:5: error: fe80::/64 cannot be reached from elsewhere; loopback, link-local and multicast blocks
                are not exported
            LSU 10.0.0.0/24 same
                1:1: error: 'LSU' cannot name a site: a name has \(SiteName.rule); did you mean 'lsu'?
            lsu
                1:1: error: the subnet is missing behind 'lsu'; a line is SITE SUBNET same, SITE SUBNET auto, SITE
                SUBNET PREFIX, SITE bridged PREFIX, SITE * PREFIX or SITE * deny
            lsu 10.0.0.0/24
                1:5: error: the virtual prefix is missing behind '10.0.0.0/24'; a line is SITE SUBNET same, SITE
                SUBNET auto, SITE SUBNET PREFIX, SITE bridged PREFIX, SITE * PREFIX or SITE * deny
            lsu 10.0.0.0/24 same  fast
                1:23: error: unknown option 'fast'; this version has no options; a comment begins with '#'
            lsu * deny
                1:1: error: 'lsu' is this site itself, and '*' is for other sites; an export is written 'lsu SUBNET
                same'
            ufl * same
                1:7: error: 'same' is for exported subnets; after '*' stands the prefix to accept, 'accept' or
                'deny'
            ufl * dney
                1:7: error: 'dney' is neither a prefix nor one of deny, accept; did you mean 'deny'?
            ufl 10.0.0.0/24 deny
                1:17: error: 'deny' is for all of a site; did you mean 'ufl * deny'?
            lsu 10.0.0.0/24 same\\nlsu 10.0.0.0/24 same
                2:5: error: 10.0.0.0/24 stands at line 1 already; remove one
            lsu 10.0.0.0/25 same\\nlsu 10.0.0.0/24 same
                2:5: error: 10.0.0.0/24 overlaps 10.0.0.0/25 at line 1; keep the larger, or split it
            lsu 10.0.0.0/24 same\\nufl * 10.0.0.0/24
                2:7: error: 10.0.0.0/24 stands at line 1 already, for 'lsu'; one prefix belongs to one site;
                'lsu 10.0.0.0/24 auto' leases another for this site's
            ufl * 10.0.0.0/24\\nhq * 10.0.0.0/24
                2:6: error: 10.0.0.0/24 stands at line 1 already, for 'ufl'; one prefix belongs to one site; keep
                one of the two
            lsu 10.0.0.0/24 10.128.7.0/24\\nufl * 10.128.7.0/24
                2:7: error: 10.128.7.0/24 stands at line 1 already, for 'lsu'; one prefix belongs to one site; keep
                one of the two
            lsu 10.0.0.0/24 10.128.7.0/24\\nlsu 10.1.0.0/24 10.128.7.0/24
                2:17: error: 10.128.7.0/24 stands at line 1 already; remove one
            lsu 10.0.0.0/24 10.128.7.0/24\\nlsu 10.128.6.0/23 same
                2:5: error: 10.128.6.0/23 overlaps 10.128.7.0/24 at line 1; keep the larger, or split it
            lsu 10.0.0.0/24 auto\\nlsu 10.0.0.0/25 10.128.7.0/25
                2:5: error: 10.0.0.0/25 overlaps 10.0.0.0/24 at line 1; keep the larger, or split it
            ufl * deny\\nufl * 10.0.0.0/24
                2:7: error: this contradicts line 1, which also says what to accept from 'ufl'; keep one of the two
            ufl * deny\\nufl * deny
                2:7: error: the same stands at line 1 already; remove one
            lsu 10.0.0.0/24 s\u{1}
                1:1: error: the line has the control character 0x01
            """))
    func `a mistake is told with its place and what was meant`(mistake: Mistake) {
        let reading = readMap(mistake.text + "\n")

        #expect(reading.map == nil)
        #expect(reading.problems.map(\.description) == ["subnets.map:\(mistake.told)"])
    }

    @Test func `a mapped export has a prefix of the grid, or has one leased`() throws {
        let text = "lsu 10.0.0.0/24 10.128.7.0/24\nlsu 172.16.4.0/22 auto\nlsu fd00:1::/48 2001:db8:7::/48\n"
        let reading = readMap(text + "lsu 192.168.20.0/24 same\n")
        let exports = try #require(reading.map).exports(of: "lsu")

        #expect(reading.problems.isEmpty)
        #expect(
            exports.map { $0.virtual?.description } == ["10.128.7.0/24", nil, "2001:db8:7::/48", "192.168.20.0/24"])
        #expect(exports.map(\.isLeased) == [false, true, false, false])
        #expect(exports.map(\.isMapped) == [true, true, true, false])
        #expect(exports.map(\.virtualPosition.column) == [17, 19, 17, 21])
    }

    @Test func `of another site's mapped exports the grid's prefixes are accepted`() throws {
        let text = "ufl 10.0.0.0/24 10.128.7.0/24\nufl 172.16.4.0/22 auto\n"
        let policy = try #require(readMap(text).map).policy(for: "lsu")
        func accepts(_ prefix: String, of subnet: String) -> Bool {
            policy.accepts(IPPrefix(prefix)!, of: IPPrefix(subnet)!, announcedBy: "ufl", mode: .mapped)
        }

        #expect(accepts("10.128.7.0/24", of: "10.0.0.0/24"))
        #expect(accepts("10.128.12.0/22", of: "172.16.4.0/22"))
        #expect(!accepts("10.0.0.0/24", of: "10.0.0.0/24"))
        #expect(!accepts("172.16.4.0/22", of: "172.16.4.0/22"))
        #expect(!accepts("10.128.8.0/24", of: "10.0.0.0/24"))
    }

    @Test func `a part of one site's prefix may belong to another site`() throws {
        let reading = readMap("lsu 10.20.0.0/16 same\nhq * 10.0.0.0/8\nufl * 10.20.7.0/24\n")

        #expect(reading.problems.isEmpty)
        #expect(reading.map?.entries.count == 3)
    }

    @Test func `every overlap within a site is found among many lines`() {
        let lines = (0..<2_000).map { "lsu 10.\($0 / 256).\($0 % 256).0/24 same\n" }.joined()
        let reading = readMap(lines + "lsu 10.3.7.128/25 same\n")

        #expect(readMap(lines).map?.entries.count == 2_000)
        #expect(reading.problems.map(\.line) == [2_001])
        #expect(reading.problems.first?.code == .overlap)
    }

    @Test func `what is written is read back to the same`() throws {
        let subnets = [try #require(IPPrefix("192.168.20.0/24")), try #require(IPPrefix("2001:db8:20::/48"))]
        let text = ConfigurationWriter.subnetMapText(site: "a-very-long-site-name", exports: subnets)
        let reading = readMap(text, site: "a-very-long-site-name")

        #expect(reading.problems.isEmpty)
        #expect(reading.map?.exports(of: "a-very-long-site-name").map(\.subnet) == subnets)
    }

    @Test func `neither truncation nor noise breaks the reader`() {
        let bytes = Array(sample.utf8)
        for count in bytes.indices {
            let reading = SubnetMapReader.map(from: Array(bytes[..<count]), file: "m", site: "lsu")
            #expect((reading.map == nil) == reading.problems.contains { $0.severity == .error })
        }
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            var noisy = bytes
            for _ in 0..<8 {
                noisy[random.index(of: noisy)] = random.byte()
            }
            let reading = SubnetMapReader.map(from: noisy, file: "m", site: "lsu")
            #expect((reading.map == nil) == reading.problems.contains { $0.severity == .error })
            let garbage = (0..<200).map { _ in random.byte() }
            _ = SubnetMapReader.map(from: garbage, file: "m")
        }
    }

    @Test func `columns count characters and an overlong file is refused`() {
        #expect(readMap("\u{fc}\u{fc} * deny x\n").problems.map(\.column) == [1])
        #expect(readMap("# \u{fc}\nufl * deny \u{fc} x\n").problems.map(\.column) == [12, 14])
        #expect(SubnetMapReader.map(from: [UInt8](repeating: 35, count: 1 << 21), file: "m").map == nil)
        #expect(SubnetMapReader.map(from: [0x61, 0xff, 0x0a], file: "m").problems.map(\.code) == [.syntax])
    }
}
