/// What can go wrong in a lab, with what a person needs to put it right.
package enum LabError: Error, Sendable, CustomStringConvertible {
    /// Making network namespaces needs root.
    case notRoot
    /// The kernel has no `/dev/net/tun`, so no gateway can make its device.
    case noTunDevice
    /// A program that the lab runs is not installed; `package` is Debian's name of what holds it.
    case programMissing(name: String, package: String)
    /// A name, a number or a combination of settings that makes no lab.
    case badPlan(String)
    /// A lab of this name is there already, or was left behind.
    case labExists(name: String)
    /// There is no lab of this name.
    case labUnknown(name: String, directory: String)
    /// No namespace of the lab goes by this name.
    case nodeUnknown(name: String, known: [String])
    /// A command ended with something other than 0.
    case commandFailed(command: String, status: Int32, output: String)
    /// A command or a condition took longer than it may.
    case timedOut(what: String, seconds: Double)
    /// The lab's own files could not be read or written.
    case file(path: String, reason: String)
    /// A program could not be started at all.
    case cannotStart(command: String, errno: Int32)
    /// A gateway that was started does not run any more.
    case gatewayStopped(name: String)
    /// The WAN emulator could not be started, or does not answer.
    case emulator(String)
    /// A site's gateway was to be killed and does not run.
    case gatewayNotRunning(site: String)
    /// The operator pressed Ctrl-C, or the process was asked to end.
    case interrupted

    package var description: String {
        switch self {
        case .notRoot:
            "network namespaces need root: run it with sudo"
        case .noTunDevice:
            "/dev/net/tun is not there or cannot be opened: load the module (modprobe tun) or allow the device"
        case .programMissing(let name, let package):
            "`\(name)` is not installed: apt install \(package)"
        case .badPlan(let reason):
            reason
        case .labExists(let name):
            "a lab named `\(name)` exists: use it with `ipop lab exec`, or remove it with "
                + "`ipop lab down --name \(name)`"
        case .labUnknown(let name, let directory):
            "there is no lab named `\(name)` in \(directory): make one with `ipop lab up`"
        case .nodeUnknown(let name, let known):
            "`\(name)` is no site or host of this lab; there are \(known.joined(separator: ", "))"
        case .commandFailed(let command, let status, let output):
            "`\(command)` ended with \(status)" + (output.isEmpty ? "" : ":\n\(output)")
        case .timedOut(let what, let seconds):
            "\(what) took longer than \(seconds) s"
        case .file(let path, let reason):
            "\(path): \(reason)"
        case .cannotStart(let command, let errno):
            "cannot start `\(command)`: \(systemErrorText(errno))"
        case .gatewayStopped(let name):
            "a gateway of `\(name)` has stopped; its log is in the lab's directory"
        case .emulator(let reason):
            "the WAN emulator: \(reason)"
        case .gatewayNotRunning(let site):
            "the gateway of `\(site)` does not run: `ipop lab start \(site)` starts it"
        case .interrupted:
            "interrupted"
        }
    }

    /// The exit code that `ipop` ends with: 4 where permission is missing, 2 where the request makes no sense, 1
    /// otherwise.
    package var exitCode: Int32 {
        switch self {
        case .notRoot: 4
        case .badPlan, .labExists, .labUnknown, .nodeUnknown: 2
        case .noTunDevice, .programMissing, .commandFailed, .timedOut, .file, .cannotStart, .gatewayStopped,
            .emulator, .gatewayNotRunning, .interrupted:
            1
        }
    }
}
