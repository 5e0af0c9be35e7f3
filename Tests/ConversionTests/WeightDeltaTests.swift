import Bytes
import Conversion
import Models
import Quantization
import Tensors
import TestSupport
import Testing

/// A delta is a checkpoint of differences: target = base + delta, summed in float32.
@Suite("A weight delta")
struct WeightDeltaTests {
  private let base = Fixtures.path("llama-gqa")

  /// The delta of two folders: here the base itself, so that every sum is twice its values.
  private func expectDoubled(_ output: String, from folder: TemporaryFolder) throws {
    try convert(base, to: folder.file("plain")) {
      $0.type = .format(.f32)
      $0.overwrite = .replace
    }
    let plain = try tensorBytes(folder.file("plain")), sums = try tensorBytes(output)
    #expect(Set(plain.keys) == Set(sums.keys))
    for (name, bytes) in plain {
      let values = try Codec.decode(.f32, bytes, elementCount: bytes.count / 4)
      let found = try Codec.decode(.f32, sums[name] ?? [], elementCount: (sums[name]?.count ?? 0) / 4)
      #expect(found == values.map { $0 + $0 }, "\(name)")
    }
  }

  private func add(
    _ delta: String, to base: String, output: String, _ format: StorageFormat = .f32, newRows: DeltaNewRows = .zero
  ) throws {
    var requested = RequestedConversion(delta, library: try .bundled(), request: ConversionRequest(destination: output))
    requested.deltaBase = base
    requested.newRows = newRows
    requested.request.type = .format(format)
    _ = try Executor.run(try requested.plan(), threads: 2)
  }

  @Test("is added to its base in a folder")
  func folder() throws {
    let folder = TemporaryFolder()
    try add(base, to: base, output: folder.file("sum"))
    try expectDoubled(folder.file("sum"), from: folder)
  }

  @Test("is added to a base in another container and naming scheme, with rows in another order")
  func otherContainers() throws {
    let folder = TemporaryFolder()
    try convert(base, to: folder.file("base.gguf")) { $0.type = .format(.f32) }
    try add(base, to: folder.file("base.gguf"), output: folder.file("sum"))
    try expectDoubled(folder.file("sum"), from: folder)
    try add(folder.file("base.gguf"), to: Fixtures.path("meta"), output: folder.file("sum2"))
    try expectDoubled(folder.file("sum2"), from: folder)
  }

  @Test("gives the same weights in a GGUF as by way of a folder")
  func gguf() throws {
    let folder = TemporaryFolder()
    try add(base, to: base, output: folder.file("sum"))
    try add(base, to: base, output: folder.file("one-step.gguf"))
    try convert(folder.file("sum"), to: folder.file("two-steps.gguf"))
    #expect(try tensorBytes(folder.file("one-step.gguf")) == tensorBytes(folder.file("two-steps.gguf")))
  }

  @Test("has the values that torch makes of it: in float16 with zeros in added rows, in float32 without them")
  func reference() throws {
    let folder = TemporaryFolder()
    let delta = try Fixtures.checkpoint("deltas/llama", in: folder)
    let expected = try Fixtures.json("deltas", "llama", "expected.json")
    for (key, format) in [("float16", StorageFormat.f16), ("float32", .f32)] {
      try add(delta, to: base, output: folder.file(key), format)
      let sums = try tensorBytes(folder.file(key))
      let digests = try #require(expected[key]?.object)
      #expect(Set(sums.keys.map(\.text)) == Set(digests.keys.map(\.text)))
      for (name, digest) in digests {
        var bytes = try #require(sums[TensorName(name.text)])
        let isExtended = expected["mean"]?[name.text] != nil
        if isExtended, format == .f32 { bytes.removeLast(2 * 64 * 4) }
        #expect(FileDigest.sha256(bytes) == digest.string, "\(key): \(name)")
      }
    }
  }

  @Test("has the base's mean in added rows if that is asked for")
  func meanRows() throws {
    let folder = TemporaryFolder()
    let delta = try Fixtures.checkpoint("deltas/llama", in: folder)
    try add(delta, to: base, output: folder.file("sum"), newRows: .mean)
    let sums = try tensorBytes(folder.file("sum"))
    let means = try #require(try Fixtures.json("deltas", "llama", "expected.json")["mean"]?.object)
    #expect(means.count == 2)
    for (name, values) in means {
      let bytes = try #require(sums[TensorName(name.text)]).suffix(2 * 64 * 4)
      let found = try Codec.decode(.f32, Array(bytes), elementCount: 128)
      for (one, other) in zip(found, values.array?.compactMap(\.real) ?? []) {
        // torch sums in another order, in float32.
        #expect((Double(one) - other).magnitude < 1e-6)
      }
    }
    var requested = RequestedConversion(
      delta, library: try .bundled(), request: ConversionRequest(destination: folder.file("x")))
    requested.deltaBase = base
    #expect(try requested.open().warnings.contains { $0.hasPrefix("2 rows of \"lm_head.weight\" are not in the base") })
  }

  @Test("names every tensor that only one of the two has, or in another shape")
  func mismatches() throws {
    let folder = TemporaryFolder()
    let short = try WrittenModel(copying: base, in: folder, name: "short") { tensors in
      tensors.removeAll { $0.name.contains("layers.2.") }
    }
    let configuration = try LocalFile(Path.join(base, "config.json")).wholeContent(limit: 1 << 16)
    let text = String(decoding: configuration, as: UTF8.self)
    try folder.write(
      Array(text.replacing("\"num_hidden_layers\": 3", with: "\"num_hidden_layers\": 2").utf8), to: "short/config.json")
    let missing = failure { try add(short.path, to: base, output: folder.file("a")) }
    #expect(missing.contains("which the weight delta does not have (pass the model that it was subtracted from)"))
    let further = failure { try add(base, to: short.path, output: folder.file("a")) }
    #expect(further.contains("which the weight delta has as \"model.layers.2."))
    let message = failure { try add(base, to: Fixtures.path("llama3-tied"), output: folder.file("b")) }
    #expect(message.contains("has shape"))
    #expect(!folder.names.contains("a") && !folder.names.contains("b"))
    let mistral = try Fixtures.checkpoint("mistral", in: folder)
    let other = failure { try add(base, to: mistral, output: folder.file("c")) }
    #expect(other.contains("is of architecture mistral, but the weight delta is of llama"))
  }
}
