import GatewayConfiguration
import NetworkTypes
import Testing
import YAMLReader

@Suite struct ConfigurationFilesTests {
    private let profile = GridProfile(
        grid: "physics", pools: [IPPrefix("10.128.0.0/9")!], created: 1,
        authorityFingerprint: [UInt8](repeating: 1, count: 32),
        signature: [1])

    private func load(
        _ files: [String: Result<String, FileReadFault>], published: GridProfile? = nil
    ) -> LoadedConfiguration {
        ConfigurationFiles.load(directory: "/etc/ipop/", published: published) { path in
            (files[path] ?? .failure(.notFound)).map { Array($0.utf8) }
        }
    }

    @Test func `a whole directory is read`() {
        let loaded = load([
            "/etc/ipop/ipop.yaml": .success(smallSettings), "/etc/ipop/subnets.map": .success("lsu 10.0.0.0/24 same\n"),
            "/etc/ipop/grid.yaml": .success(profile.yamlText),
        ])

        #expect(loaded.problems.isEmpty && !loaded.hasErrors)
        #expect(loaded.settings?.site == "lsu")
        #expect(loaded.subnetMap?.exports(of: "lsu").count == 1)
        #expect(loaded.gridProfile == profile)
    }

    @Test func `problems of all files are told together`() {
        let loaded = load([
            "/etc/ipop/ipop.yaml": .success(smallSettings + "mut: 1\n"),
            "/etc/ipop/subnets.map": .success("lsu x same\n"),
            "/etc/ipop/grid.yaml": .failure(.permissionDenied),
        ])

        #expect(loaded.hasErrors)
        #expect(loaded.settings == nil && loaded.subnetMap == nil && loaded.gridProfile == nil)
        #expect(loaded.problems.map(\.file) == ["/etc/ipop/ipop.yaml", "/etc/ipop/subnets.map", "/etc/ipop/grid.yaml"])
        #expect(loaded.problems.map(\.code) == [.unknownKey, .invalidValue, .unreadableFile])
    }

    @Test func `without a map nothing is exported, which is worth a warning`() {
        let loaded = load([
            "/etc/ipop/ipop.yaml": .success(smallSettings), "/etc/ipop/grid.yaml": .success(profile.yamlText),
        ])

        #expect(!loaded.hasErrors)
        #expect(loaded.subnetMap == SubnetMap())
        #expect(loaded.problems.map(\.severity) == [.warning])
    }

    @Test func `an empty directory says what to do`() {
        let loaded = load([:])

        #expect(loaded.hasErrors)
        #expect(
            loaded.problems.first?.description
                == "/etc/ipop/ipop.yaml: error: there is no such file; run 'ipop join FILE.ipop --lan IFACE' first")
    }

    @Test func `the profile of another grid is refused`() {
        let loaded = load([
            "/etc/ipop/ipop.yaml": .success(smallSettings.replacing("physics", with: "chemistry")),
            "/etc/ipop/subnets.map": .success(""), "/etc/ipop/grid.yaml": .success(profile.yamlText),
        ])

        #expect(loaded.problems.map(\.code) == [.gridProfile])
    }

    @Test(arguments: [Int64(1), 2])
    func `a LAN may be bridged into a pool of a newer profile that was published`(created: Int64) {
        let isNewer = created > profile.created
        var published = profile
        published.pools = [IPPrefix("172.31.0.0/16")!]
        published.created = created
        let files: [String: Result<String, FileReadFault>] = [
            "/etc/ipop/ipop.yaml": .success("grid: physics\nsite: lsu\nlan: {interface: eth1, mode: bridged}\n"),
            "/etc/ipop/subnets.map": .success("lsu bridged 172.31.16.0/20\n"),
            "/etc/ipop/grid.yaml": .success(profile.yamlText),
        ]

        let loaded = load(files, published: published)

        #expect(loaded.problems.map(\.code) == (isNewer ? [] : [.invalidValue]))
        #expect(loaded.newestProfile == (isNewer ? published : profile) && loaded.gridProfile == profile)
        #expect(load(files).problems.map(\.code) == [.invalidValue])
    }
}
