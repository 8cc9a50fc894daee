import LinkSecurity
import OpenSSLLink
import Testing

/// Our TLS connections with the ordinary `openssl` program at the other end.
@Suite struct StreamInteropTests {
    @Test(arguments: [[], ["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], ["-groups", "P-256"]])
    func `s_client with a right certificate is let in, and sends and gets frames`(options: [String]) throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let connection = try LoopbackConnection()
        let files = try SiteFiles(grid, "ufl")
        let client = try client(connection, files, ["-alpn", "ipop/1"] + options)
        let outcome = try serve(connection, grid.identity("lsu"), answer: Array("\0\u{4}pong".utf8))
        let output = withExtendedLifetime(files) { client.finish() }

        guard case .open(let peer) = outcome.progress else {
            Issue.record("\(outcome.progress)\n\(output.text)")
            return
        }
        #expect(peer.site == "ufl" && outcome.received == Array(Self.frame.utf8))
        #expect(output.text.contains("Verification: OK") && output.text.contains("ALPN protocol: ipop/1"))
        #expect(output.text.contains("pong"), "\(output.text)")
    }

    @Test(arguments: [
        (["-tls1_2", "-alpn", "ipop/1"], "alert protocol version"), (["-alpn", "h2"], "alert no application protocol"),
    ])
    func `s_client that speaks something else is refused`(options: [String], alert: String) throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let connection = try LoopbackConnection()
        let files = try SiteFiles(grid, "ufl")
        let client = try client(connection, files, options)
        let outcome = try serve(connection, grid.identity("lsu"))
        let output = withExtendedLifetime(files) { client.finish() }

        if case .open = outcome.progress { Issue.record("it was let in") }
        #expect(output.exitCode != 0 && output.text.contains(alert), "\(output.text)")
    }

    @Test func `s_client that names no protocol is refused after the handshake`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let connection = try LoopbackConnection()
        let files = try SiteFiles(grid, "ufl")
        let client = try client(connection, files, [])
        let outcome = try serve(connection, grid.identity("lsu"))
        withExtendedLifetime(files) { _ = client.finish() }
        #expect(outcome.progress == .failed(.version))
    }

    @Test func `s_client without a certificate, and with one of a foreign authority, is refused with the reason`()
        throws
    {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let connection = try LoopbackConnection()
        var client = try RunningTool(
            ["s_client", "-tls1_3", "-alpn", "ipop/1", "-connect", "127.0.0.1:\(connection.port)"],
            input: Array(Self.frame.utf8))
        #expect(try serve(connection, grid.identity("lsu")).progress == .failed(.refused(.missing, site: nil)))
        var output = client.finish()
        #expect(output.text.contains("alert certificate required"), "\(output.text)")

        let foreign = try SiteFiles(TestGrid(now: CertificateAuthority.systemTime()), "mallory")
        client = try self.client(connection, foreign, ["-alpn", "ipop/1"])
        let outcome = try serve(connection, grid.identity("lsu"))
        #expect(outcome.progress == .failed(.refused(.untrusted, site: "mallory")))
        output = withExtendedLifetime(foreign) { client.finish() }
        #expect(output.text.contains("alert unknown ca"), "\(output.text)")
    }

    @Test func `s_server with a right certificate is connected to`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(grid, "lsu")
        let (server, connection) = try server(files, ["-alpn", "ipop/1", "-tls1_3"])
        let outcome = try connect(connection, grid.identity("ufl"))
        let output = withExtendedLifetime(files) { server.finish() }

        guard case .open(let peer) = outcome.progress else {
            Issue.record("\(outcome.progress)\n\(output.text)")
            return
        }
        #expect(peer.site == "lsu" && outcome.received == Array(Self.frame.utf8))
    }

    @Test func `s_server of TLS 1.2, of another protocol, and of another authority are refused`() throws {
        let grid = try TestGrid(now: CertificateAuthority.systemTime())
        let files = try SiteFiles(grid, "lsu")
        let foreign = try SiteFiles(TestGrid(now: CertificateAuthority.systemTime()), "lsu")
        for (files, options) in [
            (files, ["-tls1_2", "-alpn", "ipop/1"]), (files, ["-tls1_3"]), (foreign, ["-tls1_3", "-alpn", "ipop/1"]),
        ] {
            let (server, connection) = try server(files, options)
            let outcome = try connect(connection, grid.identity("ufl"))
            let output = withExtendedLifetime(files) { server.finish() }
            switch outcome.progress {
            case .failed(.protocolError): #expect(options.contains("-tls1_2"))
            case .failed(.version): #expect(!options.contains("-alpn"))
            case .failed(.refused(.untrusted, site: "lsu")): #expect(output.text.contains("alert unknown ca"))
            default: Issue.record("\(options): \(outcome.progress)\n\(output.text)")
            }
        }
    }

    // MARK: - Driving an end on a socket

    /// A frame of four bytes as text; `openssl` sends its input as it is.
    private static let frame = "\0\u{4}ping"

    private struct Outcome {
        var progress: TLSProgress
        var received: [UInt8] = []
    }

    private func client(_ connection: LoopbackConnection, _ files: SiteFiles, _ options: [String]) throws
        -> RunningTool
    {
        try RunningTool(
            ["s_client", "-connect", "127.0.0.1:\(connection.port)"] + files.arguments
                + options,
            input: Array(Self.frame.utf8))
    }

    private func server(_ files: SiteFiles, _ options: [String]) throws -> (RunningTool, LoopbackConnection) {
        let connection = try LoopbackConnection()
        let port = try LoopbackConnection().port
        let server = try RunningTool(
            ["s_server", "-accept", "127.0.0.1:\(port)", "-naccept", "1", "-Verify", "1", "-verify_return_error"]
                + files.arguments + options,
            input: Array(Self.frame.utf8))
        connection.connect(port: port)
        return (server, connection)
    }

    private func serve(_ connection: LoopbackConnection, _ identity: SiteIdentity, answer: [UInt8] = []) throws
        -> Outcome
    {
        connection.accept()
        return drive(connection, try #require(try TLSStreamProvider(identity: identity).makeServer()), answer)
    }

    private func connect(_ connection: LoopbackConnection, _ identity: SiteIdentity) throws -> Outcome {
        drive(connection, try #require(try TLSStreamProvider(identity: identity).makeClient()), [])
    }

    /// Until a frame has come, or the connection has ended.
    private func drive(_ connection: LoopbackConnection, _ stream: TLSStream, _ answer: [UInt8]) -> Outcome {
        var outcome = Outcome(progress: .negotiating)
        stream.start()
        while outcome.received.count < Self.frame.utf8.count {
            connection.send(stream.takeOutput(limit: 65_536))
            outcome.progress = stream.progress
            switch stream.progress {
            case .closed, .failed:
                connection.endWriting()
                return outcome
            case .negotiating, .open: break
            }
            let bytes = connection.receive()
            if bytes.isEmpty { return outcome }
            bytes.withUnsafeBytes { stream.receive($0, plaintext: &outcome.received) }
        }
        outcome.progress = stream.progress
        answer.withUnsafeBytes { stream.write($0) }
        stream.close()
        connection.send(stream.takeOutput(limit: 65_536))
        connection.endWriting()
        return outcome
    }
}
