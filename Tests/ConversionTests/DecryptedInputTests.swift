import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// Files as BELLE's decrypt.py reads them: the SHA-256 of the decrypted bytes, and these XOR the key.
@Suite("An input that BELLE encrypted")
struct DecryptedInputTests {
  private let key = (0..<999).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 >> 3) }

  /// The file, shorter than a chunk, with the key repeated.
  private func encrypted(_ bytes: [UInt8]) throws -> [UInt8] {
    let digest = FileDigest.sha256(bytes)
    let pairs = stride(from: 0, to: 64, by: 2).map { index in
      UInt8(String(Array(digest)[index...index + 1]), radix: 16) ?? 0
    }
    return pairs + bytes.enumerated().map { $1 ^ key[$0 % key.count] }
  }

  /// An encrypted copy of a folder in `target`.
  private func encrypt(_ source: String, in target: TemporaryFolder) throws {
    try target.write(key, to: "consolidated.00.pth")
    for name in try FileSystem.list(source) {
      let bytes = try LocalFile(Path.join(source, name)).wholeContent(limit: 1 << 22)
      try target.write(try encrypted(bytes), to: "\(name).\(FileDigest.sha256(bytes)).enc")
    }
  }

  private func conversion(_ source: String, key: String, to output: String) throws -> RequestedConversion {
    var requested = RequestedConversion(
      source, library: try .bundled(), request: ConversionRequest(destination: output))
    requested.xorKey = key
    return requested
  }

  private func convert(_ source: String, key: String, to output: String) throws {
    _ = try Executor.run(try conversion(source, key: key, to: output).plan(), threads: 2)
  }

  @Test("gives the GGUF and the folder of the plain model")
  func folder() throws {
    let source = Fixtures.path("llama-gqa")
    let hidden = TemporaryFolder(), output = TemporaryFolder()
    try encrypt(source, in: hidden)
    let key = hidden.file("consolidated.00.pth")
    try convert(hidden.path, key: key, to: output.file("m.gguf"))
    try ConversionTests.convert(source, to: output.file("plain.gguf"))
    #expect(try tensorBytes(output.file("m.gguf")) == tensorBytes(output.file("plain.gguf")))
    try convert(hidden.path, key: key, to: output.file("folder"))
    for name in ["model.safetensors", "config.json", "tokenizer.model"] {
      let plain = try LocalFile(Path.join(source, name)).wholeContent(limit: 1 << 22)
      #expect(try LocalFile(output.file("folder/" + name)).wholeContent(limit: 1 << 22) == plain, "\(name)")
    }
  }

  @Test("may be one file")
  func file() throws {
    let source = Fixtures.path("legacy-ggml", "models", "ggjt3-q4_0.bin")
    let hidden = TemporaryFolder()
    let bytes = try LocalFile(source).wholeContent(limit: 1 << 22)
    try hidden.write(key, to: "key")
    try hidden.write(try encrypted(bytes), to: "m.bin.enc")
    try convert(hidden.file("m.bin.enc"), key: hidden.file("key"), to: hidden.file("m.gguf"))
    try ConversionTests.convert(source, to: hidden.file("plain.gguf"))
    #expect(try tensorBytes(hidden.file("m.gguf")) == tensorBytes(hidden.file("plain.gguf")))
  }

  @Test("is refused in one line if the key does not fit, a byte is damaged, or nothing is encrypted")
  func refusals() throws {
    let hidden = TemporaryFolder()
    try encrypt(Fixtures.path("llama-gqa"), in: hidden)
    try hidden.write([1, 2, 3], to: "other")
    let wrong = failure { try convert(hidden.path, key: hidden.file("other"), to: hidden.file("m.gguf")) }
    #expect(
      wrong.hasPrefix("\(hidden.path): cannot be decrypted with \"\(hidden.file("other"))\": the bytes of \"")
        && wrong.contains("have another SHA-256 than the file states"))
    #expect(!wrong.contains("\n"))
    #expect(
      failure { try convert(Fixtures.path("meta"), key: hidden.file("other"), to: hidden.file("m.gguf")) }
        == "\(Fixtures.path("meta")): has no encrypted file, expected names that end in 64 hexadecimal digits and .enc")
    let name = try #require(hidden.names.first { $0.hasPrefix("model.safetensors.") })
    var bytes = try LocalFile(hidden.file(name)).wholeContent(limit: 1 << 22)
    bytes[bytes.count - 1] ^= 1
    try hidden.write(bytes, to: name)
    let key = hidden.file("consolidated.00.pth")
    #expect(
      failure { try convert(hidden.path, key: key, to: hidden.file("m.gguf")) }
        .contains("the bytes of \"model.safetensors\" have another SHA-256"))
    #expect(!hidden.names.contains("m.gguf"))
  }
}
