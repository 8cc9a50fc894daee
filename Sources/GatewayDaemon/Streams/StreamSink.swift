import GatewayCore
import LinkSecurity
import NetworkTypes

/// Takes what streams bring. Called from within `StreamPorts`' functions.
protocol StreamSink: AnyObject {
    /// A stream is open: the core's input of that name.
    func streamOpened(_ number: UInt64, remote: Endpoint, peer: NodeAddress)
    /// A stream that the core knows of is gone.
    func streamClosed(_ number: UInt64, fault: StreamFault)
    /// An accepted connection was refused, by either end.
    func streamRefused(by remote: Endpoint, fault: HandshakeFault)
    /// A datagram of at least one byte has come; it may be changed in place.
    func streamReceived(_ datagram: UnsafeMutableRawBufferPointer, from endpoint: Endpoint)
}
