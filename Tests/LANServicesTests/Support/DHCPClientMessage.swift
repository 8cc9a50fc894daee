import LANServices
import NetworkTypes

/// A DHCP client's message, written by the fields of RFC 2131 §2.
struct DHCPClientMessage {
    enum Kind: UInt8 {
        case discover = 1
        case offer = 2
        case request = 3
        case decline = 4
        case acknowledgement = 5
        case refusal = 6
        case release = 7
        case inform = 8
    }

    var kind: Kind
    var station = Station(1)
    var transaction: UInt32 = 0x1234_5678
    var hops: UInt8 = 0
    var wantsBroadcast = false
    var current = IPAddress(v4: 0)
    var relay = IPAddress(v4: 0)
    var requested: IPAddress?
    var server: IPAddress?
    var name: String?
    var parameters: [UInt8] = [1, 3, 6, 15, 26, 121]
    /// Further options, as bytes.
    var more: [UInt8] = []
    /// Bytes in the server name and file fields.
    var serverName: [UInt8] = []
    var file: [UInt8] = []

    init(_ kind: Kind, _ change: (inout DHCPClientMessage) -> Void = { _ in }) {
        self.kind = kind
        change(&self)
    }

    var options: [UInt8] {
        var bytes: [UInt8] = [53, 1, kind.rawValue]
        if let requested { bytes += [50, 4] + requested.bytes }
        if let server { bytes += [54, 4] + server.bytes }
        if let name { bytes += [12, UInt8(name.utf8.count)] + Array(name.utf8) }
        bytes += [55, UInt8(parameters.count)] + parameters
        return bytes + more + [255]
    }

    var payload: [UInt8] {
        let none: [UInt8] = [0, 0, 0, 0]
        var bytes: [UInt8] = [1, 1, 6, hops]
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: transaction >> shift)) }
        bytes += [0, 0, wantsBroadcast ? 0x80 : 0, 0]
        bytes += current.bytes + none
        bytes += none + relay.bytes
        bytes += padded(station.mac.bytes, 16)
        bytes += padded(serverName, 64) + padded(file, 128)
        return bytes + [99, 130, 83, 99] + options
    }

    private func padded(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }

    /// By broadcast, unless the client has an address and this is a renewal.
    var frame: [UInt8] { frame(isBroadcast: true) }

    func frame(isBroadcast: Bool) -> [UInt8] {
        let target = isBroadcast ? IPAddress(255, 255, 255, 255) : TestLAN.service
        return station.udp(
            from: Endpoint(address: current, port: 68), to: Endpoint(address: target, port: 67), payload,
            at: isBroadcast ? Station.everybody : TestLAN.serviceMAC)
    }
}

/// A server's answer, taken apart.
struct DHCPServerMessage: Equatable {
    let destination: MACAddress
    let target: IPAddress
    let port: UInt16
    let transaction: UInt32
    let current: IPAddress
    let given: IPAddress
    let relay: IPAddress
    /// In their order.
    let options: [Option]

    struct Option: Equatable {
        let code: UInt8
        let bytes: [UInt8]
    }

    subscript(code: UInt8) -> [UInt8]? { options.first { $0.code == code }?.bytes }

    var kind: DHCPClientMessage.Kind? { self[53].flatMap { DHCPClientMessage.Kind(rawValue: $0[0]) } }

    /// `nil` for a frame that holds none, or whose checksums are wrong.
    init?(_ frame: [UInt8]) {
        guard frame.count > 282, frame[12] == 8, frame[13] == 0, frame[23] == 17, frame[34..<36] == [0, 67],
            Station.checksum(Array(frame[14..<34])) == 0
        else { return nil }
        let length = Int(frame[38]) << 8 | Int(frame[39])
        let datagram = Array(frame[34..<(34 + length)])
        guard Station.checksum(Array(frame[26..<34]) + [0, 17] + frame[38..<40] + datagram) == 0 else { return nil }
        let message = Array(datagram[8...])
        destination = MACAddress(rawValue: frame[0..<6].reduce(0) { $0 << 8 | UInt64($1) })
        target = IPAddress(bytes: frame[30..<34])!
        port = UInt16(frame[36]) << 8 | UInt16(frame[37])
        transaction = message[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
        current = IPAddress(bytes: message[12..<16])!
        given = IPAddress(bytes: message[16..<20])!
        relay = IPAddress(bytes: message[24..<28])!
        var options: [Option] = []
        var rest = message[240...]
        while let code = rest.popFirst(), code != 255 {
            if code == 0 { continue }
            guard let count = rest.popFirst(), rest.count >= count else { return nil }
            options.append(Option(code: code, bytes: Array(rest.prefix(Int(count)))))
            rest = rest.dropFirst(Int(count))
        }
        self.options = options
    }
}

extension [LANEffects.Effect] {
    /// The server's messages among them.
    var answers: [DHCPServerMessage] { frames.compactMap(DHCPServerMessage.init) }
}

extension TestLAN {
    static let block = IPPrefix("10.128.16.64/28")!

    /// A LAN that gives addresses from `block`.
    static func giving(_ change: (inout LANServiceSettings) -> Void = { _ in }) -> TestLAN {
        let lan = TestLAN(change)
        lan.input { services, _, _ in services.blocksChanged([block]) }
        lan.pass(.seconds(1))
        return lan
    }

    /// The grid agrees to everything that `effects` ask for. Returns what follows.
    func agree(_ effects: [LANEffects.Effect]) -> [LANEffects.Effect] {
        effects.registrations.flatMap { registration in
            input { $0.registered(registration.address, now: $1, effects: &$2) }
        }
    }

    /// What a DISCOVER of a client brings, with a grid that agrees.
    func offer(_ message: DHCPClientMessage = DHCPClientMessage(.discover)) -> DHCPServerMessage? {
        var effects = receive(message.frame)
        effects += agree(effects)
        effects += pass(.seconds(1))
        return effects.answers.first
    }

    /// Gives a client an address by all four messages.
    @discardableResult
    func lease(_ station: Station, name: String? = nil, more: [UInt8] = []) -> IPAddress? {
        let discover = DHCPClientMessage(.discover) {
            $0.station = station
            $0.name = name
            $0.more = more
        }
        guard let offer = offer(discover) else { return nil }
        let request = DHCPClientMessage(.request) {
            $0.station = station
            $0.name = name
            $0.more = more
            $0.requested = offer.given
            $0.server = TestLAN.service
        }
        let answer = receive(request.frame).answers.first
        return answer?.kind == .acknowledgement ? answer?.given : nil
    }
}
