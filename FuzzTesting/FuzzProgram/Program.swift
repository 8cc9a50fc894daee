import FuzzTargets
import Glibc

#if FUZZING

    /// The target that `--target=NAME` has chosen.
    nonisolated(unsafe) private var chosen: FuzzTarget?

    /// Called by libFuzzer once, with its own arguments; it ignores those that begin with two hyphens.
    @_cdecl("LLVMFuzzerInitialize")
    func initializeFuzzer(
        _ count: UnsafeMutablePointer<Int32>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
    ) -> Int32 {
        let option = "--target="
        let name = CommandLine.arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count)
        chosen = name.flatMap { FuzzTarget(rawValue: String($0)) }
        guard chosen == nil else { return 0 }
        print("--target= is missing, or there is none of that name")
        exit(2)
    }

    /// Called by libFuzzer for every input.
    @_cdecl("LLVMFuzzerTestOneInput")
    func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        do throws(PropertyViolation) {
            try chosen?.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            fatalError("\(error)")
        }
        return 0
    }

#else

    /// Without libFuzzer: lists the targets, replays files, or makes the seeds anew.
    @main
    enum Program {
        static func main() throws {
            let arguments = CommandLine.arguments.dropFirst()
            switch arguments.first {
            case "seeds":
                try Seeds.write()
            case "targets", nil:
                for target in FuzzTarget.allCases { print(target.rawValue) }
            case let name?:
                guard let target = FuzzTarget(rawValue: name) else {
                    print("usage: fuzz targets | fuzz seeds | fuzz TARGET FILE...")
                    exit(2)
                }
                for path in arguments.dropFirst() {
                    print(path)
                    try target.run(Corpus.read(path))
                }
            }
        }
    }

#endif
