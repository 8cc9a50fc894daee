/// Why a frame from the LAN had no effect.
package enum LANDrop: String, CaseIterable, Error {
    /// Not what the protocol of its type allows.
    case malformedFrame = "lan-malformed-frame"
    /// Sent by this gateway itself: the LAN has a loop.
    case ownFrame = "lan-own-frame"
    /// A piece of a packet.
    case fragment = "lan-fragment"
    /// Neither to the service address nor to one of its services.
    case notForService = "lan-not-for-service"
    /// Its ARP or neighbour message names another sender than its frame.
    case foreignSender = "lan-foreign-sender"
    /// Beyond the rate of answers.
    case paced = "lan-paced"
    /// There is no room for what it would make the gateway keep.
    case full = "lan-full"
    /// Not what a DHCP client sends.
    case dhcpMalformed = "dhcp-malformed"
    /// A DHCP option of another length than it has.
    case dhcpOptionLength = "dhcp-option-length"
    /// A DHCP message that has come through too many relay agents, or through this gateway itself.
    case dhcpRelayLoop = "dhcp-relay-loop"
    /// A DHCP message by a relay agent outside the bridged subnet.
    case dhcpForeignRelay = "dhcp-foreign-relay"
    /// A DHCP client that is not to be answered.
    case dhcpNotAdmitted = "dhcp-not-admitted"
    /// A DHCP message about another server's address, or about one that the client does not have.
    case dhcpOtherServer = "dhcp-other-server"
    /// The grid has not said yet whether the DHCP client may have its address.
    case dhcpUndecided = "dhcp-undecided"
    /// There is no address for the DHCP client.
    case dhcpNoAddress = "dhcp-no-address"
}

/// A count for each reason.
package struct LANDropCounts: Equatable, Sendable {
    private var counts = [UInt64](repeating: 0, count: LANDrop.allCases.count)

    /// Frames dropped for `reason`.
    package subscript(reason: LANDrop) -> UInt64 {
        get { counts[Self.index(of: reason)] }
        set { counts[Self.index(of: reason)] = newValue }
    }

    /// Every reason with its count.
    package var all: [(reason: LANDrop, count: UInt64)] { LANDrop.allCases.map { ($0, self[$0]) } }

    private static func index(of reason: LANDrop) -> Int {
        guard let index = LANDrop.allCases.firstIndex(of: reason) else {
            preconditionFailure("allCases has every case")
        }
        return index
    }
}

/// What the services on the LAN have done since they began.
package struct LANCounters: Equatable, Sendable {
    /// Answers to ARP and neighbour discovery.
    package internal(set) var answers: UInt64 = 0
    /// Answers to pings of the service address.
    package internal(set) var echoes: UInt64 = 0
    /// ICMP errors about packets to the service address.
    package internal(set) var errors: UInt64 = 0
    /// DHCP messages of clients that are to be answered; offers and acknowledgements to them; refusals (NAK).
    package internal(set) var dhcpRequests: UInt64 = 0
    package internal(set) var dhcpAnswers: UInt64 = 0
    package internal(set) var dhcpRefusals: UInt64 = 0
    /// Questions for names.
    package internal(set) var nameQuestions: UInt64 = 0
    package internal(set) var drops = LANDropCounts()
}
