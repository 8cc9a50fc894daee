import Glibc
import NetworkTypes
import Synchronization
import Testing

@testable import LinuxSystem

@Suite struct NameResolverTests {
    private func name(_ host: String) -> HostAndPort { HostAndPort(host: host, port: 7_867) }

    /// Waits for `count` answers.
    private func collect(_ resolver: NameResolver, _ count: Int) throws -> [NameResolver.Outcome] {
        var outcomes: [NameResolver.Outcome] = []
        while outcomes.count < count {
            try Laboratory.awaitReadable(resolver.rawDescriptor)
            outcomes += resolver.drain()
        }
        return outcomes
    }

    @Test func `an address is answered without a look-up`() throws {
        let resolver = try NameResolver { _ in .failure(.failed("must not be asked")) }
        #expect(resolver.resolve(name("192.0.2.7")))
        #expect(resolver.resolve(name("::ffff:192.0.2.8")))
        let outcomes = try collect(resolver, 2)
        #expect(outcomes.map(\.name) == [name("192.0.2.7"), name("::ffff:192.0.2.8")])
        #expect(outcomes[0].addresses == .success([IPAddress(192, 0, 2, 7)]))
        #expect(outcomes[1].addresses == .success([IPAddress(192, 0, 2, 8)]))
        #expect(resolver.drain().isEmpty)
    }

    @Test func `names are answered in turn, each once while it waits`() throws {
        let gate = Gate()
        let resolver = try NameResolver { name in
            gate.wait()
            return name.host == "a" ? .success([IPAddress(10, 0, 0, 1)]) : .failure(.notFound)
        }
        #expect(resolver.resolve(name("a")) && resolver.resolve(name("b")) && resolver.resolve(name("a")))

        gate.open()
        let outcomes = try collect(resolver, 2)

        #expect(outcomes.map(\.name.host) == ["a", "b"])
        #expect(outcomes.map(\.addresses) == [.success([IPAddress(10, 0, 0, 1)]), .failure(.notFound)])
        #expect(resolver.resolve(name("a")))
        #expect(try collect(resolver, 1).map(\.name.host) == ["a"])
    }

    @Test func `no more names wait than the limit`() throws {
        let gate = Gate()
        let resolver = try NameResolver { _ in
            gate.wait()
            return .failure(.temporary)
        }
        for number in 0..<NameResolver.queueLimit { #expect(resolver.resolve(name("n\(number)"))) }
        #expect(!resolver.resolve(name("one-more")))

        gate.open()

        #expect(try collect(resolver, NameResolver.queueLimit).count == NameResolver.queueLimit)
        #expect(resolver.resolve(name("one-more")))
        _ = try collect(resolver, 1)
    }

    @Test func `the system's own names are found and impossible ones are not`() throws {
        let addresses = try NameResolver.lookUp(name("localhost")).get()
        #expect(addresses.contains { $0.isLoopback })
        // No name may have an empty label (RFC 1035 §3.1), so no server is needed to say no.
        guard case .failure = NameResolver.lookUp(name("a..b")) else {
            Issue.record("a name with an empty label has an address")
            return
        }
    }

    /// Holds the resolver's thread until it is opened, for good.
    private final class Gate: Sendable {
        private let event = try! EventDescriptor(waiting: true)

        func open() { event.signal() }

        func wait() {
            event.drain()
            event.signal()
        }
    }
}

@Suite(.enabled(if: Laboratory.canRun, Laboratory.need)) struct NetworkNamespaceTests {
    @Test func `what happens in a namespace stays there`() throws {
        let network = try Laboratory.namespace()
        try network.run {
            try Laboratory.run("ip", "link", "add", "ns-test0", "type", "veth", "peer", "name", "ns-test1")
        }
        let inside = try network.run { if_nametoindex("ns-test0") }
        #expect(inside != 0)
        #expect(if_nametoindex("ns-test0") == 0)
        #expect(try NetworkNamespace.run(network.path) { if_nametoindex("ns-test0") } == inside)
    }

    @Test func `an error comes back to the caller`() throws {
        struct Failure: Error {}
        let network = try Laboratory.namespace()
        #expect(throws: Failure.self) { try network.run { throw Failure() } }
        #expect(throws: SystemError(call: "open", errno: ENOENT, subject: "/run/netns/no-such-namespace")) {
            try NetworkNamespace.run("no-such-namespace") {}
        }
    }

    @Test func `a named namespace is entered by its name`() throws {
        try #require(Laboratory.isPrivileged, "this test needs root")
        let name = "ipop-test-\(getpid())"
        try Laboratory.run("ip", "netns", "add", name)
        defer { _ = try? Laboratory.run("ip", "netns", "delete", name) }
        try Laboratory.run("ip", "-n", name, "link", "add", "named0", "type", "veth", "peer", "name", "named1")
        #expect(try NetworkNamespace.run(name) { if_nametoindex("named0") } != 0)
    }
}
