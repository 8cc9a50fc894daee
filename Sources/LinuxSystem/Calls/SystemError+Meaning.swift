import Glibc

extension SystemError {
    /// EPERM or EACCES: another user could do it.
    package var meansNoPermission: Bool { errno == EPERM || errno == EACCES }
    /// EADDRINUSE: somebody has the port.
    package var meansTaken: Bool { errno == EADDRINUSE }
    /// ENOENT: there is nothing of that name.
    package var meansMissing: Bool { errno == ENOENT }
}
