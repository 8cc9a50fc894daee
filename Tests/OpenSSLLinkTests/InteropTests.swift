import Foundation
import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

/// Our handshakes with the ordinary `openssl` program at the other end of a socket.
@Suite struct InteropTests {
    /// A gateway's hello as a foreign program may send it: versions 1 to 1, receiver index 0x41424344.
    private static let hello = Array("IPOP\u{1}\u{1}\u{0}ABCD".utf8)

    @Test(arguments: [
        [], ["-alpn", "ipop/1"], ["-alpn", "h2"], ["-mtu", "300"], ["-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    ])
    func `s_client with a right certificate completes the handshake`(options: [String]) throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(grid, "ufl")
        let socket = try LoopbackSocket()

        let client = try RunningTool(
            ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(socket.port)"] + files.arguments + options,
            input: Self.hello)
        let outcome = try serve(socket, grid.identity("lsu"))
        let output = client.finish()

        guard case .completed(let result) = outcome else {
            Issue.record("\(String(describing: outcome))\n\(output.text)")
            return
        }
        #expect(result.peer.site == "ufl" && result.remoteIndex == 0x4142_4344 && result.version == 1)
        #expect(output.text.contains("Verification: OK") && output.text.contains("Extended master secret: yes"))
        #expect(output.text.contains("ALPN protocol: ipop/1") == options.contains("ipop/1"))
    }

    @Test(arguments: [
        (Array("IPOP\u{2}\u{3}\u{0}ABCD".utf8), HandshakeFault.version),
        (Array("GET / HTTP/1.1\r\n".utf8), .protocolError("the peer's hello is not one of ours")),
    ])
    func `a peer that is no gateway of our versions is refused after the handshake`(
        hello: [UInt8], expected: HandshakeFault
    ) throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(grid, "ufl")
        let socket = try LoopbackSocket()

        let client = try RunningTool(
            ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(socket.port)"] + files.arguments, input: hello)
        let outcome = try serve(socket, grid.identity("lsu"))
        _ = client.finish()

        #expect(fault(outcome) == expected)
    }

    @Test func `s_client without a certificate is refused`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let socket = try LoopbackSocket()

        let client = try RunningTool(
            ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(socket.port)"], input: Self.hello)
        let outcome = try serve(socket, grid.identity("lsu"))
        let output = client.finish()

        #expect(fault(outcome) == .refused(.missing, site: nil))
        #expect(output.exitCode != 0 && output.text.contains("alert handshake failure"), "\(output.text)")
    }

    @Test func `s_client with a foreign certificate is refused`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(TestGrid(now: CertificateAuthority.systemTime()), "ufl")
        let socket = try LoopbackSocket()

        let client = try RunningTool(
            ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(socket.port)"] + files.arguments, input: Self.hello)
        let outcome = try serve(socket, grid.identity("lsu"))
        let output = client.finish()

        #expect(fault(outcome) == .refused(.untrusted, site: "ufl"))
        #expect(output.exitCode != 0 && output.text.contains("alert unknown ca"), "\(output.text)")
    }

    @Test func `s_client without the extended master secret is refused`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(grid, "ufl")
        let socket = try LoopbackSocket()
        let settings = try files.directory.write(
            "openssl.cnf",
            """
            openssl_conf = settings
            [settings]
            ssl_conf = ssl
            [ssl]
            system_default = defaults
            [defaults]
            Options = -ExtendedMasterSecret
            """)

        let client = try RunningTool(
            ["s_client", "-dtls1_2", "-connect", "127.0.0.1:\(socket.port)"] + files.arguments, input: Self.hello,
            environment: ["OPENSSL_CONF": settings])
        let outcome = try serve(socket, grid.identity("lsu"))
        let output = client.finish()

        guard case .protocolError = fault(outcome) else {
            Issue.record("\(String(describing: outcome))\n\(output.text)")
            return
        }
        #expect(output.exitCode != 0 && output.text.contains("alert handshake failure"), "\(output.text)")
    }

    @Test func `s_server with a right certificate completes the handshake`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(grid, "lsu")
        let socket = try LoopbackSocket()
        let port = try LoopbackSocket().port
        socket.peer = LoopbackSocket.address(port: port)

        let server = try RunningTool(
            [
                "s_server", "-dtls1_2", "-accept", "127.0.0.1:\(port)", "-naccept", "1", "-Verify", "1",
                "-verify_return_error",
            ]
                + files.arguments, input: Self.hello)
        let outcome = try connect(socket, grid.identity("ufl"))
        let output = server.finish()

        guard case .completed(let result) = outcome else {
            Issue.record("\(String(describing: outcome))\n\(output.text)")
            return
        }
        #expect(result.peer.site == "lsu" && result.remoteIndex == 0x4142_4344)
    }

    // MARK: - Driving an engine on a socket

    private func serve(_ socket: LoopbackSocket, _ identity: SiteIdentity) throws -> HandshakeProgress? {
        let provider = try DTLSHandshakeProvider(identity: identity)
        var engine: (any HandshakeEngine)?
        return drive(socket) { datagram, output in
            guard let datagram else { return engine?.retransmit(output: &output) ?? .running }
            if let engine { return engine.receive(datagram, output: &output) }
            let admission = provider.admit(datagram, from: socket.peerEndpoint, localIndex: 1, output: &output)
            guard case .accepted(let accepted, let progress) = admission else { return .running }
            engine = accepted
            return progress
        }
    }

    private func connect(_ socket: LoopbackSocket, _ identity: SiteIdentity) throws -> HandshakeProgress? {
        let engine = try DTLSHandshakeProvider(identity: identity).makeClient(localIndex: 1)
        var isStarted = false
        return drive(socket) { datagram, output in
            if let datagram { return engine.receive(datagram, output: &output) }
            defer { isStarted = true }
            return isStarted ? engine.retransmit(output: &output) : engine.start(output: &output)
        }
    }

    /// Hands datagrams, and `nil` when none has come for a while, to `step` until it ends; gives up after a minute of
    /// silence.
    private func drive(
        _ socket: LoopbackSocket, _ step: ([UInt8]?, inout HandshakeOutput) -> HandshakeProgress
    ) -> HandshakeProgress? {
        var silences = 0
        while silences < 240 {
            let datagram = socket.receive(milliseconds: silences == 0 ? 10 : 250)
            if datagram == nil { silences += 1 }
            var output = HandshakeOutput()
            let progress = step(datagram, &output)
            output.datagrams.forEach(socket.send)
            if case .running = progress { continue }
            return progress
        }
        return nil
    }

    private func fault(_ progress: HandshakeProgress?) -> HandshakeFault? {
        guard case .failed(let fault) = progress else { return nil }
        return fault
    }
}
