import CLinuxShims
import Glibc

/// A network namespace: a network stack of its own. For tests and the lab; the daemon lives in the one it was started
/// in.
package final class NetworkNamespace: Sendable {
    private let descriptor: FileDescriptor

    /// A path by which other programs of this machine reach it while this process holds it, as in
    /// `ip link set eth0 netns PATH`.
    package var path: String { "/proc/\(getpid())/fd/\(descriptor.rawValue)" }

    /// Makes a new namespace, its loopback device up. It has no name and is gone when this object and the last socket
    /// in it are, even if the process is killed.
    package init() throws(SystemError) {
        let made = try Self.onThread { () -> Result<Int32, SystemError> in
            Result { () throws(SystemError) -> Int32 in
                try SystemCall.shim("unshare") { ipop_namespace_create() }
                try SystemCall.shim("ioctl SIOCSIFFLAGS", "lo") { ipop_interface_set_up("lo") }
                return try Self.openPath("/proc/thread-self/ns/net")
            }
        }
        let number = try made.get()
        descriptor = FileDescriptor(adopting: number)
    }

    /// Opens an existing namespace by its path or by its name in /run/netns (ip-netns(8)).
    package init(_ pathOrName: String) throws(SystemError) {
        let path = pathOrName.utf8.contains(UInt8(ascii: "/")) ? pathOrName : "/run/netns/\(pathOrName)"
        descriptor = FileDescriptor(adopting: try Self.openPath(path))
    }

    /// Runs `body` on a fresh thread inside the namespace and waits for its result. Sockets and devices that it opens
    /// stay in the namespace wherever they are used.
    package func run<Value>(_ body: () throws -> Value) throws -> Value {
        let number = descriptor.rawValue
        return try Self.onThread { () -> Result<Value, any Error> in
            Result {
                try SystemCall.shim("setns") { ipop_namespace_enter(number) }
                return try body()
            }
        }.get()
    }

    /// Runs `body` inside the namespace of that path or name.
    package static func run<Value>(_ pathOrName: String, _ body: () throws -> Value) throws -> Value {
        try NetworkNamespace(pathOrName).run(body)
    }

    private static func openPath(_ path: String) throws(SystemError) -> Int32 {
        try SystemCall.run("open", path) { open(path, O_RDONLY | O_CLOEXEC) }
    }

    /// Runs `body` on a thread of its own, which ends with it, while the caller waits.
    private static func onThread<Value>(_ body: () -> Value) throws(SystemError) -> Value {
        let done = try EventDescriptor(waiting: true)
        return try withoutActuallyEscaping(body) { (body) throws(SystemError) -> Value in
            let call = Call(body)
            try SystemThread.start("ipop-namespace", blockingSignals: false) {
                call.make()
                done.signal()
            }
            done.drain()
            return call.take()
        }
    }

    /// A closure that crosses to the thread and a result that crosses back. Safe because the eventfd orders the two:
    /// only one thread at a time touches the object.
    private final class Call<Value>: @unchecked Sendable {
        private var body: (() -> Value)?
        private var value: Value?

        init(_ body: @escaping () -> Value) { self.body = body }

        func make() {
            value = body!()
            // The closure must not outlive the call, which the thread's last reference to this object may.
            body = nil
        }

        func take() -> Value {
            defer { value = nil }
            return value!
        }
    }
}
