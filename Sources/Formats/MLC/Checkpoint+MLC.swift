import Tensors

extension Checkpoint {
  /// Whether MLC wrote it, so that its configuration is another file.
  public var isOfMLC: Bool { container == .mlc }
}
