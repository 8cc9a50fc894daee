import CNetlink
import Glibc

/// One netlink socket: requests with their acknowledgement, dumps, notifications. Of rtnetlink, unless told otherwise.
///
/// Keeps the kernel's error code, which libnl translates into a coarser one of its own. The only place where C calls
/// back into Swift.
final class NetlinkSocket {
    let handle: OpaquePointer
    /// The kernel's refusal of the request under way.
    private var refusal: (code: Int32, explanation: String?)?
    private var receive: ((OpaquePointer) -> Void)?

    /// How often a dump that the kernel calls inconsistent is read at most.
    private static let mostDumpAttempts = 8
    /// Larger than the kernel's largest piece of a dump (32 kB).
    private static let messageBufferSize = 65_536

    init(family: Int32 = NETLINK_ROUTE) throws(NetlinkError) {
        guard let handle = nl_socket_alloc() else {
            throw NetlinkError(operation: "open a netlink socket", cause: .library(code: NLE_NOMEM))
        }
        self.handle = handle
        let status = nl_connect(handle, family)
        guard status >= 0 else { throw error("open a netlink socket", status) }
        nl_socket_set_msg_buf_size(handle, Self.messageBufferSize)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // Explanations in words are a courtesy of newer kernels: without them the code alone is told.
        setsockopt(fileDescriptor, SOL_NETLINK, NETLINK_EXT_ACK, &on, size)
        setsockopt(fileDescriptor, SOL_NETLINK, NETLINK_CAP_ACK, &on, size)
        installCallbacks()
    }

    deinit {
        nl_socket_free(handle)
    }

    var fileDescriptor: Int32 { nl_socket_get_fd(handle) }

    /// What the kernel knows this socket by.
    var portID: UInt32 { nl_socket_get_local_port(handle) }

    /// Sends a request that was built by libnl, frees it, and waits for the kernel's answer.
    func request(
        _ operation: @autoclosure () -> String, build: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(NetlinkError) {
        var message: OpaquePointer?
        refusal = nil
        let built = build(&message)
        guard built >= 0, let message else { throw error(operation(), built) }
        // nl_send_sync frees the message in every case.
        let status = nl_send_sync(handle, message)
        guard status >= 0 else { throw error(operation(), status) }
    }

    /// Sends a question that was built by libnl, and converts the object that the kernel answers with.
    func ask<Element>(
        _ operation: @autoclosure () -> String, build: (UnsafeMutablePointer<OpaquePointer?>) -> Int32,
        convert: (OpaquePointer) -> Element?
    ) throws(NetlinkError) -> Element? {
        var message: OpaquePointer?
        refusal = nil
        let built = build(&message)
        guard built >= 0, let message else { throw error(operation(), built) }
        defer { nlmsg_free(message) }
        var status = nl_send_auto(handle, message)
        guard status >= 0 else { throw error(operation(), status) }
        var answer: Element?
        status = receiving({ message in
            withObject(of: message) { answer = convert($0) }
        }) { nl_recvmsgs_default(handle) }
        // The acknowledgement follows in a datagram of its own; a refusal is all there is.
        if status >= 0 { status = nl_wait_for_ack(handle) }
        guard status >= 0 else { throw error(operation(), status) }
        return answer
    }

    /// Calls into libnl what talks to the kernel on this socket, and turns its code into an error.
    func call(_ operation: @autoclosure () -> String, _ body: (OpaquePointer) -> Int32) throws(NetlinkError) {
        refusal = nil
        let status = body(handle)
        guard status >= 0 else { throw error(operation(), status) }
    }

    /// Asks for every object of a kind and a family, and converts each; what converts to `nil` is left out.
    ///
    /// A dump during which the kernel's table changed is read again, but not for ever: whoever needs to know hears of
    /// the changes as events, too.
    func dump<Element>(
        _ operation: @autoclosure () -> String, type: Int, family: Int32, convert: (OpaquePointer) -> Element?
    ) throws(NetlinkError) -> [Element] {
        var header = rtgenmsg(rtgen_family: UInt8(truncatingIfNeeded: family))
        return try withUnsafeBytes(of: &header) { header throws(NetlinkError) -> [Element] in
            try dump(operation(), type: type, header: header) { message in
                var element: Element?
                withObject(of: message) { element = convert($0) }
                return element
            }
        }
    }

    /// The same for messages that libnl knows no objects for; `header` is the family's own, behind netlink's.
    func dump<Element>(
        _ operation: @autoclosure () -> String, type: Int, header: UnsafeRawBufferPointer,
        convert: (OpaquePointer) -> Element?
    ) throws(NetlinkError) -> [Element] {
        for attempt in 1...Self.mostDumpAttempts {
            var elements: [Element] = []
            refusal = nil
            let start = UnsafeMutableRawPointer(mutating: header.baseAddress)
            var status = nl_send_simple(handle, Int32(type), NLM_F_DUMP, start, header.count)
            guard status >= 0 else { throw error(operation(), status) }
            status = receiving({ message in
                if let element = convert(message) { elements.append(element) }
            }) { nl_recvmsgs_default(handle) }
            // libnl has read the dump to its end in either case.
            if status >= 0 || (status == -NLE_DUMP_INTR && attempt == Self.mostDumpAttempts) { return elements }
            guard status == -NLE_DUMP_INTR else { throw error(operation(), status) }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    /// Takes the notifications that wait, at most `limit` datagrams. Needs a non-blocking socket.
    ///
    /// - Returns: whether the kernel had to drop some because they were not fetched in time.
    func takeNotifications(limit: Int, _ body: (OpaquePointer) -> Void) throws(NetlinkError) -> Bool {
        var overflowed = false
        for _ in 0..<limit {
            let status = receiving(body) { nl_recvmsgs_default(handle) }
            switch status {
            case -NLE_AGAIN: return overflowed
            // libnl has one code for ENOBUFS and ENOMEM: either way something was lost.
            case -NLE_NOMEM: overflowed = true
            case 0...: break
            default: throw error("read network changes", status)
            }
        }
        return overflowed
    }

    /// libnl's code as an error: the kernel's own where it sent one.
    func error(_ operation: String, _ status: Int32) -> NetlinkError {
        if let refusal {
            return NetlinkError(
                operation: operation, cause: .kernel(code: refusal.code, explanation: refusal.explanation))
        }
        return NetlinkError(operation: operation, cause: .library(code: abs(status)))
    }

    private func receiving(_ body: (OpaquePointer) -> Void, _ run: () -> Int32) -> Int32 {
        withoutActuallyEscaping(body) { escapable in
            receive = escapable
            defer { receive = nil }
            return run()
        }
    }

    private func installCallbacks() {
        let this = Unmanaged.passUnretained(self).toOpaque()
        nl_socket_modify_cb(
            handle, NL_CB_VALID, NL_CB_CUSTOM,
            { message, this in
                guard let message, let this else { return Int32(NL_SKIP.rawValue) }
                Unmanaged<NetlinkSocket>.fromOpaque(this).takeUnretainedValue().receive?(message)
                return Int32(NL_OK.rawValue)
            }, this)
        nl_socket_modify_err_cb(
            handle, NL_CB_CUSTOM,
            { _, answer, this in
                guard let answer, let this else { return Int32(NL_STOP.rawValue) }
                let socket = Unmanaged<NetlinkSocket>.fromOpaque(this).takeUnretainedValue()
                socket.refusal = (-answer.pointee.error, NetlinkSocket.explanation(in: answer))
                return Int32(NL_STOP.rawValue)
            }, this)
    }

    /// The kernel's text in an error message (NETLINK_EXT_ACK): an attribute behind the fixed part, as the request is
    /// not repeated there (NETLINK_CAP_ACK).
    private static func explanation(in answer: UnsafeMutablePointer<nlmsgerr>) -> String? {
        let start = UnsafeMutableRawPointer(answer)
        let header = (start - MemoryLayout<nlmsghdr>.size).assumingMemoryBound(to: nlmsghdr.self).pointee
        let needed = UInt16(NLM_F_ACK_TLVS) | UInt16(NLM_F_CAPPED)
        guard header.nlmsg_flags & needed == needed else { return nil }
        let fixed = MemoryLayout<nlmsgerr>.size
        let left = Int(header.nlmsg_len) - MemoryLayout<nlmsghdr>.size - fixed
        guard left > 0 else { return nil }
        let attributes = (start + fixed).assumingMemoryBound(to: nlattr.self)
        guard let found = nla_find(attributes, Int32(left), Int32(NLMSGERR_ATTR_MSG.rawValue)),
            let text = nla_get_string(found)
        else { return nil }
        return String(cString: text)
    }
}

/// Lends the object that a message describes; calls nothing for a message that libnl does not understand.
func withObject(of message: OpaquePointer, _ body: (OpaquePointer) -> Void) {
    withoutActuallyEscaping(body) { escapable in
        var context = escapable
        withUnsafeMutablePointer(to: &context) { pointer in
            _ = nl_msg_parse(
                message,
                { object, pointer in
                    guard let object, let pointer else { return }
                    pointer.assumingMemoryBound(to: ((OpaquePointer) -> Void).self).pointee(object)
                }, pointer)
        }
    }
}
