import GatewayCore
import LinuxSystem
import NetworkTypes
import RoutePlanning

/// The numbers of this host's uplinks: what datagrams to and from an endpoint over one of them leave by and come in by.
///
/// Empty until there are two for the first time, so that a host with one leaves all to the kernel. From then on they
/// have numbers, also when only one is left.
final class UplinkTable {
    /// One number's uplink; a number is used again when its interface is gone.
    private struct Slot {
        var uplink: OwnUplinks.Uplink
        var v4: LocalOrigin
        var v6: LocalOrigin
        var isThere: Bool
    }

    /// The first is number 1.
    private var slots: [Slot] = []
    /// What the core may choose from.
    private(set) var choice = UplinkChoice()

    /// Takes what uplinks there are now, those that the kernel prefers first.
    func follow(_ found: [OwnUplinks.Uplink]) {
        guard found.count > 1 || !slots.isEmpty else { return }
        for index in slots.indices {
            slots[index].isThere = found.contains { $0.link.index == slots[index].uplink.link.index }
        }
        var choice = UplinkChoice()
        for uplink in found {
            let number = place(uplink)
            if uplink.v4 != nil { choice.v4.append(number) }
            if uplink.v6 != nil { choice.v6.append(number) }
        }
        self.choice = choice
    }

    private func place(_ uplink: OwnUplinks.Uplink) -> Uplink {
        let index = UInt32(bitPattern: uplink.link.index)
        let slot = Slot(
            uplink: uplink, v4: LocalOrigin(address: uplink.v4, interfaceIndex: index),
            v6: LocalOrigin(address: uplink.v6, interfaceIndex: index), isThere: true)
        let known = slots.firstIndex { $0.uplink.link.index == uplink.link.index }
        if let place = known ?? slots.firstIndex(where: { !$0.isThere }) {
            slots[place] = slot
            return Uplink(rawValue: UInt8(place + 1))
        }
        // No more than there are uplinks at a time.
        slots.append(slot)
        return Uplink(rawValue: UInt8(slots.count))
    }

    /// Where a datagram has come from, with the uplink that it came in by.
    func endpoint(_ received: ReceivedDatagrams) -> Endpoint {
        guard !slots.isEmpty else { return received.source }
        // Its address counts: the kernel takes what is sent to it by whatever interface.
        for index in slots.indices where slots[index].isThere {
            let origin = received.source.address.family == .v4 ? slots[index].v4 : slots[index].v6
            if origin.address != nil, origin.address == received.local.address { return over(index, received) }
        }
        for index in slots.indices
        where slots[index].isThere && slots[index].v4.interfaceIndex == received.local.interfaceIndex {
            return over(index, received)
        }
        return received.source
    }

    private func over(_ index: Int, _ received: ReceivedDatagrams) -> Endpoint {
        received.source.over(Uplink(rawValue: UInt8(index + 1)))
    }

    /// What datagrams to that endpoint leave by.
    func origin(of endpoint: Endpoint) -> LocalOrigin {
        let number = Int(endpoint.uplink.rawValue)
        guard number > 0, number <= slots.count else { return .any }
        return endpoint.address.family == .v4 ? slots[number - 1].v4 : slots[number - 1].v6
    }

    /// The name of the interface of an uplink; `nil` for what is left to the kernel.
    func name(of uplink: Uplink) -> String? {
        let number = Int(uplink.rawValue)
        return number > 0 && number <= slots.count ? slots[number - 1].uplink.link.name : nil
    }
}
