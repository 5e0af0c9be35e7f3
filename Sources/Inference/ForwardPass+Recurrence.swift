import Architectures
import Tensors

extension ForwardPass {
  /// Computes a gated delta net (Qwen3-Next): each value head carries a state `S` `[key dimension, value dimension]`.
  ///
  ///     q, k, v = activation(convolution(projections of x))      q and k of length 1 in each head, q / √key dimension
  ///     S ← S e^g + k ⊗ β (v - Sᵀ k e^g)                         g = -e^A softplus(a + bias), β = sigmoid(b)
  ///     y = norm(Sᵀ q) × silu(z)                                 and the output projection
  mutating func recur(_ x: Matrix, _ sizes: Hyperparameters.Recurrence, _ layer: Int) throws -> Matrix {
    let query = try convolved(x, .query, .recurrentQuery, .recurrentQueryConvolution, sizes.keyLength, sizes, layer)
    let key = try convolved(x, .key, .recurrentKey, .recurrentKeyConvolution, sizes.keyLength, sizes, layer)
    let value = try convolved(x, .value, .recurrentValue, .recurrentValueConvolution, sizes.valueLength, sizes, layer)
    let gate = try project(x, .recurrentGate, layer, to: sizes.valueLength)
    let updates = try project(x, .recurrentUpdate, layer, to: sizes.valueHeadCount)
    let steps = try project(x, .recurrentDecay, layer, to: sizes.valueHeadCount)
    let rates = try weights.vector(.recurrentDecayRate, layer: layer, count: sizes.valueHeadCount)
    let rule = GatedDeltaRule(
      query: query.scaledToLength(1 / Float(sizes.keyDimension).squareRoot(), headDimension: sizes.keyDimension),
      key: key.scaledToLength(1, headDimension: sizes.keyDimension), value: value,
      decay: GatedDeltaRule.decays(steps: steps, rates: rates), update: updates.sigmoid(), sizes: sizes)
    var states = memory?.layers[layer].states ?? []
    let mixed = try rule.run(from: &states, threads: threads)
    memory?.layers[layer].states = states
    let normed = weights.normalize(
      mixed, groupLength: sizes.valueDimension,
      weights: try weights.vector(.recurrentNorm, layer: layer, count: sizes.valueDimension), bias: nil, weightOffset: 0
    )
    return try project(gate.gating(normed, by: .silu), .recurrentOutput, layer, to: hyperparameters.embeddingLength)
  }

  /// A projection of `x`, its convolution over time in each channel, and the model's activation.
  private mutating func convolved(
    _ x: Matrix, _ kind: LayerMemory.Recurrent, _ role: TensorRole, _ convolution: TensorRole, _ length: Int,
    _ sizes: Hyperparameters.Recurrence, _ layer: Int
  ) throws -> Matrix {
    let width = sizes.convolutionWidth
    let kernel = try weights.vector(convolution, layer: layer, count: width, rowCount: length)
    let new = try project(x, role, layer, to: length)
    let (inputs, earlierCount) =
      memory?.layers[layer].extend(kind, by: new, keeping: width - 1) ?? (inputs: new, earlierCount: 0)
    return inputs.convolved(kernel, width: width, from: earlierCount)
      .activated(by: hyperparameters.features.activation)
  }
}

extension Matrix {
  /// The causal convolution over rows, in each column with weights of its own; rows before the first are 0.
  ///
  ///     y[t, c] = Σ w[c, j] x[t - width + 1 + j, c]         j from 0 to width - 1, in order
  ///
  /// - Parameters:
  ///   - kernel: `[column, width]`.
  ///   - firstRow: the first row of the result.
  func convolved(_ kernel: [Float], width: Int, from firstRow: Int = 0) -> Matrix {
    var result = Matrix(rowCount: rowCount - firstRow, columnCount: columnCount)
    let weights = kernel.span, source = values.span
    var sums = result.values.mutableSpan
    for row in firstRow..<rowCount {
      let target = (row - firstRow) * columnCount
      for offset in max(0, width - 1 - row)..<width {
        let first = (row - width + 1 + offset) * columnCount
        for column in 0..<columnCount {
          sums[target + column] += weights[column * width + offset] * source[first + column]
        }
      }
    }
    return result
  }

  /// Every head of each row scaled to `length`: `x × length / √(Σ x² + 10⁻⁶)`. Sums run in order in double precision.
  func scaledToLength(_ length: Float, headDimension: Int) -> Matrix {
    var result = self
    var values = result.values.mutableSpan
    for start in stride(from: 0, to: values.count, by: headDimension) {
      var sum = 0.0
      for index in start..<start + headDimension { sum += Double(values[index]) * Double(values[index]) }
      let scale = Float(1 / (sum + 1e-6).squareRoot())
      for index in start..<start + headDimension { values[index] = values[index] * scale * length }
    }
    return result
  }

  /// `1 / (1 + e^-x)` of every value.
  func sigmoid() -> Matrix {
    var result = self
    for index in result.values.indices { result.values[index] = Sigmoid.of(values[index]) }
    return result
  }
}
