import Architectures
import Quantization
import Tensors

extension ModelOpening {
  /// Rows that are read at a time.
  private static let slabRowCount = 64

  /// The rows of tables before the zeros at their end, by the hyperparameter that counts them.
  ///
  /// Where a scheme stores rows that nothing reads after those of a table, no key of its files says how many those are; its
  /// writers make them zeros.
  func rowCountsBeforeZeros() throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for rule in definition.storedRules(in: scheme) where !rule.isAlone && !rule.isPerLayer && !rule.isPerInstance {
      guard let role = rule.onlyUsedRole, rule.roles.first == role,
        let name = definition.hyperparameters.first(where: { $0.rowsOf == role })?.name,
        !hyperparameters.explicit.contains(name), let tensor = checkpoint.tensor(rule.name(layer: nil)),
        tensor.shape.rank == 2, tensor.format.map(Codec.canDecode) == true
      else { continue }
      let count = try rowCountBeforeZeros(tensor)
      if count > 0, count < tensor.shape.rowCount { counts[name] = count }
    }
    return counts
  }

  /// The rows up to the last one with another value than 0.
  private func rowCountBeforeZeros(_ tensor: TensorDescriptor) throws -> Int {
    let width = tensor.shape.rowElementCount
    var values = DecodedValues(), scratch: [UInt8] = []
    var end = tensor.shape.rowCount
    while end > 0, width > 0 {
      let start = max(0, end - Self.slabRowCount)
      try checkpoint.readValues(start * width..<end * width, of: tensor, into: &values, scratch: &scratch)
      if let last = values.floats.prefix((end - start) * width).lastIndex(where: { $0 != 0 }) {
        return start + last / width + 1
      }
      end = start
    }
    return end
  }
}
