/// What the layers keep of earlier tokens, so that a later token costs one position and not the whole text.
///
/// Attention keeps its keys and values, a recurrent layer its states and the last inputs of its convolutions.
struct SequenceMemory: Sendable {
  /// The number of earlier tokens.
  var positionCount = 0
  /// The most tokens. Rotary frequencies that depend on the length of a text are those of this length.
  let capacity: Int
  /// `[layer]`
  var layers: [LayerMemory]

  init(layerCount: Int, capacity: Int) {
    self.capacity = capacity
    layers = Array(repeating: LayerMemory(), count: layerCount)
  }
}

/// What one layer keeps of earlier tokens.
struct LayerMemory: Sendable {
  /// `[position, key-value head × key dimension]`
  private var key: Matrix?
  /// `[position, key-value head × value dimension]`
  private var value: Matrix?
  /// The last inputs of the three convolutions of a recurrent layer, `[position, channel]`.
  private var inputs: [Recurrent: Matrix] = [:]
  /// The states of a gated delta net, as `GatedDeltaRule` has them.
  var states: [[SIMD16<Float>]] = []

  /// The inputs of a recurrence that a convolution computes.
  enum Recurrent { case query, key, value }

  /// Adds the keys and values of new tokens, and returns those of all.
  mutating func extend(key newKey: Matrix, value newValue: Matrix) -> (key: Matrix, value: Matrix) {
    Self.append(newKey, to: &key)
    Self.append(newValue, to: &value)
    return (key ?? newKey, value ?? newValue)
  }

  /// Returns the last inputs before the new ones, then the new ones, and keeps the last `count` of them.
  mutating func extend(_ kind: Recurrent, by new: Matrix, keeping count: Int) -> (inputs: Matrix, earlierCount: Int) {
    let earlierCount = inputs[kind]?.rowCount ?? 0
    Self.append(new, to: &inputs[kind])
    let all = inputs[kind] ?? new
    inputs[kind] = all.rows(max(0, all.rowCount - count)..<all.rowCount)
    return (all, earlierCount)
  }

  private static func append(_ new: Matrix, to old: inout Matrix?) {
    guard old != nil else {
      old = new
      return
    }
    old?.append(new)
  }
}
