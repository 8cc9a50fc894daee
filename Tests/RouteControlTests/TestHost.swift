import Foundation
import LinuxSystem
import NetworkTypes
import RouteControl
import RoutePlanning

/// A gateway's network stack in a namespace of its own:
///
///     lan0 192.168.20.1/24, fd20::1/64      wan0 203.0.113.2/24, 2001:db8:113::2/64, default routes to .1 and ::1
///     ipop0: the overlay device, not configured
///
/// Needs root; a namespace that cannot be made fails the test with the system's error.
final class TestHost: Sendable {
    let namespace: NetworkNamespace

    init() throws {
        namespace = try NetworkNamespace()
        // Nothing is to happen by itself: no automatic v6 addresses (addr_gen_mode none), no detection of duplicates.
        try shell("echo 1 > /proc/sys/net/ipv6/conf/default/addr_gen_mode")
        try shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
        for name in ["lan0", "wan0", "ipop0"] {
            try shell("ip link add \(name) type veth peer name \(name)-far && ip link set \(name)-far up")
        }
        try shell("ip link set lan0 up && ip link set wan0 up")
        try shell("ip address add 192.168.20.1/24 dev lan0 && ip address add fd20::1/64 dev lan0 nodad")
        try shell("ip address add 203.0.113.2/24 dev wan0 && ip address add 2001:db8:113::2/64 dev wan0 nodad")
        try shell("ip route add default via 203.0.113.1 dev wan0 metric 100")
        try shell("ip -6 route add default via 2001:db8:113::1 dev wan0 metric 100")
    }

    /// What a command line fails with.
    struct CommandFailure: Error, CustomStringConvertible {
        let command: String
        let status: Int32
        let output: String
        var description: String { "`\(command)` ended with \(status): \(output)" }
    }

    /// Runs a command line inside the namespace, and returns what it prints.
    @discardableResult
    func shell(_ command: String) throws -> String {
        try namespace.run {
            guard let stream = popen("( \(command) ) 2>&1", "r") else {
                throw CommandFailure(command: command, status: errno, output: "popen")
            }
            var output: [UInt8] = []
            var byte = fgetc(stream)
            while byte != EOF {
                output.append(UInt8(truncatingIfNeeded: byte))
                byte = fgetc(stream)
            }
            let status = pclose(stream)
            let text = String(decoding: output, as: UTF8.self)
            guard status == 0 else { throw CommandFailure(command: command, status: status, output: text) }
            return text
        }
    }

    /// What the kernel has now.
    func read() throws -> HostNetworkState {
        try namespace.run { try HostNetworkReader().read(device: "ipop0") }
    }

    /// Applies the steps in their order.
    func apply(_ steps: [HostNetworkStep]) throws {
        try namespace.run {
            let writer = try HostNetworkWriter()
            for step in steps { try writer.apply(step) }
        }
    }

    /// Reads, plans and applies, as the daemon does; returns the plan that was carried out.
    @discardableResult
    func reconcile(_ wanted: WantedHostNetwork) throws -> HostNetworkPlan {
        let plan = HostNetworkPlanner.plan(wanted: wanted, found: try read())
        try apply(plan.steps)
        return plan
    }

    /// The plan that would be carried out now.
    func plan(_ wanted: WantedHostNetwork) throws -> HostNetworkPlan {
        HostNetworkPlanner.plan(wanted: wanted, found: try read())
    }

    /// An observer of this host's `ipop0`.
    func observe(receiveBufferSize: Int32 = HostNetworkObserver.receiveBufferSize) throws -> Observer {
        try namespace.run { try Observer(receiveBufferSize: receiveBufferSize) }
    }

    /// Carries the observer out of the namespace's thread: its socket stays in the namespace.
    final class Observer {
        private var observer: HostNetworkObserver

        init(receiveBufferSize: Int32) throws {
            observer = try HostNetworkObserver(device: "ipop0", receiveBufferSize: receiveBufferSize)
        }

        func drain(ignoring ownPortID: UInt32? = nil) throws -> [HostNetworkEvent] {
            try observer.drain(ignoring: ownPortID)
        }
    }

    /// The way that the kernel takes to an address now.
    func lookup(_ address: String) throws -> HostRoute? {
        try namespace.run { try HostNetworkReader().routeLookup(to: IPAddress(address)!) }
    }
}

extension WantedHostNetwork {
    /// Two remote sites, v4 and v6, reached through `ipop0`.
    static func twoSites(underlay: [String] = []) -> WantedHostNetwork {
        WantedHostNetwork(
            device: "ipop0", mtu: 1420,
            routes: [
                .to("192.168.10.0/24", "ufl", source: "192.168.20.1"),
                .to("10.9.0.0/16", "ornl", source: "192.168.20.1"),
                .to("fd10::/64", "ufl", source: "fd20::1"),
            ], underlay: underlay.map { IPAddress($0)! })
    }
}

extension WantedRoute {
    static func to(_ prefix: String, _ site: String, source: String? = nil) -> WantedRoute {
        WantedRoute(
            prefix: IPPrefix(prefix)!, site: site, preferredSource: source.map { IPAddress($0)! }, advertisedMSS: 1340,
            mtu: 1380)
    }
}

extension HostNetworkState {
    /// The routes of our protocol, whatever they lead to.
    var ours: [HostRoute] { routes.filter { $0.origin == .ipop } }
}
