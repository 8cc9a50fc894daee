import Glibc

/// Large pages for a process that looks at gigabytes in no order.
enum LargePages {
    /// Starts the program once more, with glibc's allocator told to ask the kernel for large pages: a big grid spends a
    /// third of its time on translating addresses otherwise. The allocator reads its tunables before `main` and has no
    /// call for this one. Returns when it has been told already, or cannot be.
    static func use() {
        let name = "GLIBC_TUNABLES"
        guard getenv(name) == nil, setenv(name, "glibc.malloc.hugetlb=1", 1) == 0 else { return }
        execvp(CommandLine.arguments[0], CommandLine.unsafeArgv)
    }
}
