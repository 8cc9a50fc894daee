import COpenSSL
import LinkSecurity
import NetworkTypes
import OpenSSLLink
import Testing

@Suite struct AEADCipherTests {
    /// The GCM specification's test cases 3 and 15 (McGrew and Viega, appendix B): no additional data.
    @Test func `published vectors come out`() throws {
        let plain = try bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
        let half = "feffe9928665731c6d6a8f9467308308"
        let iv = try bytes("cafebabefacedbaddecaf888")
        let header = [UInt8](repeating: 0, count: 16)

        let short = try seal(.aes128GCM, key: bytes(half), iv: iv, header: header, plain: plain)
        let long = try seal(.aes256GCM, key: bytes(half + half), iv: iv, header: header, plain: plain)

        #expect(
            Hexadecimal.encode(short)
                == "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
                + "1ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4")
        #expect(
            Hexadecimal.encode(long)
                == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c")
    }

    @Test(arguments: AEADAlgorithm.allCases, [0, 1, 15, 16, 17, 64, 1_440, 65_535])
    func `a datagram is what the library makes of key, nonce and payload`(_ algorithm: AEADAlgorithm, count: Int) throws
    {
        let key = (0..<algorithm.keyByteCount).map { UInt8($0 * 7) }
        let iv = (0..<12).map { UInt8($0 * 11) }
        let header = (0..<16).map { UInt8(0x80 + $0) }
        let plain = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 13) }
        let nonce = zip(Array(header[0..<4]) + Array(header[8..<16]), iv).map { $0 ^ $1 }

        let sealed = try seal(algorithm, key: key, iv: iv, header: header, plain: plain)

        #expect(sealed == oneShot(algorithm, key: key, nonce: nonce, plain: plain))
        let layered = try AEADCipher(algorithm, key: key, staticIV: iv, use: .opening, path: .layered)
        var output = [UInt8](repeating: 0, count: sealed.count)
        #expect(layered.open(header: header, ciphertext: sealed, byteCount: sealed.count, output: &output))
        #expect(Array(output.dropLast(16)) == plain && !layered.isDirect)
        #expect(try open(algorithm, key: key, iv: iv, header: header, sealed: sealed) == plain)
    }

    @Test func `the provider's own functions are used where the library is Debian 12's`() throws {
        // Another library may refuse them, which is no fault; this one must not without notice.
        guard OpenSSL_version_num() >> 28 == 3 else { return }
        for algorithm in AEADAlgorithm.allCases {
            let key = [UInt8](repeating: 3, count: algorithm.keyByteCount)
            let iv = [UInt8](repeating: 9, count: 12)
            #expect(try AEADCipher(algorithm, key: key, staticIV: iv, use: .sealing).isDirect)
        }
    }

    @Test(arguments: AEADAlgorithm.allCases, AEADCipher.Path.allCases)
    func `in place is the same as elsewhere, packet after packet`(_ algorithm: AEADAlgorithm, path: AEADCipher.Path)
        throws
    {
        let key = [UInt8](repeating: 3, count: algorithm.keyByteCount)
        let iv = [UInt8](repeating: 9, count: 12)
        let sealing = try AEADCipher(algorithm, key: key, staticIV: iv, use: .sealing, path: path)
        let opening = try AEADCipher(algorithm, key: key, staticIV: iv, use: .opening, path: path)
        for number in UInt8(0)..<20 {
            let header = (0..<16).map { $0 == 15 ? number : UInt8(0x80) }
            let plain = (0..<Int(number) * 30).map { UInt8(truncatingIfNeeded: $0) }
            var buffer = plain + [UInt8](repeating: 0, count: 16)

            buffer.withUnsafeMutableBytes { bytes in
                let start = bytes.baseAddress!
                sealing.seal(header: header, plaintext: start, byteCount: plain.count, output: start)
            }
            #expect(buffer == (try seal(algorithm, key: key, iv: iv, header: header, plain: plain)))
            let isRight = buffer.withUnsafeMutableBytes { bytes in
                let start = bytes.baseAddress!
                return opening.open(header: header, ciphertext: start, byteCount: bytes.count, output: start)
            }
            #expect(isRight && Array(buffer.dropLast(16)) == plain)
        }
    }

    @Test(arguments: AEADAlgorithm.allCases, AEADCipher.Path.allCases)
    func `every bit of nonce material, payload and tag is authenticated`(
        _ algorithm: AEADAlgorithm, path: AEADCipher.Path
    ) throws {
        let key = [UInt8](repeating: 3, count: algorithm.keyByteCount)
        let iv = [UInt8](repeating: 9, count: 12)
        let header = (0..<16).map { UInt8($0) }
        let opening = try AEADCipher(algorithm, key: key, staticIV: iv, use: .opening, path: path)
        let sealed = try seal(algorithm, key: key, iv: iv, header: header, plain: Array("payload".utf8))
        var scratch = [UInt8](repeating: 0, count: sealed.count)

        for bit in 0..<128 where !(4..<8).contains(bit / 8) {
            var changed = header
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!opening.open(header: changed, ciphertext: sealed, byteCount: sealed.count, output: &scratch))
        }
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!opening.open(header: header, ciphertext: changed, byteCount: changed.count, output: &scratch))
        }
        for count in 0..<sealed.count {
            #expect(!opening.open(header: header, ciphertext: sealed, byteCount: count, output: &scratch))
        }
        #expect(opening.open(header: header, ciphertext: sealed, byteCount: sealed.count, output: &scratch))
    }

    @Test func `keys of the wrong length are refused`() {
        #expect(throws: OpenSSLError.self) {
            try AEADCipher(.aes256GCM, key: [1, 2, 3], staticIV: [UInt8](repeating: 0, count: 12), use: .sealing)
        }
        #expect(throws: OpenSSLError.self) {
            try AEADCipher(.aes128GCM, key: [UInt8](repeating: 0, count: 16), staticIV: [], use: .sealing)
        }
    }

    private func bytes(_ hexadecimal: String) throws -> [UInt8] {
        try #require(Hexadecimal.decode(hexadecimal))
    }

    private func seal(_ algorithm: AEADAlgorithm, key: [UInt8], iv: [UInt8], header: [UInt8], plain: [UInt8]) throws
        -> [UInt8]
    {
        let cipher = try AEADCipher(algorithm, key: key, staticIV: iv, use: .sealing)
        var output = [UInt8](repeating: 0, count: plain.count + 16)
        cipher.seal(header: header, plaintext: plain, byteCount: plain.count, output: &output)
        return output
    }

    private func open(_ algorithm: AEADAlgorithm, key: [UInt8], iv: [UInt8], header: [UInt8], sealed: [UInt8]) throws
        -> [UInt8]?
    {
        let cipher = try AEADCipher(algorithm, key: key, staticIV: iv, use: .opening)
        var output = [UInt8](repeating: 0, count: sealed.count)
        guard cipher.open(header: header, ciphertext: sealed, byteCount: sealed.count, output: &output) else {
            return nil
        }
        return Array(output.dropLast(16))
    }

    /// The library's own words for the same thing: everything new for one message.
    private func oneShot(_ algorithm: AEADAlgorithm, key: [UInt8], nonce: [UInt8], plain: [UInt8]) -> [UInt8] {
        let cipher =
            switch algorithm {
            case .aes128GCM: EVP_aes_128_gcm()
            case .aes256GCM: EVP_aes_256_gcm()
            case .chaCha20Poly1305: EVP_chacha20_poly1305()
            }
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: plain.count + 16)
        var tag = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        EVP_EncryptInit_ex(context, cipher, nil, key, nonce)
        EVP_EncryptUpdate(context, &output, &count, plain, Int32(plain.count))
        EVP_EncryptFinal_ex(context, &tag, &count)
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag)
        output.replaceSubrange(plain.count..., with: tag)
        return output
    }
}
