import Architectures
import Synchronization

/// Weights that stay in memory after their first use, for passes that need them once for every token.
///
/// Matrices are kept as the product needs them. When they exceed the limit, the rest is read each time.
public struct KeptWeights: WeightSource {
  private let source: any WeightSource
  private let kept = Kept()
  private let byteLimit: Int

  /// Room for about a billion weights.
  public static let usualByteLimit = 4_000_000_000

  /// - Parameter byteLimit: the most bytes of decoded weights, four for each.
  public init(_ source: any WeightSource, byteLimit: Int) {
    self.source = source
    self.byteLimit = byteLimit
  }

  public var hyperparameters: Hyperparameters { source.hyperparameters }

  public func contains(_ role: TensorRole, layer: Int?, instance: Int?) -> Bool {
    source.contains(role, layer: layer, instance: instance)
  }

  public func readRows(
    _ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, into values: inout [Float]
  ) throws {
    try source.readRows(role, layer: layer, instance: instance, rows: rows, into: &values)
  }

  /// A tensor among the kept ones.
  struct Key: Hashable {
    let role: TensorRole, layer: Int?, instance: Int?
  }

  /// The matrix of `key` in slabs of rows; nil if it exceeds what may still be kept.
  ///
  /// - Parameter valueCount: the number of its values, padding included.
  func matrix(_ key: Key, valueCount: Int, pack: () throws -> [PackedWeights]) rethrows -> [PackedWeights]? {
    if let matrix = kept.state.withLock({ $0.matrices[key] }) { return matrix }
    let byteCount = valueCount * MemoryLayout<Float>.stride
    guard kept.state.withLock({ $0.byteCount + byteCount <= byteLimit }) else { return nil }
    let matrix = try pack()
    kept.state.withLock {
      $0.matrices[key] = matrix
      $0.byteCount += byteCount
    }
    return matrix
  }

  /// The values of the vector or the few vectors of `key`.
  func vector(_ key: Key, read: () throws -> [Float]) rethrows -> [Float] {
    if let vector = kept.state.withLock({ $0.vectors[key] }) { return vector }
    let vector = try read()
    kept.state.withLock {
      guard $0.byteCount + vector.count * MemoryLayout<Float>.stride <= byteLimit else { return }
      $0.vectors[key] = vector
      $0.byteCount += vector.count * MemoryLayout<Float>.stride
    }
    return vector
  }

  private final class Kept: Sendable {
    struct State {
      var byteCount = 0
      var matrices: [Key: [PackedWeights]] = [:]
      var vectors: [Key: [Float]] = [:]
    }

    let state = Mutex(State())
  }
}
