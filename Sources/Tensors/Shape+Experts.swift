extension Shape {
  /// The columns of a matrix, or of all matrices of a stack `[expert, out, in]`: the entries of its importance matrix.
  public var columnCountOfAllExperts: Int { rowElementCount * expertCount }
  /// Matrices in a stack `[expert, out, in]`; 1 for a matrix on its own.
  public var expertCount: Int { dimensions.dropLast(2).reduce(1, *) }
}
