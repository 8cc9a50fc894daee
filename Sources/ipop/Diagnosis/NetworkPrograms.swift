import HostDiagnosis
import LinuxSystem
import RoutePlanning

/// Other programs that manage interfaces, by the state that they keep in /run.
enum NetworkPrograms {
    /// Those that run, and what they do with the overlay's device.
    static func found(_ device: HostLink?) -> [DoctorFacts.NetworkProgram] {
        var programs: [DoctorFacts.NetworkProgram] = []
        if FileSystem.exists("/run/NetworkManager") {
            let state = device.flatMap { text("/run/NetworkManager/devices/\($0.index)") }
            programs.append(
                .init(
                    name: "NetworkManager", managesDevice: state.flatMap { value(of: "managed", in: $0) } == "true",
                    removesForeignRoutes: nil))
        }
        if FileSystem.exists("/run/systemd/netif/state") {
            let state = device.flatMap { text("/run/systemd/netif/links/\($0.index)") }
            let administration = state.flatMap { value(of: "ADMIN_STATE", in: $0) }
            programs.append(
                .init(
                    name: "systemd-networkd", managesDevice: administration.map { $0 != "unmanaged" },
                    removesForeignRoutes: !sparesForeignRoutes))
        }
        return programs
    }

    /// networkd.conf(5): files in directories come after the main one, and later ones win; here one `no` is enough.
    private static var sparesForeignRoutes: Bool {
        var paths = ["/etc/systemd/networkd.conf"]
        for directory in ["/usr/lib", "/usr/local/lib", "/run", "/etc"] {
            let place = "\(directory)/systemd/networkd.conf.d"
            paths += ((try? FileSystem.list(place)) ?? []).filter { $0.hasSuffix(".conf") }.map { "\(place)/\($0)" }
        }
        return paths.contains { path in
            guard let text = text(path), let answer = value(of: "ManageForeignRoutes", in: text) else { return false }
            return ["no", "false", "off", "0"].contains(answer)
        }
    }

    private static func text(_ path: String) -> String? {
        (try? FileSystem.readIfPresent(path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of the last `key=value` line.
    private static func value(of key: String, in text: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
    }
}
