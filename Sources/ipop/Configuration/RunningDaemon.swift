import ControlProtocol
import Glibc
import LinuxSystem
import NetworkTypes

/// The daemon behind a control socket, as the process that it is.
struct RunningDaemon {
    let socketPath: String

    /// `directory` is the run directory.
    init(directory: String) {
        socketPath = "\(directory)/\(ControlLimits.socketName)"
    }

    /// How long a daemon may take to withdraw and end.
    static let stopLimit: Duration = .seconds(10)

    /// Asks the daemon to end, which makes it withdraw, and waits until its socket is gone. Returns whether one ran.
    @discardableResult
    func stop() throws(CommandFailure) -> Bool {
        guard let process = try processID() else { return false }
        guard kill(process, SIGTERM) == 0 else {
            let error = SystemError(call: "kill", errno: errno, subject: "ipopd, process \(process)")
            throw CommandFailure("end", error)
        }
        let deadline = MonotonicClock.now() + Self.stopLimit
        while try processID() == process {
            guard MonotonicClock.now() < deadline else {
                throw CommandFailure(
                    "ipopd (process \(process)) was asked to end and has not within \(Self.stopLimit); end it "
                        + "(systemctl stop ipopd) and run this again")
            }
            usleep(50_000)
        }
        return true
    }

    /// The process that listens on the socket, as the kernel tells (SO_PEERCRED, unix(7)); `nil` when none does.
    func processID() throws(CommandFailure) -> pid_t? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socketPath.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw CommandFailure("the path \(socketPath) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw CommandFailure("open", SystemError(call: "socket", errno: errno)) }
        defer { close(socket) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if result != 0 {
            switch errno {
            case ENOENT, ENOTDIR, ECONNREFUSED: return nil
            default: throw CommandFailure("ask", SystemError(call: "connect", errno: errno, subject: socketPath))
            }
        }
        // struct ucred: process, user, group.
        var credentials: (pid_t, uid_t, gid_t) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials.0 > 1 else {
            throw CommandFailure(
                "ipopd runs, and which process it is cannot be told; end it first: systemctl stop ipopd")
        }
        return credentials.0
    }
}
