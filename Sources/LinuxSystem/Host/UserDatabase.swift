import Glibc

/// Users and groups by name, as nsswitch.conf(5) has them.
package enum UserDatabase {
    /// A user's number; `nil` when there is no such user.
    package static func userID(_ name: String) throws(SystemError) -> UInt32? {
        try look("getpwnam", name) { buffer in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = getpwnam_r(name, &record, buffer.baseAddress!, buffer.count, &found)
            return (result, found == nil ? nil : record.pw_uid)
        }
    }

    /// The number of a user's own group; `nil` when there is no such user.
    package static func primaryGroupID(ofUser name: String) throws(SystemError) -> UInt32? {
        try look("getpwnam", name) { buffer in
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = getpwnam_r(name, &record, buffer.baseAddress!, buffer.count, &found)
            return (result, found == nil ? nil : record.pw_gid)
        }
    }

    /// A group's number; `nil` when there is no such group.
    package static func groupID(_ name: String) throws(SystemError) -> UInt32? {
        try look("getgrnam", name) { buffer in
            var record = group()
            var found: UnsafeMutablePointer<group>?
            let result = getgrnam_r(name, &record, buffer.baseAddress!, buffer.count, &found)
            return (result, found == nil ? nil : record.gr_gid)
        }
    }

    /// The user that this process acts as.
    package static var currentUserID: UInt32 { geteuid() }

    /// Repeats a look-up with more room until its record fits, 1 MB at most.
    private static func look(
        _ call: String, _ name: String,
        _ attempt: (UnsafeMutableBufferPointer<CChar>) -> (result: Int32, identifier: UInt32?)
    ) throws(SystemError) -> UInt32? {
        var room = 1_024
        while true {
            let answer = withUnsafeTemporaryAllocation(of: CChar.self, capacity: room, attempt)
            switch answer.result {
            case 0: return answer.identifier
            case EINTR: continue
            // What getpwnam(3) lists for "not found".
            case ENOENT, ESRCH, EPERM: return nil
            case ERANGE where room < 1 << 20: room *= 4
            default: throw SystemCall.failure(call, answer.result, name)
            }
        }
    }
}
