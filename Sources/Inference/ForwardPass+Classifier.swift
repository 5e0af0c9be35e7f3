import Architectures

extension ForwardPass {
  /// The scores of the text, `[label]`, after the last layer of an encoder with a classifier head.
  ///
  ///     scores = O norm(activation(D pooled + d)) + o
  ///
  /// `D` and the norm apply where their tensors exist; without `D` the pooled vector is scored as it is.
  public func scores() throws -> [Float] {
    guard hyperparameters.features.output == .scores else { throw InferenceError.hasNo(output: "classifier head") }
    let final = try normalizedHidden()
    var vector = Matrix(rowCount: 1, columnCount: final.columnCount)
    vector.values = Self.pooled(final, by: hyperparameters.classifierPooling)
    if weights.contains(.classifierDense, layer: nil) {
      vector = try project(vector, .classifierDense, nil, to: hyperparameters.embeddingLength)
        .activated(by: hyperparameters.features.classifierActivation)
    }
    if weights.contains(.classifierNorm, layer: nil) { vector = try normalize(vector, .classifierNorm, nil) }
    return try project(vector, .classifierOutput, nil, to: hyperparameters.labelCount).values
  }
}
