import NetworkTypes

/// A datagram on its way.
struct TravellingDatagram {
    var bytes: [UInt8]
    /// As the receiver will see it: behind the sender's address translator.
    var source: Endpoint
    var destination: Endpoint
    /// Who was there when it was sent: saves a look-up if that has not changed.
    var target: NetworkTarget
}

/// Datagrams on their way, by place; places are used again.
struct DatagramSlab {
    private var datagrams: [TravellingDatagram] = []
    private var free: [Int32] = []

    /// Datagrams on their way.
    var count: Int { datagrams.count - free.count }

    mutating func store(_ datagram: TravellingDatagram) -> Int {
        if let place = free.popLast() {
            datagrams[Int(place)] = datagram
            return Int(place)
        }
        datagrams.append(datagram)
        return datagrams.count - 1
    }

    mutating func take(_ place: Int) -> TravellingDatagram {
        let datagram = datagrams[place]
        // Lets go of the bytes now, not when the place is used again.
        datagrams[place].bytes = []
        free.append(Int32(place))
        return datagram
    }
}
