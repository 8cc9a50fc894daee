import Glibc

/// The one place where processes are started and reaped.
enum Spawning {
    /// `POSIX_SPAWN_SETSID` of glibc's <spawn.h>, which the importer does not show without `_GNU_SOURCE`: the child
    /// leads a session of its own, so a Ctrl-C at the terminal reaches only the lab's own code, and one kill reaches
    /// its children.
    private static let ownSession: Int16 = 0x80

    /// Starts a program with the given descriptors as its standard streams and every signal at its default.
    static func start(
        _ arguments: [String], environment: [String: String], input: Int32, output: Int32, errors: Int32
    ) throws(LabError) -> pid_t {
        let command = arguments.joined(separator: " ")
        guard let name = arguments.first, let path = ProgramPath.find(name) else {
            throw .programMissing(name: arguments.first ?? "", package: "what holds it")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
            posix_spawn_file_actions_adddup2(&actions, source, target)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var every = sigset_t(), none = sigset_t()
        sigfillset(&every)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &every)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, ownSession | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

        var child: pid_t = 0
        let merged = Environment.own.merging(environment) { _, ours in ours }
        let code = withStrings(arguments) { argumentPointers in
            withStrings(merged.map { "\($0.key)=\($0.value)" }.sorted()) { environmentPointers in
                posix_spawn(&child, path, &actions, &attributes, argumentPointers, environmentPointers)
            }
        }
        guard code == 0 else { throw .cannotStart(command: command, errno: code) }
        return child
    }

    /// The status of a child that has ended, which can be asked for once; nil while it runs.
    static func reap(_ child: pid_t) -> Int32? {
        var status: Int32 = 0
        guard waitpid(child, &status, WNOHANG) == child else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Replaces this process by another program, which is looked up like any other. Returns only by throwing.
    static func become(_ arguments: [String], environment: [String: String]) throws(LabError) -> Never {
        let command = arguments.joined(separator: " ")
        guard let name = arguments.first, let path = ProgramPath.find(name) else {
            throw .programMissing(name: arguments.first ?? "", package: "what holds it")
        }
        let merged = Environment.own.merging(environment) { _, ours in ours }
        let code = withStrings(arguments) { argumentPointers in
            withStrings(merged.map { "\($0.key)=\($0.value)" }.sorted()) { environmentPointers in
                execve(path, argumentPointers, environmentPointers)
                return errno
            }
        }
        throw .cannotStart(command: command, errno: code)
    }

    /// Lends the strings as the null-terminated array of C strings that exec wants.
    private static func withStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}
