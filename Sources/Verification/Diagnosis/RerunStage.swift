import Architectures
import Inference
import Models

/// A part of the forward pass that is run again on the reference's input, with other weights.
struct RerunStage {
  /// Its name in a diagnosis.
  let name: String
  /// Returns the normalized mean square error of its result.
  let error: (PatchedWeights) throws -> Double
}

/// The stages of one pass of the reference.
struct RerunStages {
  let reference: ModelWeights
  let tokens: [Int]
  let threads: Int

  /// The embedding of the stack that `pass` has entered.
  func embedding(_ pass: ForwardPass) -> RerunStage {
    let wanted = pass.hidden
    return RerunStage(name: "the embedding") { weights in
      ErrorMetrics(wanted, try start(weights).hidden).normalizedMeanSquareError
    }
  }

  /// A layer, given its input and its output.
  func layer(_ index: Int, input: ForwardPass.State, wanted: Matrix) -> RerunStage {
    RerunStage(name: input.stack.naming("layer \(index)")) { weights in
      var pass = try start(weights)
      pass.state = input
      try pass.step(layer: index)
      return Self.addedError(input.hidden, wanted, pass.hidden)
    }
  }

  /// The final norm of an encoder.
  func encoderNorm(_ pass: ForwardPass) throws -> RerunStage {
    let wanted = try pass.normalizedHidden()
    return RerunStage(name: "the encoder output") { weights in
      var other = try start(weights)
      other.state = pass.state
      return ErrorMetrics(wanted, try other.normalizedHidden()).normalizedMeanSquareError
    }
  }

  /// The final norm and the output matrix.
  func output(_ pass: ForwardPass) throws -> RerunStage {
    let wanted = try pass.result()
    return RerunStage(name: pass.resultName) { weights in
      var other = try start(weights)
      other.state = pass.state
      return ErrorMetrics(wanted, try other.result()).normalizedMeanSquareError
    }
  }

  /// The whole pass, for hyperparameters that act on the embeddings or the logits.
  func wholePass() throws -> RerunStage {
    func run(_ weights: any WeightSource) throws -> ForwardPass {
      var pass = try start(weights)
      try pass.run()
      return pass
    }
    let pass = try run(reference)
    let wanted = try pass.result()
    return RerunStage(name: pass.resultName) { ErrorMetrics(wanted, try run($0).result()).normalizedMeanSquareError }
  }

  private func start(_ weights: any WeightSource) throws -> ForwardPass {
    try ForwardPass(weights, tokens: tokens, threads: threads)
  }

  /// The error of what a layer adds to the hidden state, as a share of what it should add.
  private static func addedError(_ input: Matrix, _ wanted: Matrix, _ found: Matrix) -> Double {
    func added(_ output: Matrix) -> Matrix {
      var difference = output
      for index in difference.values.indices { difference.values[index] -= input.values[index] }
      return difference
    }
    let metrics = ErrorMetrics(added(wanted), added(found))
    return metrics.nonfiniteMismatchCount > 0 ? .infinity : metrics.normalizedMeanSquareError
  }
}

extension ForwardPass {
  /// The logits of every position, or the embedding of an encoder.
  fileprivate func result() throws -> Matrix {
    guard hyperparameters.features.output != .logits else { return try logits(positions: 0..<tokens.count) }
    let vector = try textVector()
    var matrix = Matrix(rowCount: 1, columnCount: vector.count)
    matrix.values = vector
    return matrix
  }

  fileprivate var resultName: String {
    switch hyperparameters.features.output {
    case .logits: "the logits"
    case .embedding: "the text embedding"
    case .scores: "the scores"
    }
  }
}
