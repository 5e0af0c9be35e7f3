import Architectures
import Bytes
import Evaluation
import Inference
import Models
import Testing
import TestSupport
import Verification

/// A model of two stacks, UMT5 with three layers and two: what is compared, and where faults are found.
@Suite("An encoder-decoder")
struct EncoderDecoderTests {
  private let folder = TemporaryFolder()

  private static func fixture(_ name: String) throws -> ArchitectureFixture {
    try ArchitectureFixture.named(name)
  }

  private func verify(_ reference: String, _ candidate: String, _ tokens: [Int]) throws -> ModelVerification {
    let library = try ArchitectureLibrary.bundled()
    return try ModelVerification.verify(
      Model.open(reference, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks(tokens, length: 8))
  }

  /// Verifies a copy of the model with a fault; it must be found.
  private func faulty(_ plant: (EditedCheckpoint) throws -> Void) throws -> ModelVerification {
    let reference = try Self.fixture("umt5").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    try plant(edited)
    let verification = try verify(reference, edited.path, [5, 17, 100, 42, 7, 201, 33, 90, 66, 12])
    #expect(!verification.passes)
    return verification
  }

  @Test("has every point of both stacks compared")
  func points() throws {
    let path = try Self.fixture("umt5").stage(in: folder)
    let verification = try verify(path, path, [5, 17, 100, 42, 7, 201, 33, 90, 66, 12])
    #expect(verification.passes && verification.logits.hasSameBits)
    #expect(
      verification.logits.states.map { "\($0.point)" } == [
        "encoder embedding", "encoder layer 0", "encoder layer 1", "encoder layer 2", "encoder output norm",
        "decoder embedding", "decoder layer 0", "decoder layer 1", "decoder output norm",
      ])
    #expect(verification.logits.states[2].added.keys.contains(.crossAttention) == false)
    #expect(verification.logits.states[6].added.count == 3)
    // Each token of both windows is predicted, the first from the start token.
    #expect(verification.logits.referencePerplexity?.scoredCount == 10)
  }

  @Test("runs the decoder with teacher forcing")
  func teacherForcing() throws {
    let weights = try ModelWeights(Model.open(Self.fixture("umt5").stage(in: folder), library: .bundled()))
    let taught = try ForwardPass.logits(weights, tokens: [5, 17, 100], threads: 1)
    let told = try ForwardPass.logits(weights, tokens: [5, 17, 100], decoderTokens: [0, 5, 17], threads: 1)
    #expect(taught == told)
    let pass = try ForwardPass(weights, tokens: [5, 17, 100])
    #expect(pass.targets == [5, 17, 100])
    #expect(try ForwardPass(weights, tokens: [5, 17], decoderTokens: [0, 9, 8]).targets == [9, 8])
  }

  @Test("attends to the whole text and to no later token")
  func attention() throws {
    let weights = try ModelWeights(Model.open(Self.fixture("umt5").stage(in: folder), library: .bundled()))
    func logits(_ text: [Int], _ tokens: [Int]) throws -> Matrix {
      try ForwardPass.logits(weights, tokens: text, decoderTokens: tokens, threads: 2)
    }
    let whole = try logits([5, 17, 100, 42], [0, 9, 8])
    let otherAhead = try logits([5, 17, 100, 42], [0, 9, 77]), otherText = try logits([5, 17, 100, 43], [0, 9, 8])
    #expect(otherAhead[row: 1].elementsEqual(whole[row: 1]))
    #expect(!otherText[row: 0].elementsEqual(whole[row: 0]))
  }

  @Test("is diagnosed for a cross-attention norm off by 5 %")
  func crossAttentionNorm() throws {
    let verification = try faulty { edited in
      try edited.editBrainFloats("decoder.block.1.layer.1.layer_norm.weight") { $0 * 1.05 }
    }
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(verification.diagnoses.count == 1 && diagnosis.isConfirmed, "\(verification.diagnoses)")
    #expect(diagnosis.fault == .scale)
    #expect("\(diagnosis.subject)" == "layer 1 decoder cross attention norm")
    #expect(diagnosis.stage == "decoder layer 1")
    #expect(verification.logits.firstDiverged?.point == .layer(.decoder, 1))
    #expect(verification.logits.firstDiverged?.added[.attention]?.differingCount == 0)
  }

  @Test("is diagnosed for a wrong table of biases")
  func biasTable() throws {
    let verification = try faulty { edited in
      try edited.editBrainFloats("encoder.block.2.layer.0.SelfAttention.relative_attention_bias.weight") {
        $0 < 0 ? $0 : $0 + 0.25
      }
    }
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(verification.diagnoses.count == 1 && diagnosis.isConfirmed, "\(verification.diagnoses)")
    #expect(diagnosis.fault == .weights)
    #expect("\(diagnosis.subject)" == "layer 2 relative attention bias")
    #expect(diagnosis.stage == "encoder layer 2")
  }

  @Test("is diagnosed for the norm after the encoder")
  func encoderNorm() throws {
    let verification = try faulty { edited in
      try edited.editBrainFloats("encoder.final_layer_norm.weight") { $0 * 1.5 }
    }
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(verification.diagnoses.count == 1 && diagnosis.isConfirmed, "\(verification.diagnoses)")
    #expect("\(diagnosis.subject)" == "output norm")
    #expect(diagnosis.stage == "the encoder output")
    #expect(verification.logits.firstDiverged?.point == .outputNorm(.encoder))
  }

  @Test("two swapped layers", arguments: [LayerStack.encoder, .decoder])
  func swappedLayers(stack: LayerStack) throws {
    let verification = try faulty { edited in
      // The names have the same length, so the two only trade them.
      for (one, other) in [("0", "x"), ("1", "0"), ("x", "1")] {
        try edited.replaceAll("\(stack.rawValue).block.\(one).", by: "\(stack.rawValue).block.\(other).")
      }
    }
    #expect(verification.logits.firstDiverged?.point == .layer(stack, 0))
    #expect(verification.diagnoses.map(\.fault) == [.swapped, .swapped])
    #expect(verification.diagnoses.map(\.stage) == ["\(stack.rawValue) layer 0", "\(stack.rawValue) layer 1"])
    #expect(verification.diagnoses.filter(\.isConfirmed).count == 2, "\(verification.diagnoses)")
  }

  @Test("is diagnosed for a lost limit of distances")
  func distanceLimit() throws {
    let reference = try Self.fixture("t5").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    try edited.replace(
      #""relative_attention_max_distance": 16"#, by: #""relative_attention_max_distance": 99"#, in: "config.json")
    let verification = try verify(reference, edited.path, Array(30..<60))
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(verification.diagnoses.count == 1 && diagnosis.isConfirmed, "\(verification.diagnoses)")
    #expect(diagnosis.fault == .hyperparameters && "\(diagnosis.subject)" == "relative positions")
    #expect(
      diagnosis.words == "is 8 buckets up to a distance of 16 in the reference, "
        + "8 buckets up to a distance of 99 in the candidate")
  }
}
