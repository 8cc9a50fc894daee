import CLinuxShims
package import NetworkTypes

// Streams over TCP.
extension StreamConnection {
    /// Begins to connect to `remote`. It is writable when that has ended; then `finishConnecting` tells how.
    package convenience init(connectingTo remote: Endpoint) throws(SystemError) {
        var address = ipop_endpoint(remote)
        self.init(
            FileDescriptor(adopting: try SystemCall.shim("connect", "\(remote)") { ipop_tcp_connect(&address) }))
    }

    /// Throws why the connection was not made.
    package func finishConnecting() throws(SystemError) {
        try SystemCall.shim("connect") { ipop_tcp_outcome(rawDescriptor) }
    }

    /// The far end; `nil` when it has gone already.
    package var remote: Endpoint? {
        var address = ipop_endpoint()
        return ipop_tcp_remote(rawDescriptor, &address) == 0 ? address.endpoint : nil
    }

    /// Sends small segments at once, ends the connection when what was sent stays unacknowledged for `userTimeout` (RFC
    /// 5482), and lets no more than `unsentByteCount` bytes wait in the kernel to be sent for the first time.
    package func tune(userTimeout: Duration, unsentByteCount: Int32) throws(SystemError) {
        let milliseconds = Int32(clamping: userTimeout.wholeNanoseconds / 1_000_000)
        try SystemCall.shim("setsockopt") { ipop_tcp_tune(rawDescriptor, milliseconds, unsentByteCount) }
    }
}
