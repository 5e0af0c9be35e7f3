import Ingot
import TestSupport
import Testing

/// A model with a tensor in a format wider than float32: its conversion reports the errors that a comparison finds.
@Suite("Tensors wider than float32")
struct WideFormatTests {
  private static let name = "model.layers.0.mlp.down_proj.weight"

  private static func bytes<Element: BitwiseCopyable>(_ element: (Int) -> Element) -> [UInt8] {
    (0..<64 * 160).map(element).withUnsafeBytes(Array.init)
  }

  /// Elements of which float32 holds some.
  static let cases: [(format: String, bytes: [UInt8])] = [
    ("F64", bytes { 1 + Double($0) * 0x1p-30 }),
    ("I32", bytes { Int32(1 << 24) + Int32($0) }),
    ("U32", bytes { UInt32.max - UInt32($0) }),
    ("I64", bytes { -(Int64(1) << 53) - Int64($0) }),
    ("U64", bytes { (UInt64(1) << 53) + UInt64($0) }),
  ]

  /// A copy of llama-gqa with one tensor in another format.
  private static func stage(_ format: String, _ bytes: [UInt8], in folder: TemporaryFolder) throws -> String {
    let source = Fixtures.path("llama-gqa")
    for file in try FileSystem.list(source) where FileSystem.kind(of: Path.join(source, file)) == .regular {
      try folder.write(LocalFile(Path.join(source, file)).wholeContent(limit: 1 << 24), to: file)
    }
    try StoredTensor.edit(folder.file("model.safetensors")) { name, tensor in
      guard name == Self.name else { return true }
      tensor = StoredTensor(format: format, shape: tensor.shape, bytes: bytes)
      return true
    }
    return folder.path
  }

  @Test("report what the conversion changes", arguments: cases, [StorageFormat.f32, .bf16])
  func agreement(wide: (format: String, bytes: [UInt8]), target: StorageFormat) throws {
    let folder = TemporaryFolder(), output = TemporaryFolder()
    let path = try Self.stage(wide.format, wide.bytes, in: folder)
    var request = ConversionRequest(destination: output.file("model.gguf"))
    request.type = .format(target)
    let outcomes = try Executor.run(Planner.plan(Model.open(path, library: .bundled()), request))
    let report = try #require(outcomes.first { $0.tensor.sourceName?.text == Self.name }?.report)
    let diff = try CheckpointDiff.compare(path, output.file("model.gguf"), library: .bundled())
    let comparison = try #require(diff.tensors.first { $0.reference?.name.text == Self.name })
    guard case .different(let found) = comparison.outcome else {
      Issue.record("\(comparison.outcome)")
      return
    }
    #expect(report.changedCount > 0)
    #expect(report.changedCount == found.differingCount)
    #expect(report.maximumAbsoluteError == found.maximumAbsoluteError)
    #expect(abs(report.sumSquaredError - found.sumSquaredError) <= 1e-9 * found.sumSquaredError)
    // A budget of no error holds what the conversion changes.
    let summary = ErrorSummary(
      outcomes, budget: .budget(try Budget(parsing: "max_abs=0", metrics: Budget.Metric.ofTensors)))
    #expect(!summary.passes)
  }

  @Test("refuse NaN, infinity and values beyond float32", arguments: [Double.nan, -.infinity, 1e300])
  func refusal(value: Double) throws {
    let folder = TemporaryFolder(), output = TemporaryFolder()
    let path = try Self.stage("F64", Self.bytes { $0 == 77 ? value : 1 }, in: folder)
    for format in [StorageFormat.f32, .q8_0] {
      var request = ConversionRequest(destination: output.file("model.gguf"))
      request.type = .format(format)
      let plan = try Planner.plan(Model.open(path, library: .bundled()), request)
      #expect(throws: (any Error).self) { try Executor.run(plan) }
    }
  }
}
