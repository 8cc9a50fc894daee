import NetworkTypes

/// The offload header in front of every frame of a TAP with IFF_VNET_HDR: `struct virtio_net_hdr`, 10 bytes.
///
///     0       1          2               4              6                8                 10
///     | flags | gso type | header length | segment size | checksum start | checksum offset |
///
/// Numbers are in the host's byte order (the legacy layout of VirtIO 1.2 §5.1.6). Offsets count from the Ethernet
/// header.
struct VirtioNetHeader: Equatable {
    static let byteCount = 10

    /// VIRTIO_NET_HDR_F_NEEDS_CSUM: the checksum field holds the pseudo-header's sum only.
    static let needsChecksum: UInt8 = 1
    /// VIRTIO_NET_HDR_F_DATA_VALID: the kernel has verified the checksum.
    static let dataValid: UInt8 = 2

    /// What kind of super-packet a frame is (VIRTIO_NET_HDR_GSO_…).
    static let single: UInt8 = 0
    static let tcpV4: UInt8 = 1
    static let tcpV6: UInt8 = 4
    static let udp: UInt8 = 5
    /// VIRTIO_NET_HDR_GSO_ECN, a bit beside the kind: the first segment has CWR set (RFC 3168 §6.1.2).
    static let congestionBit: UInt8 = 0x80

    var flags: UInt8 = 0
    var kind: UInt8 = VirtioNetHeader.single
    /// Ethernet, IP and transport header together: what the kernel keeps in one piece.
    var headerByteCount: UInt16 = 0
    /// Payload bytes of each segment.
    var segmentSize: UInt16 = 0
    var checksumStart: UInt16 = 0
    var checksumOffset: UInt16 = 0

    init() {}

    init(reading bytes: UnsafeRawPointer) {
        flags = bytes.load(as: UInt8.self)
        kind = bytes.load(fromByteOffset: 1, as: UInt8.self)
        headerByteCount = bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        segmentSize = bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
        checksumStart = bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
        checksumOffset = bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
    }

    func write(to bytes: UnsafeMutableRawPointer) {
        bytes.storeBytes(of: flags, as: UInt8.self)
        bytes.storeBytes(of: kind, toByteOffset: 1, as: UInt8.self)
        bytes.storeBytes(of: headerByteCount, toByteOffset: 2, as: UInt16.self)
        bytes.storeBytes(of: segmentSize, toByteOffset: 4, as: UInt16.self)
        bytes.storeBytes(of: checksumStart, toByteOffset: 6, as: UInt16.self)
        bytes.storeBytes(of: checksumOffset, toByteOffset: 8, as: UInt16.self)
    }
}

/// Where things stand in a frame of the TAP.
enum FrameLayout {
    static let ethernetOffset = VirtioNetHeader.byteCount
    static let ethernetByteCount = 14
    /// The IP packet's place.
    static let packetOffset = ethernetOffset + ethernetByteCount
    static let ipv4: UInt16 = 0x0800
    static let ipv6: UInt16 = 0x86dd
    static let arp: UInt16 = 0x0806
}

extension UnsafeRawPointer {
    /// The receiver of the Ethernet frame that begins here.
    @inline(__always)
    var destinationStation: MACAddress { MACAddress(rawValue: UInt64(doubleWord(0)) << 16 | UInt64(word(4))) }

    /// The sender of the Ethernet frame that begins here.
    @inline(__always)
    var sourceStation: MACAddress { MACAddress(rawValue: UInt64(word(6)) << 32 | UInt64(doubleWord(8))) }
}
