import CLinuxShims

/// Threads of our own, for the two things that cannot be done in the loop: a blocking call of the C library, and being
/// in another network namespace.
enum SystemThread {
    /// Starts a detached thread; `name` is cut to 15 bytes. With `blockingSignals` it leaves signals to the loop;
    /// without, it has the caller's mask, and so have programs that it starts.
    static func start(
        _ name: String, blockingSignals: Bool, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let box = Unmanaged.passRetained(Body(body))
        do throws(SystemError) {
            try SystemCall.shim("pthread_create", name) {
                ipop_thread_start(
                    { Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run() }, box.toOpaque(), name,
                    blockingSignals ? 1 : 0)
            }
        } catch {
            box.release()
            throw error
        }
    }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
