import Architectures
import Bytes
import Evaluation
import Models
import TestSupport
import Testing

@testable import Verification

/// The judge is a verification in one run.
@Suite("A verification in parts")
struct LogitMeasurementTests {
  private let folder = TemporaryFolder()

  /// A decoder, an encoder, and both stacks.
  static let names = ["llama", "bert-bge", "umt5"]

  /// A tensor of each to which noise is added; the decoder has a conversion to Q8_0.
  private static let edited = [
    "bert-bge": "encoder.layer.0.attention.output.dense.weight",
    "umt5": "decoder.block.0.layer.0.SelfAttention.v.weight",
  ]

  /// A model and another that differs a little, with tokens in chunks, the last of them shorter.
  private func pair(
    _ name: String
  ) throws -> (reference: Model, candidate: Model, tokens: TokenChunks, edited: EditedCheckpoint?) {
    let library = try ArchitectureLibrary.bundled()
    func open(_ path: String) throws -> Model { try Model.open(path, library: library) }
    guard let tensor = Self.edited[name] else {
      let tokens = TokenChunks((1..<60).map { $0 * 7 % 500 }, length: 16)
      return (try open(CheckpointDiffTests.gqa), try open(CheckpointDiffTests.gqaQ8), tokens, nil)
    }
    let path = try ArchitectureFixture.named(name).stage(in: folder)
    let edited = try EditedCheckpoint(path)
    // The lowest bits of some significands.
    try edited.edit(tensor) { bytes in
      for index in stride(from: 0, to: bytes.count, by: 12) { bytes[index] ^= 1 }
    }
    let tokens = TokenChunks((1..<40).map { $0 * 7 % 90 + 5 }, length: 9)
    return (try open(path), try open(edited.path), tokens, edited)
  }

  @Test("gives the report of one run, for any number of parts", arguments: names)
  func equality(name: String) throws {
    let (reference, candidate, tokens, edited) = try pair(name)
    defer { withExtendedLifetime(edited) {} }
    let measurement = try LogitMeasurement(reference, candidate, tokens: tokens)
    #expect(measurement.itemCount == tokens.chunks.count)
    let expected = try ModelVerification.verify(reference, candidate, tokens: tokens)
    #expect(!expected.logits.hasSameBits)
    for count in [1, 2, 3, 7] {
      let ends = (0...count).map { tokens.chunks.count * $0 / count }
      let results = try zip(ends, ends.dropFirst()).map { start, end in
        try measurement.measure(start..<end, threads: 1) { _ in }
      }
      var options = ModelVerification.Options()
      options.logits.measured = MeasuredChunks(results)
      let joined = try ModelVerification.verify(reference, candidate, tokens: tokens, options: options)
      #expect(joined.json == expected.json, "\(count) parts")
      #expect(joined.logits.states.map(\.hiddenState) == expected.logits.states.map(\.hiddenState))
      #expect(joined.logits.states.map(\.added) == expected.logits.states.map(\.added))
    }
  }

  @Test("refuses results that are cut off or of another model", arguments: names)
  func unreadable(name: String) throws {
    let (reference, candidate, tokens, edited) = try pair(name)
    defer { withExtendedLifetime(edited) {} }
    let result = try LogitMeasurement(reference, candidate, tokens: tokens).measure(0..<1, threads: 2) { _ in }
    // Results of all chunks, but not of these, or not of all.
    for bytes in [[], result, Array(result.dropLast()), Array(result.prefix(3)), [UInt8](repeating: 0xFF, count: 4000)]
    {
      var options = ModelVerification.Options()
      options.logits.measured = MeasuredChunks([result, bytes])
      #expect(throws: UnreadableResult(part: 1)) {
        try ModelVerification.verify(reference, candidate, tokens: tokens, options: options)
      }
    }
  }

  @Test("refuses changed results, or judges by them without a trap", arguments: names)
  func changed(name: String) throws {
    let (reference, candidate, tokens, edited) = try pair(name)
    defer { withExtendedLifetime(edited) {} }
    let result = try LogitMeasurement(reference, candidate, tokens: tokens)
      .measure(0..<tokens.chunks.count, threads: 2) { _ in }
    let comparer = try LogitComparison.comparer(reference, candidate, tokens: tokens, .init()).comparer
    var random = SeededGenerator(seed: 7), refusedCount = 0
    for _ in 0..<600 {
      var bytes = result
      // Whole words as well as single bytes, so that counts and exponents become extreme.
      let start = Int.random(in: 0..<bytes.count, using: &random)
      let value: UInt8 = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      for index in start..<min(bytes.count, start + Int.random(in: 1...9, using: &random)) { bytes[index] = value }
      do {
        var joined = comparer.empty
        for chunk in try MeasuredChunks([bytes]).differences(like: comparer.empty, of: tokens) { joined.add(chunk) }
        let predictions = Predictions(joined.predictions)
        #expect(JSON.object(predictions.members).encoded(.compact).count > 0)
      } catch is UnreadableResult {
        refusedCount += 1
      }
    }
    #expect(refusedCount > 100)
  }
}
