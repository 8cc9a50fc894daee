/// What the data plane keeps at most, and for how long. Everything it holds is bounded by these.
package struct ForwardingLimits: Sendable {
    /// Datagrams in one train: the kernel's UDP_MAX_SEGMENTS. 1 when UDP_SEGMENT cannot be used.
    package var segmentsPerTrain = 64
    /// Packets that wait for one peer's path: a first ping, a handful of SYNs. The oldest goes first.
    package var waitingPacketsPerPeer = 16
    /// Bytes of frames that wait, all peers together: 1,024 packets of a name look-up, or 8 super-packets.
    package var waitingByteCount = 524_288
    /// How long a packet waits for a path; a peer that has none for so long is down, and senders are told.
    package var waitingTime: Duration = .seconds(3)
    /// Packets that are being joined from slices at one time: 32 of 64 kB are 2 MB, touched only when used.
    package var reassemblySlots = 32
    /// Of these, so many for one peer at most, so that one peer cannot starve the others.
    package var reassemblySlotsPerPeer = 16
    /// How long a packet waits for its missing slices.
    package var reassemblyTime: Duration = .seconds(2)
    /// ICMP errors a second (RFC 1812 §4.3.2.8, RFC 4443 §2.4 f), and how many may come at once.
    package var errorsPerSecond = 100
    package var errorBurst = 50
    /// Hosts of bridged subnets that are known: every address of a /16; 40 bytes each, at most half full.
    package var hosts = 65_536
    /// Addresses at one time that packets wait for because it is not known where they are.
    package var unresolvedHosts = 64
    /// Sources of bridged subnets that a peer sends from and nobody knows: questions about them a second.
    package var sourceQuestionsPerSecond = 100
    /// Packets to stations that are not on the LAN any more: what is told of them in a second.
    package var strayReportsPerSecond = 100

    package init() {}

    /// Bytes of a train: the largest UDP payload over IPv4, 65,535 - 20 - 8.
    package static let trainByteCount = 65_507
    /// The largest IP packet.
    package static let packetByteCount = 65_535
    /// The payload of a path whose size is not known: IPv6's minimum MTU of 1,280 less 40, 8 and what sealing adds.
    package static let defaultPayloadByteCount = 1_200
    /// The smallest payload that a path may have: the IPv4 minimum of 576 less 20, 8 and what sealing adds.
    package static let minimumPayloadByteCount = 516
    /// How often `sourceChanged` repeats the same endpoint at most.
    package static let sourceReportInterval: Duration = .seconds(1)
    /// How often `needsHost` repeats the same address at most.
    package static let resolveInterval: Duration = .seconds(1)
    /// The largest frame that is for the gateway itself: an Ethernet header and the largest IP packet of a LAN.
    package static let gatewayFrameByteCount = 14 + 9_216
    /// A key is not used beyond this counter. The control core rekeys long before (it sees
    /// `KeyGeneration.sendCounter`); this only keeps a nonce from ever repeating.
    package static let counterLimit: UInt64 = 1 << 48
}
