import NetworkTypes
import PacketForwarding
import WireFormat

/// Seeds of the data plane: what two gateways really send each other.
enum PacketSeeds {
    static var tapFrames: [(name: String, bytes: [UInt8])] {
        var list = SeedFrame.all(from: 1, to: 2).map { name, frame in
            var writer = InputWriter()
            add(frame.bytes, to: &writer)
            step(TapFramesTarget.Step.flush.rawValue, 10, to: &writer)
            return (name, writer.bytes)
        }
        var waiting = InputWriter()
        step(TapFramesTarget.Step.keys.rawValue | 4, 0, to: &waiting)
        add(SeedFrame().bytes, to: &waiting)
        step(TapFramesTarget.Step.path.rawValue, 600, to: &waiting)
        step(TapFramesTarget.Step.keys.rawValue | 8, 0, to: &waiting)
        add(SeedFrame(segmentSize: 40).bytes, to: &waiting)
        list.append(("waiting", waiting.bytes))
        var down = InputWriter()
        for destination in [UInt8(3), 9] {
            add(SeedFrame(to: destination).bytes, to: &down)
            add(SeedFrame(to: destination, isV6: true).bytes, to: &down)
        }
        step(TapFramesTarget.Step.flush.rawValue, 4_000, to: &down)
        add(SeedFrame(to: 3).bytes, to: &down)
        list.append(("no-route-and-down", down.bytes))
        return list
    }

    static var bridgedFrames: [(name: String, bytes: [UInt8])] {
        var list = SeedFrame.all(from: 1, to: 2).map { name, frame in
            var writer = InputWriter()
            add(frame.bytes, to: &writer)
            step(BridgedFramesTarget.Step.flush.rawValue, 10, to: &writer)
            return (name, writer.bytes)
        }
        var unknown = InputWriter()
        step(BridgedFramesTarget.Step.farHost.rawValue, 0, to: &unknown)
        add(SeedFrame().bytes, to: &unknown)
        step(BridgedFramesTarget.Step.farHost.rawValue | 4, 0, to: &unknown)
        step(BridgedFramesTarget.Step.farHost.rawValue, 0, to: &unknown)
        add(SeedFrame(isV6: true).bytes, to: &unknown)
        step(BridgedFramesTarget.Step.farHost.rawValue | 8, 0, to: &unknown)
        list.append(("unknown-host", unknown.bytes))
        var forged = InputWriter()
        step(BridgedFramesTarget.Step.nearHost.rawValue, 0, to: &forged)
        add(SeedFrame().bytes, to: &forged)
        list.append(("another-station", forged.bytes))
        for destination in [UInt8(1), 3] {
            var writer = InputWriter()
            add(SeedFrame(to: destination).bytes, to: &writer)
            list.append(("to-\(destination)", writer.bytes))
        }
        var others = InputWriter()
        // To all stations, to another station, and ARP.
        for (offset, bytes) in [(10, [UInt8](repeating: 255, count: 6)), (10, [2, 0, 0, 0, 0, 9]), (22, [8, 6])] {
            var frame = SeedFrame(transport: .udp).bytes
            frame.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            add(frame, to: &others)
        }
        list.append(("other-stations", others.bytes))
        return list
    }

    static var sealedDatagrams: [(name: String, bytes: [UInt8])] {
        var list = SeedFrame.all(from: 2, to: 1).map { name, frame in (name, script(trains([frame]))) }
        let everything = SeedFrame.all(from: 2, to: 1).map(\.frame)
        list.append(("all-together", script(trains(everything))))
        var changes = InputWriter()
        for choice in 0..<8 {
            changes.block(script(trains([SeedFrame(from: 2, to: 1)]), numbered: true))
            changes.byte(SealedDatagramsTarget.Step.change.rawValue)
            changes.byte(0)
            changes.word(choice | 1_200 << 3)
        }
        list.append(("changes", changes.bytes))
        list.append(("control", script(control([UInt8](1...40)))))
        list.append(("sliced-control", script(control([UInt8](repeating: 5, count: 4_000)))))
        return list
    }

    /// Errors about what the host of site 2 has sent, cut off at places that matter.
    static var mappedErrors: [(name: String, bytes: [UInt8])] {
        SeedFrame.all(from: 2, to: 1).flatMap { name, frame -> [(name: String, bytes: [UInt8])] in
            let isV6 = frame.isV6
            var quoted = Array(frame.bytes.dropFirst(TapFrame.packetOffset))
            // As the LAN of site 1 knows its own host.
            let place = isV6 ? 24 : 16
            let local = isV6 ? MappedErrorsTarget.hostsV6.local : MappedErrorsTarget.hostsV4.local
            quoted.replaceSubrange(place..<place + local.bytes.count, with: local.bytes)
            let header = isV6 ? 40 : 20
            return [header, header + 8, header + 20, quoted.count].map { count in
                ("\(name)-\(min(count, quoted.count))", [isV6 ? 1 : 0] + quoted.prefix(count))
            }
        }
    }

    private static func add(_ frame: [UInt8], to writer: inout InputWriter) {
        step(TapFramesTarget.Step.frame.rawValue, frame.count, to: &writer)
        writer.block(frame)
    }

    private static func step(_ what: UInt8, _ count: Int, to writer: inout InputWriter) {
        writer.byte(what)
        writer.word(count)
    }

    /// What site 2 sends for its frames.
    private static func trains(_ frames: [SeedFrame]) -> [PlaneSinks.Train] {
        let sinks = PlaneSinks(sources: [], destinations: [])
        let plane = Gateways.plane(2, sinks: sinks)
        for frame in frames {
            var bytes = frame.bytes
            bytes.withUnsafeMutableBytes { plane.forwardFrame($0) }
        }
        plane.flush()
        return sinks.takeTrains()
    }

    private static func control(_ message: [UInt8]) -> [PlaneSinks.Train] {
        let sinks = PlaneSinks(sources: [], destinations: [])
        let plane = Gateways.plane(2, sinks: sinks)
        plane.sendControl(message, to: Gateways.near)
        return sinks.takeTrains()
    }

    private static func script(_ trains: [PlaneSinks.Train], numbered: Bool = false) -> [UInt8] {
        var writer = InputWriter()
        for train in trains {
            let number = numbered ? SealedDatagramsTarget.Step.numbered : 0
            writer.byte(
                SealedDatagramsTarget.Step.receiveAndFlush.rawValue | SealedDatagramsTarget.Step.grouped | number)
            writer.byte(train.trafficClass)
            writer.word(train.bytes.count)
            writer.word(train.segmentSize)
            writer.block(train.bytes)
        }
        return writer.bytes
    }
}
