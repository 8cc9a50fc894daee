import Glibc

/// The one place where results of system calls are judged: an interrupted call is made again, "would block" is a value,
/// a descriptor or a pointer that the kernel does not know is our own fault and traps, everything else is thrown.
enum SystemCall {
    /// Makes a call that follows the C library's convention: a negative result leaves the reason in `errno`.
    @discardableResult
    static func run<Result: SignedInteger>(
        _ name: String, _ subject: String? = nil, _ call: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number == EINTR { continue }
            throw failure(name, number, subject)
        }
    }

    /// Makes a call of the shim, which returns the negated error number.
    @discardableResult
    static func shim<Result: SignedInteger>(
        _ name: String, _ subject: String? = nil, _ call: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            if result == -Result(EINTR) { continue }
            throw failure(name, Int32(-result), subject)
        }
    }

    /// Like `run`; `nil` when the call would have to wait.
    static func attempt<Result: SignedInteger>(
        _ name: String, _ subject: String? = nil, _ call: () -> Result
    ) throws(SystemError) -> Result? {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number == EINTR { continue }
            if number == EAGAIN { return nil }
            throw failure(name, number, subject)
        }
    }

    /// The error of a call, after a check that it is not one that only a mistake of ours can cause.
    static func failure(_ name: String, _ number: Int32, _ subject: String? = nil) -> SystemError {
        precondition(number != EBADF, "a descriptor is used after its owner closed it")
        precondition(number != EFAULT, "a system call was given memory that is not ours")
        return SystemError(call: name, errno: number, subject: subject)
    }
}
