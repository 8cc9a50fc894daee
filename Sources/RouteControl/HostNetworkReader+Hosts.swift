import CNetlink
import Glibc
package import HostDiagnosis
package import NetworkTypes
package import RoutePlanning

// What is asked about one host: the way to it, and whether it is there.
extension HostNetworkReader {
    /// The route of the tables that packets to `address` match: of packets from `origin` if it is given, else of this
    /// host's own. Where the kernel refuses such a packet the host's own way is told.
    package func way(to address: IPAddress, from origin: (address: IPAddress, link: HostLink)? = nil) -> KernelWay {
        do throws(NetlinkError) {
            if let origin, let route = try? match(address, origin) { return .route(route) }
            return try match(address, nil).map { .route($0) } ?? .none
        } catch {
            switch error.kernelCode {
            case ENETUNREACH, EHOSTUNREACH, EACCES, ESRCH: return .none
            // Unreachable and blackhole routes answer with their error: there is no way either.
            case EINVAL: return .none
            default: return .unknown(error.description)
            }
        }
    }

    private func match(
        _ address: IPAddress, _ origin: (address: IPAddress, link: HostLink)?
    ) throws(NetlinkError) -> HostRoute? {
        try socket.ask("ip route get fibmatch \(address)") { message in
            guard let built = nlmsg_alloc_simple(Int32(RTM_GETROUTE), 0) else { return -NLE_NOMEM }
            message.pointee = built
            let family = address.family
            var header = rtmsg()
            header.rtm_family = UInt8(kernelFamily(family))
            header.rtm_dst_len = UInt8(family.bitCount)
            header.rtm_flags = UInt32(RTM_F_FIB_MATCH) | UInt32(RTM_F_LOOKUP_TABLE)
            if origin != nil { header.rtm_src_len = UInt8(family.bitCount) }
            var status = nlmsg_append(built, &header, MemoryLayout<rtmsg>.size, Int32(NLMSG_ALIGNTO))
            if status >= 0 { status = nla_put(built, Int32(RTA_DST.rawValue), Int32(family.byteCount), address.bytes) }
            if status >= 0, let origin {
                status = nla_put(built, Int32(RTA_SRC.rawValue), Int32(family.byteCount), origin.address.bytes)
                if status >= 0 { status = nla_put_u32(built, Int32(RTA_IIF.rawValue), UInt32(origin.link.index)) }
            }
            return status
        } convert: {
            HostRoute(lookup: $0)
        }
    }

    /// What the neighbour table says of a host on a link.
    package func neighbour(_ address: IPAddress, on link: HostLink) -> NeighbourFact {
        let entries = try? socket.dump(
            "ip neighbour show dev \(link.name)", type: RTM_GETNEIGH, family: kernelFamily(address.family)
        ) { object -> NeighbourFact? in
            guard rtnl_neigh_get_ifindex(object) == link.index,
                ipAddress(from: rtnl_neigh_get_dst(object)) == address
            else { return nil }
            let mac = macAddress(from: rtnl_neigh_get_lladdr(object)), state = rtnl_neigh_get_state(object)
            if state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP) != 0 { return .reachable(mac) }
            if state & (NUD_STALE | NUD_DELAY) != 0 { return .stale(mac) }
            if state & (NUD_INCOMPLETE | NUD_PROBE) != 0 { return .asked }
            return state & NUD_FAILED != 0 ? .absent : .unknown
        }
        return entries?.first ?? .unknown
    }

    /// Lets the kernel ask a host whether it is there (ARP, ND), as the next packet to it would. Needs CAP_NET_ADMIN,
    /// and does nothing without. The answer shows in `neighbour` within three seconds.
    package func ask(_ address: IPAddress, on link: HostLink, known: NeighbourFact) {
        guard let object = rtnl_neigh_alloc() else { preconditionFailure("out of memory") }
        defer { rtnl_neigh_put(object) }
        rtnl_neigh_set_ifindex(object, link.index)
        _ = withKernelAddress(address) { rtnl_neigh_set_dst(object, $0) }
        var flags = NLM_F_CREATE
        if case .stale(let mac?) = known {
            withKernelAddress(mac) { rtnl_neigh_set_lladdr(object, $0) }
            rtnl_neigh_set_state(object, NUD_PROBE)
            flags |= NLM_F_REPLACE
        } else {
            rtnl_neigh_set_state(object, NUD_NONE)
            rtnl_neigh_set_flags(object, UInt32(NTF_USE))
        }
        try? socket.request("ip neighbour replace \(address) dev \(link.name) use") {
            rtnl_neigh_build_add_request(object, flags, $0)
        }
    }
}
