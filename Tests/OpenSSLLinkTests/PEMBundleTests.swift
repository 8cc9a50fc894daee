import OpenSSLLink
import Testing

@Suite struct PEMBundleTests {
    @Test(arguments: [0, 1, 2, 3, 47, 48, 49, 1_000])
    func `blocks of any size survive their text`(byteCount: Int) throws {
        let bundle = PEMBundle(blocks: [
            PEMBundle.Block(label: "IPOP GRID PROFILE", bytes: (0..<byteCount).map { UInt8($0 % 256) }),
            PEMBundle.Block(label: "X", bytes: [0xff]),
        ])

        let same = try PEMBundle("# a bundle\n\n" + bundle.text)

        #expect(same == bundle)
        #expect(same.blocks(labelled: "X") == [[0xff]])
        #expect(bundle.text.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
    }

    @Test func `line ends of other systems are read`() throws {
        let text = "-----BEGIN A-----\r\nAAEC\r\n-----END A-----\r\n"
        #expect(try PEMBundle(text).blocks == [PEMBundle.Block(label: "A", bytes: [0, 1, 2])])
    }

    @Test(arguments: [
        ("hello", "line 1 is not part of a block"),
        ("-----BEGIN A-----\nAAEC\n", "the block A of line 1 does not end"),
        ("-----BEGIN A-----\nAAEC\n-----END B-----\n", "line 3: the block A of line 1 has not ended"),
        ("-----BEGIN A-----\nAAE\n-----END A-----\n", "the block A of line 1 is not base64"),
        ("-----BEGIN A-----\nA=EC\n-----END A-----\n", "the block A of line 1 is not base64"),
        ("-----BEGIN A-----\nA===\n-----END A-----\n", "the block A of line 1 is not base64"),
        ("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n-----END A-----\n", "the block A of line 1 is not base64"),
        ("-----BEGIN a-----\nAAEC\n-----END a-----\n", "line 1 is not part of a block"),
        (String(repeating: "#", count: 300_000), "the file is larger than 256 kB"),
    ])
    func `what is not a bundle is refused with the reason`(text: String, reason: String) {
        #expect(throws: OpenSSLError.malformed(reason)) { try PEMBundle(text) }
    }

    @Test func `keys that are missing, encrypted or of another kind are refused`() throws {
        let encrypted = PEMBundle.Block(label: "ENCRYPTED PRIVATE KEY", bytes: [0])
        #expect(throws: OpenSSLError.self) { try PrivateKey(pem: "") }
        #expect(throws: OpenSSLError.malformed("the private key is encrypted; decrypt it first (openssl pkey)")) {
            try PrivateKey(pem: encrypted.text)
        }
        for curve in ["secp384r1", "secp256k1"] {
            let key = try OpenSSLTool.run(["ecparam", "-name", curve, "-genkey", "-noout"])
            #expect(throws: OpenSSLError.malformed("the private key is not an ECDSA key on the curve P-256")) {
                try PrivateKey(pem: key.text)
            }
        }
        let sec1 = try OpenSSLTool.run(["ecparam", "-name", "prime256v1", "-genkey"])
        _ = try PrivateKey(pem: sec1.text)
    }
}
