import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// gpt-oss as published: its experts in MXFP4, gate and up row by row, which llama.cpp's converter repacks for every type.
@Suite("Experts that are published in MXFP4")
struct PublishedExpertTests {
  let folder = TemporaryFolder()

  private func stage(_ name: String) throws -> String { try ArchitectureFixture.named(name).stage(in: folder) }

  @Test("are byte for byte the reference converter's blocks", arguments: ArchitectureTests.types)
  func converted(type: StorageFormat) throws {
    let output = folder.file("model.gguf")
    try convert(stage("gpt-oss-mxfp4"), to: output) {
      $0.type = .format(type)
      $0.exactTensors = .keep
    }
    let expected = try Fixtures.json("expected", "gpt-oss", "mxfp4.json")[type.name.lowercased()]?.string
    let isSame = try FileDigest.sha256(LocalFile(output)) == expected
    #expect(isSame)
  }

  @Test("keep their codes with --type keep, and give the same values back")
  func kept() throws {
    let kept = folder.file("kept.gguf")
    let outcomes = try convert(stage("gpt-oss-mxfp4"), to: kept) { $0.type = .kept }
    let experts = outcomes.filter { $0.tensor.name.text.contains("_exps.weight") }
    #expect(experts.count == 9)
    #expect(experts.allSatisfy { $0.tensor.format == .mxfp4 && $0.tensor.isRepacked && $0.report == nil })
    try convert(kept, to: folder.file("back")) { $0.type = .format(.bf16) }
    let back = try tensorBytes(folder.file("back"))
    let other = TemporaryFolder()
    let expected = try tensorBytes(ArchitectureFixture.named("gpt-oss").stage(in: other))
    #expect(Set(back.keys) == Set(expected.keys))
    for (name, bytes) in expected {
      let isSame = back[name] == bytes
      #expect(isSame, "\(name)")
    }
  }
}
