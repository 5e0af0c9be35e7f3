import Architectures
import Inference
import TestSupport
import Testing

/// What some architectures do between the embeddings and the layers.
@Suite("Embeddings")
struct EmbeddingTests {
  /// A model with its position embeddings further down and projections that change nothing.
  struct Rearranged: WeightSource {
    let base: CanonicalModel
    var hyperparameters: Hyperparameters

    init(_ base: CanonicalModel) {
      self.base = base
      hyperparameters = base.hyperparameters
    }

    func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
      isProjection(role) || base.contains(role, layer: layer, instance: instance)
    }

    func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]) throws
    {
      if isProjection(role) {
        let width = hyperparameters.embeddingLength
        values = rows.flatMap { row in (0..<width).map { $0 == row ? 1 : 0 } }
        return
      }
      let offset = role == .positionEmbedding ? hyperparameters.positionOffset : 0
      let own = rows.lowerBound - offset..<rows.upperBound - offset
      try base.readRows(role, layer: layer, instance: instance, rows: own, into: &values)
    }

    private func isProjection(_ role: TensorRole) -> Bool {
      hyperparameters.ownTokenEmbeddingLength != nil && [.embeddingProjection, .outputProjection].contains(role)
    }
  }

  private let model: CanonicalModel

  init() throws { model = try CanonicalModel("gpt2") }

  private func logits(_ weights: some WeightSource) throws -> Matrix {
    try ForwardPass.logits(weights, tokens: model.tokens, threads: 1)
  }

  @Test("of positions may begin with a later row")
  func positionOffset() throws {
    var shifted = Rearranged(model)
    shifted.hyperparameters.positionOffset = 2
    #expect(try logits(shifted) == logits(model))
    shifted.hyperparameters.positionOffset = 1 << 30
    #expect(
      throws: InferenceError.outOfRange(name: "position offset", value: Double(1 << 30), expected: "0 to 16,777,216")
    ) { try logits(shifted) }
  }

  @Test("may be projected")
  func projection() throws {
    var projected = Rearranged(model)
    projected.hyperparameters.ownTokenEmbeddingLength = model.hyperparameters.embeddingLength
    #expect(try logits(projected) == logits(model))
  }

  @Test("of another length need a projection")
  func missingProjection() throws {
    struct Unprojected: WeightSource {
      let base: CanonicalModel
      var hyperparameters: Hyperparameters
      func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
        base.contains(role, layer: layer, instance: instance)
      }
      func readRows(_ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float])
        throws
      {
        try base.readRows(role, layer: layer, instance: instance, rows: rows, into: &values)
      }
    }
    var narrow = Unprojected(base: model, hyperparameters: model.hyperparameters)
    narrow.hyperparameters.ownTokenEmbeddingLength = 16
    #expect(throws: InferenceError.missingTensor(.embeddingProjection, layer: nil)) { try logits(narrow) }
  }
}
