/// Messages of STUN clients and of routers.
enum StrangerSeeds {
    private static let transaction: [UInt8] = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]
    private static let cookie: [UInt8] = [0x21, 0x12, 0xa4, 0x42]

    static var requests: [(name: String, bytes: [UInt8])] {
        [
            ("bare", [0, 1, 0, 0] + cookie + transaction),
            ("classic", [0, 1, 0, 8, 1, 2, 3, 4] + transaction + [0, 3, 0, 4, 0, 0, 0, 0]),
            ("change", [0, 1, 0, 8] + cookie + transaction + [0, 3, 0, 4, 0, 0, 0, 6]),
            ("unknown", [0, 1, 0, 12] + cookie + transaction + [0x7f, 1, 0, 0, 0x7f, 2, 0, 3, 1, 2, 3, 0]),
            // RFC 5769 §2.1.
            (
                "sample",
                [0x00, 0x01, 0x00, 0x58] + cookie + transaction
                    + [0x80, 0x22, 0x00, 0x10] + Array("STUN test client".utf8)
                    + [0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff]
                    + [0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36]
                    + [0x00, 0x06, 0x00, 0x09] + Array("evtj:h6vY".utf8) + [0x20, 0x20, 0x20]
                    + [
                        0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5,
                        0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2,
                    ]
                    + [0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf]
            ),
        ]
    }

    static var routers: [(name: String, bytes: [UInt8])] {
        let nonce: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]
        let external: [UInt8] = Array(repeating: 0, count: 10) + [255, 255, 203, 0, 113, 9]
        func granted(_ transport: UInt8, result: UInt8 = 0, epoch: UInt8 = 9) -> [UInt8] {
            [2, 0x81, 0, result, 0, 0, 7, 8, 0, 0, 0, epoch] + Array(repeating: 0, count: 12) + nonce
                + [transport, 0, 0, 0, 0x1e, 0xbb, 0x1e, 0xbb] + external
        }
        let unsupported: [UInt8] = [0, 0x81, 0, 1, 0, 0, 0, 9]
        let address: [UInt8] = [0, 0x80, 0, 0, 0, 0, 0, 9, 203, 0, 113, 9]
        func mapped(_ operation: UInt8, epoch: UInt8 = 9) -> [UInt8] {
            [0, 0x80 | operation, 0, 0, 0, 0, 0, epoch, 0x1e, 0xbb, 0x1e, 0xbb, 0, 0, 7, 8]
        }
        return [
            ("pcp", script([granted(17), granted(6)]) + [1, 4, 0] + script([granted(17, epoch: 1)]) + [1, 8, 0]),
            ("pcp-refused", script([granted(17, result: 2), granted(6, result: 8)]) + [1, 8, 0]),
            ("nat-pmp", script([unsupported, address, mapped(1), mapped(2)]) + [1, 8, 0, 3]),
            ("nat-pmp-reboot", script([unsupported, address, mapped(1), mapped(2), mapped(1, epoch: 0)]) + [1, 0, 9]),
            ("nothing", [1, 32, 0, 2, 1, 32, 0]),
        ]
    }

    private static func script(_ datagrams: [[UInt8]]) -> [UInt8] {
        var writer = InputWriter()
        for datagram in datagrams {
            writer.byte(0)
            writer.byte(UInt8(datagram.count))
            writer.block(datagram)
        }
        return writer.bytes
    }
}
