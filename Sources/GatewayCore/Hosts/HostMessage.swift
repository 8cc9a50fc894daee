package import NetworkTypes
import WireFormat

/// What gateways say to each other about single hosts in bridged subnets.
///
///     A --here(number, all)--> B        when a session begins, and until B has acknowledged
///     A --here(number, some)--> B       what has come and gone since number - 1
///     A <--heard(number)--- B
///     B --moving(address, MAC)--> A     a host that A holds has appeared at B
///     B <--moved(address) or kept(address)-- A
package enum HostMessage: Equatable, Sendable {
    /// Where a host is, without its name: what packets and neighbour discovery need.
    package struct Host: Equatable, Sendable {
        package var address: IPAddress
        package var mac: MACAddress

        package init(address: IPAddress, mac: MACAddress) {
            self.address = address
            self.mac = mac
        }
    }

    /// Hosts behind the sender: all of them, or those that have come and gone since the list before.
    case here(number: UInt64, isWhole: Bool, [Host], gone: [IPAddress])
    /// The list that the sender has of the receiver's hosts.
    case heard(number: UInt64)
    /// This host is at the sender now.
    case moving(Host)
    /// The sender does not hold the address, or holds it no more.
    case moved(IPAddress)
    /// The sender holds the address for another host.
    case kept(IPAddress)

    private enum Tag: UInt8 {
        case here = 1
        case heard = 2
        case moving = 3
        case moved = 4
        case kept = 5
    }

    func write(to writer: inout WireWriter) {
        switch self {
        case .here(let number, let isWhole, let hosts, let gone):
            writer.write(Tag.here.rawValue)
            writer.write(number)
            writer.write(UInt8(isWhole ? 1 : 0))
            writer.write(count: hosts.count)
            for host in hosts { writer.write(host) }
            writer.write(count: gone.count)
            for address in gone { writer.write(address) }
        case .heard(let number):
            writer.write(Tag.heard.rawValue)
            writer.write(number)
        case .moving(let host):
            writer.write(Tag.moving.rawValue)
            writer.write(host)
        case .moved(let address):
            writer.write(Tag.moved.rawValue)
            writer.write(address)
        case .kept(let address):
            writer.write(Tag.kept.rawValue)
            writer.write(address)
        }
    }

    init(reading reader: inout WireReader) throws(WireError) {
        let tag = try reader.readUInt8()
        switch Tag(rawValue: tag) {
        case .here:
            let number = try reader.readUInt64()
            let isWhole = try reader.readUInt8() & 1 != 0
            var hosts: [Host] = []
            for _ in 0..<(try reader.readCount("hosts", limit: HostLimits.hosts)) {
                hosts.append(try reader.readHost())
            }
            var gone: [IPAddress] = []
            for _ in 0..<(try reader.readCount("hosts gone", limit: HostLimits.hosts)) {
                gone.append(try reader.readIPAddress())
            }
            self = .here(number: number, isWhole: isWhole, hosts, gone: gone)
        case .heard: self = .heard(number: try reader.readUInt64())
        case .moving: self = .moving(try reader.readHost())
        case .moved: self = .moved(try reader.readIPAddress())
        case .kept: self = .kept(try reader.readIPAddress())
        case nil: throw .unknownValue(field: "host message", value: UInt64(tag))
        }
    }
}

extension WireWriter {
    fileprivate mutating func write(_ host: HostMessage.Host) {
        write(host.address)
        write(raw: host.mac.bytes)
    }
}

extension WireReader {
    fileprivate mutating func readHost() throws(WireError) -> HostMessage.Host {
        let address = try readIPAddress()
        return HostMessage.Host(address: address, mac: try readMACAddress())
    }
}
