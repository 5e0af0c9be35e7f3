import Architectures
import Bytes
import Quantization
import Tensors

/// Reads the few values that show which transforms a checkpoint has.
///
/// Norms are read whole. Of queries and keys up to eight heads of up to eight layers are read, a head at a time: of a model
/// of 34 billion parameters about 230 MB, with some 10 MB in memory.
struct TransformDetector {
  private let model: Model

  /// Norms with more elements than this are none that a trained model has.
  private static let greatestNormElementCount = 1 << 20
  /// Elements of the largest head that is read: twice 256 rows of 16,384 columns, more than any published model has.
  private static let greatestHeadElementCount = 1 << 23
  private static let sampledLayerCount = 8
  private static let sampledHeadCount = 8

  init(_ model: Model) { self.model = model }

  /// The evidence of `kind` in the values; nil if no statistic exists for it.
  func evidence(_ kind: TransformRule.Kind) throws -> AppliedTransforms.Evidence? {
    switch kind {
    case .plusOne: .signs(try signs(kind))
    case .rotary: .rowNorms(try rowNorms(kind))
    case .separatePairs, .negativeExponential, .tiled, .tiledColumns, .transpose: nil
    }
  }

  /// The tensors that contain one canonical tensor to which some scheme applies `kind`.
  private func subjects(_ kind: TransformRule.Kind) -> [(tensor: MappedTensor, rule: TensorRule)] {
    model.tensors.compactMap { tensor in
      guard tensor.layout.components.count == 1, let rule = model.definition.rule(tensor.layout.components[0].role),
        rule.transform(kind) != nil
      else { return nil }
      return (tensor, rule)
    }
  }

  private func signs(_ kind: TransformRule.Kind) throws -> NormOffsetEvidence {
    var counts = NormOffsetEvidence()
    var values = DecodedValues(), scratch: [UInt8] = []
    for (tensor, _) in subjects(kind) {
      let descriptor = tensor.descriptor, count = descriptor.shape.elementCount
      guard let format = descriptor.format, Codec.canDecode(format), count <= Self.greatestNormElementCount,
        count > 0
      else { continue }
      try model.checkpoint.readValues(0..<count, of: descriptor, into: &values, scratch: &scratch)
      counts.add(values.floats.prefix(count))
    }
    return counts
  }

  private func rowNorms(_ kind: TransformRule.Kind) throws -> RopeOrderEvidence {
    var correlation = RopeOrderEvidence()
    let slots = model.slots.filter { slot in
      guard slot.layer != nil, let rule = model.definition.rule(slot.role) else { return false }
      return rule.shape.count == 2 && rule.transform(kind) != nil
    }
    let layers = Set(slots.compactMap(\.layer)).sorted()
    let sampled = Set(Self.sample(Self.sampledLayerCount, of: layers.count).map { layers[$0] })
    for slot in slots where slot.layer.map(sampled.contains) == true { try add(slot, kind, to: &correlation) }
    return correlation
  }

  private func add(_ slot: TensorSlot, _ kind: TransformRule.Kind, to correlation: inout RopeOrderEvidence) throws {
    guard let rule = model.definition.rule(slot.role), case .rotary(let heads)? = rule.transform(kind),
      let headCount = heads.integer(model.hyperparameters, layer: slot.layer), let location = model.location(slot),
      let reader = try? model.canonicalReader(slot), Codec.canDecode(reader.format)
    else { return }
    let component = model.tensors[location.tensorIndex].layout.components[location.component]
    let rowCount = reader.geometry.rowCount, width = reader.geometry.rowElementCount
    guard headCount > 0, rowCount >= headCount, width > 0, rowCount % headCount == 0 else { return }
    let headRowCount = rowCount / headCount
    guard headRowCount % 2 == 0, headRowCount <= Self.greatestHeadElementCount / width else { return }
    // The reader inverts the scheme's permutation; the evidence is about the stored order.
    let order: RowOrder = component.order == .canonical ? .canonical : .interleaved(headCount: 1)
    var values: [Float] = []
    for head in Self.sample(Self.sampledHeadCount, of: headCount) {
      try reader.readValues(head * headRowCount..<(head + 1) * headRowCount, into: &values)
      var lengths = [Double](repeating: 0, count: headRowCount)
      for row in 0..<headRowCount {
        let stored = order.storedRow(ofCanonical: row, rowCount: headRowCount)
        lengths[stored] = Self.length(of: values, from: row * width, count: width)
      }
      correlation.add(lengths: lengths)
    }
  }

  /// The Euclidean length of `count` values.
  private static func length(of values: [Float], from start: Int, count: Int) -> Double {
    var sum = 0.0
    for index in start..<start + count { sum += Double(values[index]) * Double(values[index]) }
    return sum.squareRoot()
  }

  /// Up to `count` of the numbers below `all`, evenly spread.
  private static func sample(_ count: Int, of all: Int) -> [Int] {
    let step = Double(all) / Double(count)
    return all <= count ? Array(0..<all) : (0..<count).map { Int((Double($0) + 0.5) * step) }
  }
}
