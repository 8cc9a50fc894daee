import GatewayCore
import NetworkTypes
import WireFormat

/// The frames of relays: datagrams of this gateway out and in, and those of others passed on.
///
///     train to an endpoint that stands for a relay -> header before each datagram -> the relay
///     frames from a relay -> header off -> datagrams from the endpoint that stands for it
///     frames from one end of a pair that this gateway serves -> as they are -> the other end
///
/// Frames are passed on as they came, a whole train in one call, without a copy.
final class RelayPort {
    /// Where a way through a relay leads.
    private struct Way {
        let endpoint: Endpoint
        let channel: UInt32
        var via: Endpoint
    }

    private struct Pair {
        let first: Endpoint
        let second: Endpoint
    }

    private var ways: [Endpoint: Way] = [:]
    /// The same by channel; two relays may have chosen one number.
    private var waysByChannel: [UInt32: [Way]] = [:]
    private var pairs: [UInt32: Pair] = [:]
    private let frames: UnsafeMutableRawBufferPointer = .allocate(byteCount: RelayPort.trainByteCount, alignment: 64)

    /// Frames and bytes that were passed on for others.
    private(set) var passedFrames: UInt64 = 0
    private(set) var passedBytes: UInt64 = 0
    /// Frames of no channel that is open, or from elsewhere than its ends.
    private(set) var strangeFrames: UInt64 = 0

    deinit { frames.deallocate() }

    /// The longest UDP payload, and the most datagrams that the kernel takes at once.
    private static let trainByteCount = 65_507
    private static let trainCount = 64

    /// Pairs that are passed on for at present.
    var pairCount: Int { pairs.count }
    /// Ways through relays that are open.
    var wayCount: Int { ways.count }

    /// Carries out what the core wants done.
    func change(_ change: RelayChange) {
        switch change {
        case .open(let endpoint, let channel, let via):
            close(endpoint)
            let way = Way(endpoint: endpoint, channel: channel, via: via)
            ways[endpoint] = way
            waysByChannel[channel, default: []].append(way)
        case .close(let endpoint):
            close(endpoint)
        case .pass(let channel, let first, let second):
            pairs[channel] = Pair(first: first, second: second)
        case .stop(let channel):
            pairs[channel] = nil
        }
    }

    private func close(_ endpoint: Endpoint) {
        guard let way = ways.removeValue(forKey: endpoint) else { return }
        waysByChannel[way.channel]?.removeAll { $0.endpoint == endpoint }
        if waysByChannel[way.channel]?.isEmpty == true { waysByChannel[way.channel] = nil }
    }

    /// Puts a header before each datagram of a train and hands the frames over with where they go. Nothing is handed
    /// over for a way that is not open.
    func wrap(
        _ train: UnsafeRawBufferPointer, segmentSize: Int, to endpoint: Endpoint,
        send: (_ frames: UnsafeRawBufferPointer, _ segmentSize: Int, _ via: Endpoint) -> Void
    ) -> Bool {
        guard let way = ways[endpoint] else { return false }
        let frameSize = segmentSize + RelayFrame.headerByteCount
        var filled = 0
        var count = 0
        var offset = 0
        while offset < train.count {
            let byteCount = min(segmentSize, train.count - offset)
            if count == Self.trainCount || filled + RelayFrame.headerByteCount + byteCount > Self.trainByteCount {
                send(UnsafeRawBufferPointer(rebasing: frames[..<filled]), frameSize, way.via)
                filled = 0
                count = 0
            }
            guard let place = frames.baseAddress.map({ $0 + filled }), let source = train.baseAddress else {
                return true
            }
            RelayFrame.writeHeader(channel: way.channel, to: place)
            (place + RelayFrame.headerByteCount).copyMemory(from: source + offset, byteCount: byteCount)
            filled += RelayFrame.headerByteCount + byteCount
            count += 1
            offset += byteCount
        }
        send(UnsafeRawBufferPointer(rebasing: frames[..<filled]), frameSize, way.via)
        return true
    }

    /// Takes what one read brought and sorts it by channel: `passOn` gets frames for the other end of a pair, `deliver`
    /// datagrams of this gateway without their headers, moved together in place, and the endpoint they are from.
    func receive(
        _ received: UnsafeMutableRawBufferPointer, segmentSize: Int, source: Endpoint,
        passOn: (_ frames: UnsafeRawBufferPointer, _ destination: Endpoint) -> Void,
        deliver: (_ datagrams: UnsafeMutableRawBufferPointer, _ segmentSize: Int, _ source: Endpoint) -> Void
    ) {
        let step = segmentSize > 0 ? segmentSize : received.count
        var offset = 0
        while offset < received.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: received[offset...])
            let run = runLength(UnsafeRawBufferPointer(rest), step)
            let frames = UnsafeMutableRawBufferPointer(rebasing: rest[..<run])
            offset += run
            guard let channel = RelayFrame.channel(of: UnsafeRawBufferPointer(frames)) else {
                strangeFrames &+= 1
                continue
            }
            if let pair = pairs[channel], pair.first == source || pair.second == source {
                passedFrames &+= UInt64((run + step - 1) / step)
                passedBytes &+= UInt64(run)
                passOn(UnsafeRawBufferPointer(frames), pair.first == source ? pair.second : pair.first)
            } else if let way = waysByChannel[channel]?.first(where: { $0.via == source }) {
                deliver(stripHeaders(frames, step), step - RelayFrame.headerByteCount, way.endpoint)
            } else {
                strangeFrames &+= 1
            }
        }
    }

    /// Bytes of the first frames that are of one channel.
    private func runLength(_ frames: UnsafeRawBufferPointer, _ step: Int) -> Int {
        let channel = RelayFrame.channel(of: UnsafeRawBufferPointer(rebasing: frames.prefix(step)))
        var end = min(step, frames.count)
        while channel != nil, end < frames.count {
            let next = UnsafeRawBufferPointer(rebasing: frames[end..<min(end + step, frames.count)])
            guard RelayFrame.channel(of: next) == channel else { break }
            end += next.count
        }
        return end
    }

    private func stripHeaders(_ frames: UnsafeMutableRawBufferPointer, _ step: Int) -> UnsafeMutableRawBufferPointer {
        guard let base = frames.baseAddress else { return frames }
        var filled = 0
        var offset = 0
        while offset < frames.count {
            let byteCount = min(step, frames.count - offset) - RelayFrame.headerByteCount
            // The places may overlap, which `copyMemory` allows.
            (base + filled).copyMemory(from: base + offset + RelayFrame.headerByteCount, byteCount: byteCount)
            filled += byteCount
            offset += step
        }
        return UnsafeMutableRawBufferPointer(rebasing: frames[..<filled])
    }
}
