import COpenSSL
package import LinkSecurity

/// One side of one DTLS 1.2 handshake (RFC 6347), up to keys for sealed datagrams.
///
///     idle --start--> negotiating --TLS finished--> greeting --peer's hello--> completed
///                          |                            |
///                          +---------- fault -----------+--> ended
///
/// Lost datagrams: while negotiating, and as server also while greeting, the last flight is sent again as it was; the
/// peer's record layer takes what it has missed and drops the rest. The hello is always a fresh record, so a repeated
/// one is proof that the peer misses ours, and is answered. The library's own timer is not used: it reads the wall
/// clock.
package final class DTLSHandshake: HandshakeEngine {
    enum Role {
        case client
        case server
    }

    private enum State {
        case idle
        case negotiating
        case greeting
        case completed
        case ended
    }

    private let association: DTLSAssociation?
    private let identity: SiteIdentity
    private let peerJudge: any IdentityAuthority
    private var hello: HelloRecord
    private let role: Role
    private var state: State = .idle
    private var schedule = RetransmissionSchedule()
    /// The handshake has yielded keys.
    private var hasKeys = false
    /// The datagrams of the last handshake flight that went out.
    private var lastFlight: [[UInt8]] = []
    private var peer: PeerIdentity?
    /// Set when the peer's certificate was refused, with the site that it claims.
    private var refusal: (fault: CertificateFault, site: String?)?

    init(
        _ association: DTLSAssociation?, identity: SiteIdentity, judge: any IdentityAuthority, localIndex: UInt32,
        role: Role
    ) {
        self.association = association
        self.identity = identity
        peerJudge = judge
        self.role = role
        hello = HelloRecord(receiverIndex: localIndex)
    }

    /// Sends the first ClientHello.
    package func start(output: inout HandshakeOutput) -> HandshakeProgress {
        guard role == .client, case .idle = state else { return .running }
        return begin(output: &output)
    }

    /// Goes on after the listener has found the right cookie; the ClientHello waits in the association.
    func accept(output: inout HandshakeOutput) -> HandshakeProgress {
        begin(output: &output)
    }

    /// Takes one datagram of the peer.
    package func receive(_ datagram: [UInt8], output: inout HandshakeOutput) -> HandshakeProgress {
        guard let association, !datagram.isEmpty else { return .running }
        let progress: HandshakeProgress
        switch state {
        case .idle, .ended:
            return .running
        case .negotiating:
            progress = negotiate(association, datagram)
        case .greeting, .completed:
            progress = readHellos(association, datagram)
        }
        flush(association, output: &output)
        return progress
    }

    /// Repeats the last flight when it is overdue.
    package func retransmit(output: inout HandshakeOutput) -> HandshakeProgress {
        guard let association, schedule.isDue() else { return .running }
        switch state {
        case .idle, .completed, .ended:
            break
        case .negotiating:
            output.datagrams += lastFlight
        case .greeting:
            if role == .server { output.datagrams += lastFlight }
            _ = association.write(hello.bytes)
            flush(association, output: &output)
        }
        return .running
    }

    private func begin(output: inout HandshakeOutput) -> HandshakeProgress {
        guard let association, association.present(identity.certificate, key: identity.key) else {
            return end(.protocolError("cannot start DTLS: \(OpenSSLError.errorQueueText())"))
        }
        if role == .client { association.becomeClient() }
        association.verifier = { [unowned self] in judge($0) }
        state = .negotiating
        let progress = negotiate(association, [])
        flush(association, output: &output)
        return progress
    }

    /// The verifier: remembers who the peer is or why it is refused.
    private func judge(_ certificate: [UInt8]) -> Int32 {
        switch peerJudge.verifyCertificate(certificate) {
        case .success(let found):
            peer = found
            return X509_V_OK
        case .failure(let fault):
            let claimed = (try? Certificate(der: certificate))?.details.site
            refusal = (fault, claimed?.isEmpty == true ? nil : claimed)
            return fault.verificationResult
        }
    }

    private func negotiate(_ association: DTLSAssociation, _ datagram: [UInt8]) -> HandshakeProgress {
        switch association.handshake(datagram) {
        case .waiting:
            return .running
        case .closed:
            return end(.protocolError("the peer closed the handshake"))
        case .failed(let failure):
            return end(fault(of: failure))
        case .done:
            guard association.hasExtendedMasterSecret else {
                association.close()
                return end(.protocolError("the peer does without the extended master secret"))
            }
            state = .greeting
            schedule.restart()
            if case .failed(let failure) = association.write(hello.bytes) { return end(fault(of: failure)) }
            return readHellos(association, [])
        }
    }

    /// Reads all application records that are there.
    private func readHellos(_ association: DTLSAssociation, _ datagram: [UInt8]) -> HandshakeProgress {
        var progress = HandshakeProgress.running
        var pending = datagram
        while true {
            var record: [UInt8] = []
            let step = association.read(pending, record: &record)
            pending = []
            switch (step, state) {
            case (.done, .greeting):
                progress = greet(association, record)
            case (.done, .completed):
                // The peer repeats its hello because ours was lost. One answer to one record.
                if HelloRecord(record)?.isAnswer == false { _ = association.write(hello.bytes) }
            case (.waiting, _):
                return progress
            case (.closed, .greeting):
                return end(.protocolError("the peer closed the handshake"))
            case (.failed(let failure), .greeting):
                return end(fault(of: failure))
            case (.closed, _), (.failed, _), (.done, _):
                // The keys are out; what the association still says no longer matters.
                state = .ended
                return progress
            }
        }
    }

    /// Takes the peer's hello: the end of the handshake, one way or the other.
    private func greet(_ association: DTLSAssociation, _ record: [UInt8]) -> HandshakeProgress {
        guard let theirs = HelloRecord(record) else {
            return end(.protocolError("the peer's hello is not one of ours"))
        }
        guard let version = hello.commonVersion(with: theirs) else { return end(.version) }
        let keys = DTLSKeys(association)
        guard let peer, let sealing = (role == .client ? keys?.client : keys?.server)?.cipher(.sealing),
            let opening = (role == .client ? keys?.server : keys?.client)?.cipher(.opening)
        else { return end(.protocolError("no keys: \(OpenSSLError.errorQueueText())")) }
        state = .completed
        hasKeys = true
        hello.isAnswer = true
        return .completed(
            HandshakeResult(
                peer: peer, sealing: sealing, opening: opening, remoteIndex: theirs.receiverIndex, version: version))
    }

    private func end(_ fault: HandshakeFault) -> HandshakeProgress {
        state = .ended
        return .failed(fault)
    }

    private func fault(of failure: DTLSFailure) -> HandshakeFault {
        if let refusal { return .refused(refusal.fault, site: refusal.site) }
        if failure.reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE { return .refused(.missing, site: nil) }
        if let alert = failure.receivedAlert, let fault = CertificateFault(alert: alert) {
            return .refusedByPeer(fault)
        }
        return .protocolError(failure.text)
    }

    /// Moves what the library has written to `output`, and keeps a flight of the handshake.
    private func flush(_ association: DTLSAssociation, output: inout HandshakeOutput) {
        var datagrams: [[UInt8]] = []
        association.takeDatagrams(&datagrams)
        // Once the keys are out an alert helps nobody, and what anyone can forge may cause one.
        if hasKeys { datagrams.removeAll(where: DTLSRecords.isAlert) }
        if let refusal {
            for index in datagrams.indices { DTLSRecords.setPlainAlert(refusal.fault.alert, in: &datagrams[index]) }
        }
        output.datagrams += datagrams
        let flight = datagrams.filter(DTLSRecords.isOfHandshake)
        guard !flight.isEmpty else { return }
        lastFlight = flight
        schedule.restart()
    }
}
