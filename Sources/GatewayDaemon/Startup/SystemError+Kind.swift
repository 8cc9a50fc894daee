import Glibc
import LinuxSystem

extension SystemError {
    /// The caller may not do that.
    var isPermission: Bool { errno == EACCES || errno == EPERM }
    /// There is no such file or directory.
    var isNotFound: Bool { errno == ENOENT }
}
