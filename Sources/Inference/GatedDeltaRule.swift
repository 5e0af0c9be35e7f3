import Architectures
import Bytes
import Synchronization
import Tensors

/// The recurrence of a gated delta net, for all value heads.
///
///     query and key  [position, key head × key dimension]          value head h reads key head h / (value heads per key head)
///     value          [position, value head × value dimension]
///     decay, update  [position, value head]
///     result         [position, value head × value dimension]
///
/// At each position, with the state `S` `[key dimension, value dimension]` of a head, which begins as 0:
///
///     S ← S × decay        m = Sᵀ k        S ← S + k ⊗ (v - m) × update        result = Sᵀ q
///
/// Columns of a state do not depend on each other. So sixteen columns of a head go through all positions at once, in a state
/// that fits the first-level cache, and threads split the heads' columns: the result does not depend on their number.
struct GatedDeltaRule: Sendable {
  let query: Matrix, key: Matrix, value: Matrix
  let decay: Matrix, update: Matrix
  let sizes: Hyperparameters.Recurrence

  /// The columns of a state that are computed together.
  static let width = 16

  /// The factors on the state: `e^(-e^rate × softplus(step))`, in double precision, rounded once.
  ///
  /// - Parameters:
  ///   - steps: `[position, value head]`.
  ///   - rates: `[value head]`.
  static func decays(steps: Matrix, rates: [Float]) -> Matrix {
    let speeds = rates.map { DeterministicMath.exponential(Double($0)) }
    var result = steps
    for index in steps.values.indices {
      let length = softplus(Double(steps.values[index]))
      result.values[index] = Float(DeterministicMath.exponential(-speeds[index % rates.count] * length))
    }
    return result
  }

  /// `ln(1 + e^x)`; above 20 `x`, as in PyTorch.
  static func softplus(_ x: Double) -> Double {
    guard x <= 20 else { return x }
    let power = DeterministicMath.exponential(x)
    // Where 1 + power would lose digits, three terms of the series are enough.
    guard power > 1e-5 else { return power * (1 - power * (0.5 - power / 3)) }
    return DeterministicMath.naturalLogarithm(1 + power)
  }

  /// Computes the result for all positions, from states of zeros.
  func run(threads: Int) throws -> Matrix {
    var states: [[SIMD16<Float>]] = []
    return try run(from: &states, threads: threads)
  }

  /// Computes the result for all positions.
  ///
  /// - Parameter states: the states of the heads' columns before the first position, which become those after the last;
  ///   empty for zeros.
  func run(from states: inout [[SIMD16<Float>]], threads: Int) throws -> Matrix {
    let columnCount = sizes.valueDimension
    let panelCount = (columnCount + Self.width - 1) / Self.width
    let result = Mutex(Matrix(rowCount: value.rowCount, columnCount: value.columnCount))
    let count = sizes.valueHeadCount * panelCount
    let initial =
      states.isEmpty ? Array(repeating: Array(repeating: SIMD16(), count: sizes.keyDimension), count: count) : states
    let final = Mutex(initial)
    try Parallel.forEach(count, threads: threads, state: Workspace.init) {
      workspace, index in
      let (head, panel) = index.quotientAndRemainder(dividingBy: panelCount)
      let first = panel * Self.width
      let columns = first..<min(first + Self.width, columnCount)
      var state = initial[index]
      run(head: head, columns: columns, state: &state, output: &workspace.output)
      final.withLock { $0[index] = state }
      let start = head * columnCount + first
      result.withLock { matrix in
        for row in 0..<matrix.rowCount {
          for lane in 0..<columns.count {
            matrix.values[row * matrix.columnCount + start + lane] = workspace.output[row][lane]
          }
        }
      }
    }
    states = final.withLock { $0 }
    return result.withLock { $0 }
  }

  /// The buffers that a thread reuses.
  private struct Workspace: Sendable {
    /// The results of these columns: `[position]`.
    var output: [SIMD16<Float>] = []
  }

  /// Runs some columns of one head through all positions.
  private func run(
    head: Int, columns: Range<Int>, state: inout [SIMD16<Float>], output: inout [SIMD16<Float>]
  ) {
    let depth = sizes.keyDimension, positionCount = value.rowCount
    output.removeAll(keepingCapacity: true)
    output.append(contentsOf: repeatElement(SIMD16(), count: positionCount))
    let keyStart = head / (sizes.valueHeadCount / sizes.keyHeadCount) * depth
    let valueStart = head * sizes.valueDimension + columns.lowerBound
    let keys = key.values.span, queries = query.values.span, values = value.values.span
    var state = state.mutableSpan
    var output = output.mutableSpan
    for position in 0..<positionCount {
      let first = position * key.columnCount + keyStart
      let decay = SIMD16(repeating: decay.values[position * sizes.valueHeadCount + head])
      let update = SIMD16(repeating: update.values[position * sizes.valueHeadCount + head])
      var wanted = SIMD16<Float>()
      for lane in 0..<columns.count { wanted[lane] = values[position * value.columnCount + valueStart + lane] }
      var known = SIMD16<Float>()
      for row in 0..<depth {
        let kept = state[row] * decay
        state[row] = kept
        known += kept * SIMD16(repeating: keys[first + row])
      }
      let change = (wanted - known) * update
      var sum = SIMD16<Float>()
      for row in 0..<depth {
        let next = state[row] + change * SIMD16(repeating: keys[first + row])
        state[row] = next
        sum += next * SIMD16(repeating: queries[first + row])
      }
      output[position] = sum
    }
  }
}
