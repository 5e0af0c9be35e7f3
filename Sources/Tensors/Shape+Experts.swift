extension Shape {
  /// Columns of a matrix, or of a stack of them expert after expert: the numbers that weigh it.
  public var columnCountOfAllExperts: Int { rowElementCount * expertCount }
  /// Matrices in a stack `[expert, out, in]`; 1 for a matrix on its own.
  public var expertCount: Int { dimensions.dropLast(2).reduce(1, *) }
}
