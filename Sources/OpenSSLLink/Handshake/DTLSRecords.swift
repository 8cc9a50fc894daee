import COpenSSL

/// The little of DTLS's record layer (RFC 6347 §4.1) that is needed outside the library:
///
///     0      1         3       5                 11       13
///     | type | version | epoch | sequence number | length | fragment ...
enum DTLSRecords {
    private static let headerByteCount = 13

    /// Whether a datagram belongs to a handshake flight: it starts with a handshake or a cipher change record.
    static func isOfHandshake(_ datagram: [UInt8]) -> Bool {
        datagram.first == UInt8(SSL3_RT_HANDSHAKE) || datagram.first == UInt8(SSL3_RT_CHANGE_CIPHER_SPEC)
    }

    /// Whether a datagram starts with an alert.
    static func isAlert(_ datagram: [UInt8]) -> Bool { datagram.first == UInt8(SSL3_RT_ALERT) }

    /// Changes the description of fatal alerts in clear (epoch 0) to `alert`.
    ///
    /// The library derives its alert from a verification result, by a table that has no result for access_denied;
    /// certificates are judged before any key is in use, so the record has no integrity check to spoil.
    static func setPlainAlert(_ alert: UInt8, in datagram: inout [UInt8]) {
        var start = 0
        while start + headerByteCount <= datagram.count {
            let length = Int(datagram[start + 11]) << 8 | Int(datagram[start + 12])
            let body = start + headerByteCount
            guard body + length <= datagram.count else { return }
            let isPlain = datagram[start + 3] == 0 && datagram[start + 4] == 0
            if datagram[start] == UInt8(SSL3_RT_ALERT), isPlain, length == 2, datagram[body] == UInt8(SSL3_AL_FATAL) {
                datagram[body + 1] = alert
            }
            start = body + length
        }
    }
}
