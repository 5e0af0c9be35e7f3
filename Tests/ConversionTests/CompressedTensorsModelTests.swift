import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// Tiny LLaMAs that compressed-tensors saved; the expected digests are those of the BF16 weights that it decompresses.
@Suite("A model of compressed-tensors")
struct CompressedTensorsModelTests {
  static let names = [
    "w4a16-group-32", "w4a16-asymmetric", "w8a8-int", "fp8-dynamic", "nvfp4a16", "mxfp4a16", "mixed",
  ]

  private func path(_ name: String) -> String { Fixtures.path("compressed-tensors", name) }

  @Test("becomes the folder that the library decompresses", arguments: names)
  func folder(name: String) throws {
    let folder = TemporaryFolder()
    try convert(path(name), to: folder.file("plain")) { $0.type = .format(.bf16) }
    let expected = try #require(try Fixtures.json("compressed-tensors", name, "expected.json")["bfloat16"]?.object)
    let tensors = try tensorBytes(folder.file("plain"))
    #expect(Set(tensors.keys.map(\.text)) == Set(expected.keys.map(\.text)))
    for (key, digest) in expected {
      #expect(tensors[key].map { FileDigest.sha256($0) } == digest.string, "\(key)")
    }
  }

  @Test("becomes the GGUF of that folder", arguments: names)
  func gguf(name: String) throws {
    let folder = TemporaryFolder()
    try convert(path(name), to: folder.file("plain")) { $0.type = .format(.bf16) }
    try convert(folder.file("plain"), to: folder.file("two-steps.gguf")) { $0.type = .format(.bf16) }
    try convert(path(name), to: folder.file("one-step.gguf")) { $0.type = .format(.bf16) }
    #expect(try tensorBytes(folder.file("one-step.gguf")) == tensorBytes(folder.file("two-steps.gguf")))
  }
}
