import Architectures
import Inference
import Testing

@Suite("A hostile model")
struct HostileModelTests {
  /// A model of ones whose numbers can be spoilt.
  struct ModelOfOnes: WeightSource {
    var hyperparameters = Hyperparameters(
      layerCount: 1, embeddingLength: 8, feedForwardLength: 8, headCount: 2, keyValueHeadCount: 1, headDimension: 4,
      vocabularySize: 10, contextLength: 16, normEpsilon: 1e-5,
      rotary: RotaryEmbedding(base: 10000, dimensionCount: 4), tiesEmbeddings: true)
    var missing: TensorRole?
    var numbersPerRow = 8

    private static let roles: Set<TensorRole> = [
      .tokenEmbedding, .attentionNorm, .attentionQuery, .attentionKey, .attentionValue, .attentionOutput,
      .feedForwardNorm, .feedForwardGate, .feedForwardUp, .feedForwardDown, .outputNorm,
    ]

    func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
      role != missing && instance == nil && Self.roles.contains(role)
    }

    func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws
    {
      values = [Float](repeating: 1, count: rows.count * numbersPerRow)
    }
  }

  struct Spoilt: Sendable, CustomTestStringConvertible {
    let expected: String
    var tokens = [1, 2]
    var change: @Sendable (inout ModelOfOnes) -> Void = { _ in }
    var testDescription: String { expected }
  }

  static let cases: [Spoilt] = [
    Spoilt(expected: "tokens: none were given, expected at least one", tokens: []),
    Spoilt(expected: "tokens: 10 at position 1 is outside the vocabulary of 10", tokens: [1, 10]),
    Spoilt(expected: "tokens: -1 at position 0 is outside the vocabulary of 10", tokens: [-1]),
    Spoilt(expected: "head count: is 0, expected at least 1") { $0.hyperparameters.headCount = 0 },
    Spoilt(expected: "key-value head count: is 0, expected at least 1") { $0.hyperparameters.keyValueHeadCount = 0 },
    Spoilt(expected: "layer count: is -3, expected at least 1") { $0.hyperparameters.layerCount = -3 },
    Spoilt(expected: "sliding window: is 0, expected at least 1") { $0.hyperparameters.slidingWindow = 0 },
    Spoilt(expected: "head count: is 2, expected a multiple of the 3 key-value heads") {
      $0.hyperparameters.keyValueHeadCount = 3
    },
    Spoilt(expected: "rotary dimension count: is 3, expected an even number from 2 to the head dimension 4") {
      $0.hyperparameters.rotary.dimensionCount = 3
    },
    Spoilt(expected: "rotary dimension count: is 6, expected an even number from 2 to the head dimension 4") {
      $0.hyperparameters.rotary.dimensionCount = 6
    },
    Spoilt(expected: "relative bucket count: is 3.0, expected 4 to 16,777,216") {
      $0.hyperparameters.relativePositions = .init(bucketCount: 3, distanceLimit: 128)
    },
    Spoilt(expected: "relative distance limit: is 16.0, expected more than 16") {
      $0.hyperparameters.relativePositions = .init(bucketCount: 32, distanceLimit: 16)
    },
    Spoilt(expected: "tensor \"relative_attention_bias\" of layer 0: is missing") {
      $0.hyperparameters.features.positions = .relative
    },
    Spoilt(expected: "decoder layer count: is -1, expected at least 1") {
      $0.hyperparameters.decoder = .init(layerCount: -1, startToken: 0)
    },
    Spoilt(expected: "decoder layer count: is too large for a forward pass") {
      $0.hyperparameters.decoder = .init(layerCount: .max, startToken: 0)
    },
    Spoilt(expected: "tokens: 10 at position 0 is outside the vocabulary of 10") {
      $0.hyperparameters.decoder = .init(layerCount: 1, startToken: 10)
    },
    Spoilt(expected: "tensor \"decoder_output_norm\": is missing") {
      $0.hyperparameters.decoder = .init(layerCount: 1, startToken: 0)
    },
    Spoilt(expected: "expert group count: is 0, expected at least 1") {
      $0.hyperparameters.experts = .init(count: 4, usedCount: 2, feedForwardLength: 8)
      $0.hyperparameters.experts?.groupCount = 0
    },
    Spoilt(expected: "expert count: is 4.0, expected a multiple of 8 groups") {
      $0.hyperparameters.experts = .init(count: 4, usedCount: 2, feedForwardLength: 8)
      $0.hyperparameters.experts?.groupCount = 8
    },
    Spoilt(expected: "embedding length: is too large for a forward pass") {
      $0.hyperparameters.embeddingLength = .max
    },
    Spoilt(expected: "activations: is too large for a forward pass") {
      $0.hyperparameters.headCount = 1 << 24
      $0.hyperparameters.headDimension = 1 << 24
    },
    Spoilt(expected: "norm epsilon: is nan, expected a finite number, 0 or more") {
      $0.hyperparameters.normEpsilon = .nan
    },
    Spoilt(expected: "RoPE base: is 0.0, expected a finite number above 0") { $0.hyperparameters.rotary.base = 0 },
    Spoilt(expected: "RoPE scaling factor: is 0.0, expected a finite number above 0") {
      $0.hyperparameters.rotary.scaling = .linear(factor: 0)
    },
    Spoilt(expected: "original context length: is 0, expected at least 1") {
      $0.hyperparameters.rotary.scaling = .dynamic(factor: 2, originalContextLength: 0)
    },
    Spoilt(expected: "rotary embedding: base 10000.0 with this scaling gives frequencies that are not finite") {
      $0.hyperparameters.rotary.scaling = .yarn(.init(factor: 2, originalContextLength: 8, attentionFactor: .infinity))
    },
    Spoilt(expected: "tensor \"attention_key\" of layer 0: is missing") { $0.missing = .attentionKey },
    Spoilt(expected: "tensor \"output_norm\": is missing") { $0.missing = .outputNorm },
    Spoilt(expected: "tensor \"output\": is missing") { $0.hyperparameters.tiesEmbeddings = false },
    Spoilt(expected: "tensor \"token_embedding\": has 3 numbers but 8 were expected") { $0.numbersPerRow = 3 },
  ]

  @Test("is refused with the reason", arguments: cases)
  func refusals(spoilt: Spoilt) throws {
    var model = ModelOfOnes()
    spoilt.change(&model)
    let error = #expect(throws: InferenceError.self) {
      try ForwardPass.logits(model, tokens: spoilt.tokens, threads: 1)
    }
    #expect(error?.description == spoilt.expected)
  }

  @Test("runs without the damage")
  func undamaged() throws {
    let logits = try ForwardPass.logits(ModelOfOnes(), tokens: [1, 2], threads: 1)
    #expect(logits.rowCount == 2 && logits.columnCount == 10)
    #expect(logits.values.allSatisfy { $0.isFinite })
  }

  @Test("with a sliding window of 1 attends to itself alone")
  func smallestWindow() throws {
    // With one key the weight is 1 whatever the scores are, so every position of equal tokens gives equal logits.
    var model = ModelOfOnes()
    model.hyperparameters.slidingWindow = 1
    let logits = try ForwardPass.logits(model, tokens: [3, 3, 3], threads: 1)
    #expect(logits[row: 0].elementsEqual(logits[row: 2]))
  }
}
