import Foundation
import GatewayLab
import Testing

/// A gateway behind a router that maps ports: here a program at the LAN's host, which becomes the default router.
///
///     ufl-host, the router --lan-- [ufl] --wan-- br0 --wan-- [lsu]
extension NetworkTests {
    @Suite(.serialized, .lab("mapping", sites: 2)) struct PortMappingTests {
        @Test(arguments: ["pcp", "nat-pmp"])
        func `the router is asked, the mapped endpoint is told, and given back`(speech: String) throws {
            let lab = try Lab.ofSuite()
            let (router, log) = try lab.start(
                ["python3", "-u", "-c", Self.router, speech], at: .host(lab.ufl), role: "router \(speech)")
            defer {
                router.signal(SIGKILL)
                _ = router.waitForEnd(timeLimit: 10)
            }
            try lab.waitForLine("ready", in: log)
            #expect(try !lab.status(lab.ufl).nat.endpoints.contains(Self.mapped))

            // The daemon sees the new default route.
            let route = ["default", "via", lab.ufl.hostAddress, "dev", "lan"]
            try lab.require(["ip", "route", "add"] + route, at: .gateway(lab.ufl))
            defer { _ = try? lab.run(["ip", "route", "del"] + route, at: .gateway(lab.ufl)) }
            try until("ufl to tell what its router has mapped") { () throws(LabError) in
                try lab.status(lab.ufl).nat.endpoints.first == Self.mapped
            }
            try lab.waitForLine("mapped udp 7867", in: log)
            try lab.waitForLine("mapped tcp 7867", in: log)

            try lab.withChange(
                to: .settings, at: lab.ufl, { $0.replacing("port-mapping: auto", with: "port-mapping: off") }
            ) { reload throws in
                #expect(reload.status == 0, "\(reload.everything)")
                try lab.waitForLine("deleted udp 7867", in: log)
                try lab.waitForLine("deleted tcp 7867", in: log)
                #expect(try !lab.status(lab.ufl).nat.endpoints.contains(Self.mapped))
            }
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        private static let mapped = "203.0.113.77:17867"

        /// Speaks PCP (RFC 6887) or NAT-PMP (RFC 6886), and maps each port 10,000 higher.
        private static let router = #"""
            import socket, struct, sys
            external = socket.inet_aton("203.0.113.77")
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind(("0.0.0.0", 5351))
            print("ready")
            def tell(transport, port, lifetime):
                print("mapped" if lifetime else "deleted", transport, port)
            while True:
                request, client = server.recvfrom(2048)
                version, operation = request[0], request[1]
                if sys.argv[1] == "pcp" and version == 2 and operation == 1:
                    lifetime, = struct.unpack("!I", request[4:8])
                    assert request[8:24] == b"\0" * 10 + b"\xff\xff" + socket.inet_aton(client[0])
                    port, = struct.unpack("!H", request[40:42])
                    tell({17: "udp", 6: "tcp"}[request[36]], port, lifetime)
                    answer = struct.pack("!BBHII12x", 2, 0x81, 0, lifetime, 1) + request[24:42]
                    answer += struct.pack("!H", port + 10000) + b"\0" * 10 + b"\xff\xff" + external
                elif sys.argv[1] == "pcp":
                    answer = struct.pack("!BBHII12x", 2, 0x80 | operation, 1, 0, 1)
                elif version != 0:
                    answer = struct.pack("!BBHI", 0, 0x80 | operation, 1, 1)
                elif operation == 0:
                    answer = struct.pack("!BBHI", 0, 0x80, 0, 1) + external
                else:
                    port, _, lifetime = struct.unpack("!HHI", request[4:12])
                    tell({1: "udp", 2: "tcp"}[operation], port, lifetime)
                    answer = struct.pack("!BBHIHHI", 0, 0x80 | operation, 0, 1, port, port + 10000, lifetime)
                server.sendto(answer, client)
            """#
    }
}

extension Lab {
    /// Waits until a program has written a line to its log.
    fileprivate func waitForLine(_ line: String, in log: String) throws {
        try until("\(log) to have '\(line)'") { () throws(LabError) in
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").contains(Substring(line))
        }
    }
}
