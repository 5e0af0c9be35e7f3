import Tensors

extension StoredRule {
  /// The rule for a file whose transforms differ from those that its scheme declares.
  ///
  /// - Parameter states: by transform, whether it was applied; the others are as the scheme declares them.
  public func storing(_ states: [TransformRule.Kind: Bool]) -> StoredRule {
    guard !states.isEmpty else { return self }
    var changed = transforms
    for (index, tensor) in tensors.enumerated() {
      for (kind, isApplied) in states {
        guard let transform = tensor.transform(kind) else { continue }
        if isApplied, changed[index] == nil { changed[index] = transform }
        if !isApplied, changed[index]?.kind == kind { changed[index] = nil }
      }
    }
    return StoredRule(
      patterns: patterns, tensors: tensors, fusionOrder: fusionOrder, transposedBlocks: transposedBlocks,
      mayBeTurned: mayBeTurned, transforms: changed, shape: shape)
  }

  /// The rule for a file that has it transposed although it is not, or the other way round.
  var turned: StoredRule {
    StoredRule(
      patterns: patterns, tensors: tensors, fusionOrder: fusionOrder,
      transposedBlocks: transposedBlocks == nil ? Expression("1") : nil, mayBeTurned: false, transforms: transforms,
      shape: shape)
  }

  /// Whether the scheme applies a transform of this kind to one of its tensors.
  public func applies(_ kind: TransformRule.Kind) -> Bool { transforms.contains { $0?.kind == kind } }
}

extension TensorRule {
  /// The transform of this kind that one of the schemes applies, the first by name; nil if none does.
  public func transform(_ kind: TransformRule.Kind) -> TransformRule? {
    transforms.sorted { $0.key < $1.key }.lazy.map(\.value).first { $0.kind == kind }
  }
}
