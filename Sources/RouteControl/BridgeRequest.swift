import CNetlink
import Glibc
import NetworkTypes

/// The request for a new bridge, which libnl's links do not know all settings of (`IFLA_BR_…` of linux/if_link.h).
enum BridgeRequest {
    private static let forwardDelay: Int32 = 1
    private static let spanningTree: Int32 = 5
    private static let multicastSnooping: Int32 = 23

    /// A message that makes a bridge with a fixed Ethernet address. It forwards at once and speaks no spanning tree:
    /// its two ports make no loop. It floods multicast, so that neighbour solicitations come to the overlay device,
    /// which joins no groups.
    static func make(name: String, mac: MACAddress, mtu: Int) -> OpaquePointer {
        guard let message = nlmsg_alloc_simple(Int32(RTM_NEWLINK), Int32(NLM_F_CREATE | NLM_F_EXCL)) else {
            preconditionFailure("out of memory")
        }
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_UNSPEC)
        // A page has room for all of it.
        nlmsg_append(message, &header, MemoryLayout<ifinfomsg>.size, Int32(NLMSG_ALIGNTO))
        nla_put_string(message, Int32(IFLA_IFNAME), name)
        nla_put(message, Int32(IFLA_ADDRESS), 6, mac.bytes)
        nla_put_u32(message, Int32(IFLA_MTU), UInt32(clamping: mtu))
        let information = nla_nest_start(message, Int32(IFLA_LINKINFO))
        nla_put_string(message, Int32(IFLA_INFO_KIND), "bridge")
        let settings = nla_nest_start(message, Int32(IFLA_INFO_DATA))
        nla_put_u32(message, forwardDelay, 0)
        nla_put_u32(message, spanningTree, 0)
        nla_put_u8(message, multicastSnooping, 0)
        nla_nest_end(message, settings)
        nla_nest_end(message, information)
        return message
    }
}
