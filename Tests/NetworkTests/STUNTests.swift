import Foundation
import GatewayLab
import Testing

/// Standard STUN clients get right answers from a gateway.
///
///     [ufl], a gateway  --wan--+
///                              +-- br0
///     [lsu], any host   --wan--+
extension NetworkTests {
    @Suite(.serialized, .lab("stun", sites: 2)) struct STUNTests {
        @Test func `a client of RFC 3489 learns its endpoint`() throws {
            let lab = try Lab.ofSuite()

            // Test 1 is one request from a port that the client names.
            let answer = try lab.run(
                ["stun", "\(lab.ufl.wanAddress):7867", "1", "-v", "-p", "4711"], at: .gateway(lab.lsu))

            #expect(answer.everything.contains("MappedAddress = \(lab.lsu.wanAddress):4711"), "\(answer.everything)")
        }

        @Test(.enabled(if: Self.hasTurnUtilities, "needs turnutils_stunclient of Debian's coturn"))
        func `a client of RFC 8489 learns its endpoint`() throws {
            let lab = try Lab.ofSuite()
            for (gateway, client) in [
                (lab.ufl.wanAddress, lab.lsu.wanAddress), (lab.ufl.wanAddress6, lab.lsu.wanAddress6),
            ] {
                let answer = try lab.run(
                    ["turnutils_stunclient", "-p", "7867", "-L", client, gateway], at: .gateway(lab.lsu))

                #expect(answer.status == 0, "\(answer.everything)")
                #expect(answer.everything.contains("UDP reflexive addr: "), "\(answer.everything)")
                #expect(answer.everything.contains(client), "\(answer.everything)")
            }
        }

        @Test func `a gateway with two addresses answers from the one that was asked`() throws {
            let lab = try Lab.ofSuite()
            let second = "198.18.0.77"
            try lab.require(["ip", "address", "add", "\(second)/24", "dev", "wan"], at: .gateway(lab.ufl))
            defer { _ = try? lab.run(["ip", "address", "del", "\(second)/24", "dev", "wan"], at: .gateway(lab.ufl)) }

            // The client's socket is connected: an answer from elsewhere does not reach it.
            let answer = try lab.run(["python3", "-c", Self.client, second, "1"], at: .gateway(lab.lsu))

            #expect(answer.output == "\(lab.lsu.wanAddress) 32\n", "\(answer.everything)")
        }

        @Test func `a flood of requests is answered at the pace, and traffic goes on`() throws {
            let lab = try Lab.ofSuite()

            let flood = try lab.run(["python3", "-c", Self.client, lab.ufl.wanAddress, "20000"], at: .gateway(lab.lsu))

            #expect(flood.status == 0, "\(flood.everything)")
            let status = try lab.status(lab.ufl)
            #expect(status.drops("stun-pace") >= 10_000, "\(status.drops("stun-pace"))")
            try lab.expectPing(lab.lsu.hostAddress, from: .host(lab.ufl))
        }

        /// Whether the utilities are there; in CI they must be.
        private static let hasTurnUtilities =
            ProgramPath.find("turnutils_stunclient") != nil || ProcessInfo.processInfo.environment["CI"] != nil

        /// Sends so many bare requests to an address, then prints the mapped address and the size of the first answer.
        private static let client = #"""
            import os, socket, struct, sys
            server, count = sys.argv[1], int(sys.argv[2])
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.settimeout(10)
            client.connect((server, 7867))
            for _ in range(count):
                client.send(struct.pack("!HHI", 1, 0, 0x2112a442) + os.urandom(12))
            answer = client.recv(2048)
            masked = struct.unpack("!I", answer[28:32])[0]
            print(socket.inet_ntoa(struct.pack("!I", masked ^ 0x2112a442)), len(answer))
            """#
    }
}
