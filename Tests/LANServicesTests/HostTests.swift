import LANServices
import NetworkTypes
import Testing

/// Hosts with addresses of their own choice: found, registered, looked after, forgotten.
@Suite struct HostTests {
    private let lan = TestLAN()
    private let station = Station(1)
    private let address = IPAddress(10, 128, 16, 10)

    @Test func `an announcement registers a host, and the grid's word lets it talk`() {
        let found = lan.receive(station.announcement(of: address))

        #expect(
            found.registrations == [
                LANRegistration(
                    address: address, mac: station.mac, name: nil, origin: .fixed, lifetimeSeconds: nil)
            ])
        #expect(found.notices == [.hostFound(address, station.mac, .fixed)])
        #expect(lan.host(address)?.state == .registering)

        let told = lan.input { $0.registered(address, now: $1, effects: &$2) }
        #expect(told == [.localHost(address, station.mac)])
        #expect(lan.host(address)?.state == .registered)
    }

    @Test func `a source that the data plane does not know registers a host`() {
        let found = lan.input { $0.sourceSeen(address, station.mac, now: $1, effects: &$2) }

        #expect(found.registrations.map(\.address) == [address])
        #expect(lan.input { $0.sourceSeen(address, station.mac, now: $1, effects: &$2) }.isEmpty)
    }

    @Test func `addresses that are no host's are not registered`() {
        for text in ["10.128.16.0", "10.128.16.1", "10.128.16.255", "10.128.17.5", "192.168.1.5", "fd00:17::5"] {
            let address = IPAddress(text)!
            #expect(lan.input { $0.sourceSeen(address, station.mac, now: $1, effects: &$2) }.isEmpty, "\(text)")
        }
        #expect(lan.hosts.isEmpty)
    }

    @Test func `a refused host is shown with the holder, contradicted, and tried again while it is there`() {
        lan.receive(station.announcement(of: address))

        let refused = lan.input { $0.refused(address, holder: "lsu", now: $1, effects: &$2) }

        #expect(refused.notices == [.addressRefused(address, station.mac, holder: "lsu")])
        #expect(refused.frames.count == 1)
        #expect(lan.host(address)?.state == .refused(holder: "lsu"))
        #expect(lan.receive(station.announcement(of: address)).isEmpty)
        lan.pass(LANLimits.registrationInterval)
        #expect(lan.receive(station.announcement(of: address)).registrations.count == 1)
    }

    @Test func `a host that answers no more is asked three times and then given back`() {
        lan.settle(station, address)

        let effects = lan.pass(.seconds(200))

        let questions = effects.frames.filter { $0[0..<6] == station.mac.bytes[...] }
        #expect(questions.count == LANLimits.questions)
        #expect(effects.contains(.localHostGone(address)))
        #expect(effects.contains(.unregister(address)))
        #expect(effects.notices == [.hostGone(address, station.mac)])
        #expect(lan.hosts.isEmpty)
    }

    @Test func `a host that answers stays`() {
        lan.settle(station, address)

        for _ in 0..<100 {
            let questions = lan.pass(.seconds(5)).frames.filter { $0[0..<6] == station.mac.bytes[...] }
            if !questions.isEmpty { lan.receive(station.here(address)) }
        }

        #expect(lan.hosts.map(\.address) == [address])
    }

    @Test func `silent hosts are looked for, all over the subnet, at a slow rate`() {
        let first = lan.pass(.seconds(1)).frames
        #expect(first.count <= 2 * LANLimits.sweepStep)

        let targets = Set((first + lan.pass(.seconds(30)).frames).map { Array($0[38..<42]) })

        #expect(targets.count == 253)
        #expect(!targets.contains(TestLAN.service.bytes))
        #expect(lan.receive(station.here(address)).registrations.map(\.address) == [address])
    }

    @Test func `a host with a new interface is believed when the old one is silent`() {
        lan.settle(station, address)
        let new = Station(2)

        let asked = lan.receive(new.announcement(of: address))
        #expect(asked.frames.map { Array($0[0..<6]) } == [station.mac.bytes])
        let believed = lan.pass(.seconds(4))

        #expect(believed.contains(.localHostGone(address)))
        #expect(believed.contains(.unregister(address)))
        #expect(believed.registrations.map(\.mac) == [new.mac])
        #expect(lan.agree(believed) == [.localHost(address, new.mac)])
        #expect(lan.host(address)?.mac == new.mac)
    }

    @Test func `two interfaces with one address are shown, and the first keeps it`() {
        lan.settle(station, address)
        let rival = Station(2)

        lan.receive(rival.announcement(of: address))
        let answered = lan.receive(station.here(address))

        #expect(answered.notices == [.addressClash(address, holder: station.mac, rival: rival.mac)])
        lan.pass(.seconds(10))
        #expect(lan.host(address)?.mac == station.mac)
        #expect(lan.host(address)?.rival == rival.mac)
        for _ in 0..<30 {
            lan.pass(.seconds(5))
            lan.receive(station.here(address))
        }
        #expect(lan.host(address)?.rival == nil)
    }

    @Test func `a host that has moved behind another gateway is forgotten, and its neighbours are told`() {
        lan.settle(station, address)

        let effects = lan.input { $0.lost(address, to: "lsu", mac: station.mac, now: $1, effects: &$2) }

        #expect(effects.notices == [.hostMoved(address, station.mac, to: "lsu")])
        #expect(effects.contains(.localHostGone(address)))
        #expect(!effects.contains(.unregister(address)))
        #expect(effects.frames.count == 1)
        #expect(lan.hosts.isEmpty)
    }

    @Test func `a host whose address another one has got is stopped and shown`() {
        lan.settle(station, address)

        let effects = lan.input {
            $0.lost(address, to: "lsu", mac: Station(9).mac, now: $1, effects: &$2)
        }

        #expect(effects.notices == [.addressLost(address, station.mac, to: "lsu")])
        #expect(effects.contains(.localHostGone(address)))
        #expect(lan.host(address)?.state == .lost(to: "lsu"))
    }

    @Test func `an interface has a bounded number of addresses, and all of them a bounded rate`() {
        let large = TestLAN { settings in
            settings = LANServiceSettings(
                prefixes: [IPPrefix("10.128.0.0/16")!], serviceMAC: TestLAN.serviceMAC, mtu: 1_500, site: "ufl",
                grid: "physics")
        }
        for number in 2..<252 { large.receive(station.announcement(of: IPAddress(10, 128, 1, UInt8(number)))) }
        #expect(large.hosts.count == LANLimits.registrationBurst)
        #expect(large.counters.drops[.paced] == 50)

        large.pass(.seconds(5))
        for number in 2..<252 { large.receive(station.announcement(of: IPAddress(10, 128, 2, UInt8(number)))) }
        #expect(large.hosts.count == LANLimits.hostsPerInterface)
        #expect(large.counters.drops[.full] > 0)
    }

    @Test func `static hosts are left alone when they are not wanted`() {
        let other = TestLAN { $0.registersStaticHosts = false }

        #expect(other.receive(station.announcement(of: address)).isEmpty)
        #expect(other.pass(.seconds(5)).frames.isEmpty)
    }
}
