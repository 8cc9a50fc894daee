import GatewayConfiguration
import GatewayCore
import LinkSecurity
import LinuxSystem
import Logging
import NetworkTypes
import PacketForwarding

extension Daemon: StreamSink {
    /// Accepts TLS connections, and opens them, as the configuration says.
    func configureStreams() {
        streams.sink = self
        let listen = files.settings.listen
        let before = streams.listenFault
        streams.listen(port: listen.tcp ? ports.port : nil, addresses: ports.addresses, now: now)
        if let fault = streams.listenFault, fault != before {
            logger.warning("TLS is not accepted", metadata: ["port": "\(ports.port)", "error": "\(fault)"])
        }
        streams.setProxy(files.settings.proxy)
        resolveProxy()
    }

    /// Opens a stream for the core; it may be the first to need the proxy's addresses.
    func openStream(_ number: UInt64, to remote: Endpoint) {
        streams.open(number, to: remote, now: now)
        resolveProxy()
    }

    /// Asks for the proxy's addresses, if that is wanted.
    func resolveProxy() {
        if let name = streams.takeProxyName() { _ = resolver.resolve(name) }
    }

    /// A listener or connection is ready.
    func readStream(_ token: UInt64) {
        streams.ready(token, now: now)
        plane.flush()
        settleBatch()
    }

    func streamOpened(_ number: UInt64, remote: Endpoint, peer: NodeAddress) {
        logger.debug("stream open", metadata: ["remote": "\(remote)", "node": "\(peer.abbreviated)"])
        gateway.streamOpened(number, remote: remote, peer: peer, now: now, effects: &effects)
    }

    func streamClosed(_ number: UInt64, fault: StreamFault) {
        logger.debug("stream closed", metadata: ["number": "\(number)", "reason": "\(fault)"])
        gateway.streamClosed(number, fault: fault, now: now, effects: &effects)
    }

    func streamRefused(by remote: Endpoint, fault: HandshakeFault) {
        gateway.streamRefused(by: remote, fault, now: now, effects: &effects)
    }

    func streamReceived(_ datagram: UnsafeMutableRawBufferPointer, from endpoint: Endpoint) {
        _ = takeDatagrams(datagram, segmentSize: datagram.count, source: endpoint, trafficClass: 0)
    }
}
