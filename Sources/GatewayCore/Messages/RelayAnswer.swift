import NetworkTypes
import WireFormat

/// What a member says that was asked to be a relay.
///
///     0        1         5                        9
///     | status | channel | round trip in us      |
package struct RelayAnswer: Equatable, Sendable {
    /// What became of the request.
    package enum Status: UInt8, Sendable, CaseIterable {
        /// The channel is open.
        case open = 0
        /// There is no direct path to the target yet; one is looked for, so asking again is worthwhile.
        case connecting = 1
        /// It does not know the target, or passes on for as many as it can already.
        case refused = 2
        /// It passes nothing on, for nobody: asking again is no use for `PathLimits.unwillingTime`.
        case unwilling = 3
    }

    package var status: Status
    /// Names the pair in the frames that the relay passes on; 0 unless the channel is open.
    package var channel: UInt32
    /// From the relay to the target, in microseconds; 0 when it has not been measured.
    package var roundTripMicroseconds: UInt32

    package init(_ status: Status, channel: UInt32 = 0, roundTripMicroseconds: UInt32 = 0) {
        self.status = status
        self.channel = channel
        self.roundTripMicroseconds = roundTripMicroseconds
    }

    func write(to writer: inout WireWriter) {
        writer.write(status.rawValue)
        writer.write(channel)
        writer.write(roundTripMicroseconds)
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let code = try reader.readUInt8()
        guard let status = Status(rawValue: code) else {
            throw .unknownValue(field: "relay status", value: UInt64(code))
        }
        self.status = status
        channel = try reader.readUInt32()
        roundTripMicroseconds = try reader.readUInt32()
    }
}
