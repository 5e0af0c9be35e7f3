import Architectures
import Tensors

extension RowReader {
  /// The facts that decide which rows a reader reads: readers of one model and one slot with equal ones read the same.
  public struct Identity: Hashable, Sendable {
    fileprivate let geometry: Geometry
    fileprivate let sources: [TensorDescriptor]
    /// Nil where the rows are those of a stored tensor in order; their use does not matter.
    fileprivate let layout: StoredLayout?
    fileprivate let origins: [RowOrigin]
  }

  /// Nil for a part of a tensor.
  public var identity: Identity? {
    guard !(rows is PartRows) else { return nil }
    return Identity(
      geometry: geometry, sources: sources.map(\.descriptor), layout: hasStoredRows ? nil : layout,
      origins: hasStoredRows ? [] : map.origins)
  }
}
